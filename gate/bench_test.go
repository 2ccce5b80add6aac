package gate_test

import (
	"testing"
	"time"

	"github.com/recloser/recloser/gate"
)

// BenchmarkOpen is what a call costs that no limit concerns.
func BenchmarkOpen(b *testing.B) {
	g, err := gate.New("key", "gpt", gate.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("allow", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = g.Allow()
		}
	})
	b.Run("allow/parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_ = g.Allow()
			}
		})
	})
	b.Run("allow and report", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = g.Allow()
			g.Report(gate.Report{Kind: gate.Answer})
		}
	})
	b.Run("allow and report/parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_ = g.Allow()
				g.Report(gate.Report{Kind: gate.Answer})
			}
		})
	})
	b.Run("look up", func(b *testing.B) {
		r, _ := gate.NewRegistry(gate.RegistryConfig{})
		r.Get("key", "gpt")
		b.ReportAllocs()
		for b.Loop() {
			_ = r.Get("key", "gpt").Allow()
		}
	})
}

// BenchmarkClosed is what a refusal costs.
func BenchmarkClosed(b *testing.B) {
	g, err := gate.New("key", "gpt", gate.Config{MaxClosed: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	g.Report(gate.Report{Kind: gate.RateLimit, RetryAfter: time.Hour})
	b.ReportAllocs()
	for b.Loop() {
		_ = g.Allow()
	}
}

func TestOpenGateAllocatesNothing(t *testing.T) {
	r, err := gate.NewRegistry(gate.RegistryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	r.Get("key", "gpt")
	few := gate.Limit{Limit: 60, Remaining: 50, Reset: 10 * time.Second}
	if n := testing.AllocsPerRun(1000, func() {
		g := r.Get("key", "gpt")
		if g.Allow() == nil {
			g.Report(gate.Report{Kind: gate.Answer, Begun: time.Now(), Requests: few})
		}
	}); n >= 1 {
		t.Errorf("%v allocations a call", n)
	}
}
