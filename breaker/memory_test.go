package breaker_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools held is gone only now
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func bigRegistry(t *testing.T) *breaker.Registry {
	t.Helper()
	reg, err := breaker.NewRegistry(breaker.RegistryConfig{
		Circuit:     breaker.Config{FailureRate: 0.5, StallAfter: time.Minute},
		MaxCircuits: 200_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func TestIdleCircuitCostsLessThanAKibibyte(t *testing.T) {
	const n = 100_000
	reg := bigRegistry(t)
	before := heap()
	for i := range n {
		reg.ChildAt(start(), "upstream", fmt.Sprint("model-", i))
	}
	each := (heap() - before) / n
	t.Logf("%d bytes a circuit, its name and place in the registry included", each)
	if each >= 1024 {
		t.Errorf("%d bytes a circuit", each)
	}
	runtime.KeepAlive(reg)
}

func TestUnusedCircuitGivesItsWindowBack(t *testing.T) {
	const n = 2000
	reg := bigRegistry(t)
	before := heap()
	now := start()
	use := func(b *breaker.Breaker) {
		p, err := b.AllowAt(now)
		if err != nil {
			t.Fatal(err)
		}
		p.RecordAt(now, breaker.Success)
	}
	for i := range n {
		use(reg.ChildAt(now, "upstream", fmt.Sprint("model-", i)))
	}
	warm := (heap() - before) / n
	stays := reg.ChildAt(now, "upstream", "stays")
	hangs, err := reg.ChildAt(now, "upstream", "hangs").AllowAt(now)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 * 60 * 4 { // three minutes of one circuit
		now = now.Add(250 * time.Millisecond)
		use(stays)
	}
	cold := (heap() - before) / n
	t.Logf("%d bytes a circuit in use, %d three minutes later", warm, cold)
	if warm < 4096 {
		t.Errorf("%d bytes a circuit in use: the window is missing", warm)
	}
	if cold >= 1024 {
		t.Errorf("%d bytes a circuit that is not used any more", cold)
	}
	for i := range n {
		if m := reg.ChildAt(now, "upstream", fmt.Sprint("model-", i)).Metrics(); m.TotalCalls != 1 {
			t.Fatalf("%s has forgotten its calls: %d", m.Name, m.TotalCalls)
		}
	}
	hangs.RecordAt(now, breaker.Success)
	if total := reg.GetAt(now, "upstream").Metrics().TotalCalls; total != n+1+3*60*4 {
		t.Errorf("%d calls of the upstream", total)
	}
}

func TestCallsDoNotAllocate(t *testing.T) {
	now := start()
	host, err := breaker.NewAt(now, "host", breaker.Config{FailureRate: 0.9})
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]breaker.Config{
		"plain":      {},
		"rates":      {FailureRate: 0.9, SlowRate: 0.9, SlowAfter: time.Second, StallAfter: time.Minute},
		"two levels": {FailureRate: 0.9, Parent: host},
	} {
		b, err := breaker.NewAt(now, name, cfg)
		if err != nil {
			t.Fatal(err)
		}
		call := func(o breaker.Outcome) {
			p, err := b.AllowAt(now)
			if err == nil {
				p.RecordAt(now, o)
			}
			now = now.Add(10 * time.Millisecond)
		}
		for range 200 { // the latest failures are all there
			call(breaker.Success)
			call(breaker.Failure)
		}
		if n := testing.AllocsPerRun(1000, func() { call(breaker.Success) }); n > 0 {
			t.Errorf("%s: %v allocations a call", name, n)
		}
		if n := testing.AllocsPerRun(1000, func() { call(breaker.Success); call(breaker.Failure); call(breaker.Ignored) }); n > 0 {
			t.Errorf("%s: %v allocations a call with failures among them", name, n)
		}
	}
	open, err := breaker.NewAt(now, "open", breaker.Config{FailureThreshold: 1})
	if err != nil {
		t.Fatal(err)
	}
	trip(t, open, now)
	if n := testing.AllocsPerRun(1000, func() { _, _ = open.AllowAt(now) }); n > 0 {
		t.Errorf("%v allocations a refusal", n)
	}
}
