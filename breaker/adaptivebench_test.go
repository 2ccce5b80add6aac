package breaker_test

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// BenchmarkPolicy is a call of a healthy circuit, by policy: the calm path of the
// adaptive one is to cost at most 1.3 times that of the classic one.
func BenchmarkPolicy(b *testing.B) {
	for _, impl := range []struct {
		name string
		cfg  breaker.Config
	}{
		{"classic", breaker.Config{StallAfter: 2 * time.Minute}},
		{"adaptive", breaker.Config{NewPolicy: breaker.Adaptive(breaker.AdaptiveConfig{})}},
	} {
		two := func(b *testing.B) *breaker.Breaker {
			b.Helper()
			cfg := impl.cfg
			cfg.Parent = benchBreaker(b, impl.cfg)
			return benchBreaker(b, cfg)
		}
		b.Run("levels=1/impl="+impl.name, func(b *testing.B) {
			for c := benchBreaker(b, impl.cfg); b.Loop(); {
				succeed(b, c)
			}
		})
		b.Run("levels=2/impl="+impl.name, func(b *testing.B) {
			for c := two(b); b.Loop(); {
				succeed(b, c)
			}
		})
		b.Run("levels=2/parallel/impl="+impl.name, func(b *testing.B) {
			c := two(b)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					succeed(b, c)
				}
			})
		})
	}
}
