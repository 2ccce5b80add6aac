package breaker_test

import (
	"context"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

func benchBreaker(b *testing.B, cfg breaker.Config) *breaker.Breaker {
	b.Helper()
	c, err := breaker.New("db", cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	return c
}

func succeed(b *testing.B, c *breaker.Breaker) {
	p, err := c.Allow()
	if err != nil {
		b.Fatal(err)
	}
	p.Record(breaker.Success)
}

// BenchmarkClosed is a call of a healthy circuit.
func BenchmarkClosed(b *testing.B) {
	for name, cfg := range map[string]breaker.Config{"plain": {}, "stall": {StallAfter: 2 * time.Minute}} {
		b.Run(name, func(b *testing.B) {
			c := benchBreaker(b, cfg)
			for b.Loop() {
				succeed(b, c)
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			c := benchBreaker(b, cfg)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					succeed(b, c)
				}
			})
		})
	}
	b.Run("at", func(b *testing.B) {
		c, now := benchBreaker(b, breaker.Config{}), time.Now()
		for b.Loop() {
			p, _ := c.AllowAt(now)
			p.RecordAt(now, breaker.Success)
		}
	})
	b.Run("two levels", func(b *testing.B) {
		c := benchBreaker(b, breaker.Config{Parent: benchBreaker(b, breaker.Config{})})
		for b.Loop() {
			succeed(b, c)
		}
	})
	b.Run("Run", func(b *testing.B) {
		c, ctx := benchBreaker(b, breaker.Config{}), b.Context()
		call := func(context.Context) error { return nil }
		for b.Loop() {
			_ = breaker.Run(ctx, c, call)
		}
	})
}

// BenchmarkOpen is a refusal.
func BenchmarkOpen(b *testing.B) {
	open := func(b *testing.B) *breaker.Breaker {
		c := benchBreaker(b, breaker.Config{FailureThreshold: 1, BaseTimeout: time.Hour, ResetTimeout: time.Hour})
		p, _ := c.Allow()
		p.Record(breaker.Failure)
		return c
	}
	b.Run("serial", func(b *testing.B) {
		c := open(b)
		for b.Loop() {
			_, _ = c.Allow()
		}
	})
	b.Run("parallel", func(b *testing.B) {
		c := open(b)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = c.Allow()
			}
		})
	})
}

// BenchmarkRegistry is the look-up of a circuit that exists.
func BenchmarkRegistry(b *testing.B) {
	r := newRegistry(b, breaker.RegistryConfig{})
	r.Child("host", "model")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Child("host", "model")
		}
	})
}
