package breaker_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/breaker"
)

// storm has n goroutines ask for a permit at the same moment.
func storm(n int, ask func()) {
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	ready.Add(n)
	for range n {
		done.Go(func() {
			ready.Done()
			<-gate
			ask()
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
}

func TestOneProbeAmongAThousandCallers(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.trip()
	for round := range 20 {
		r.untilDue()
		var granted, probes atomic.Int64
		var probe atomic.Pointer[breaker.Permit]
		storm(1000, func() {
			p, err := r.b.AllowAt(r.clock)
			if err != nil {
				return
			}
			granted.Add(1)
			if p.Probe() {
				probes.Add(1)
				probe.Store(&p)
			}
		})
		if granted.Load() != 1 || probes.Load() != 1 {
			t.Fatalf("round %d: %d permits, %d probes, want exactly one", round, granted.Load(), probes.Load())
		}
		probe.Load().RecordAt(r.clock, breaker.Failure)
	}
}

// Probes of two levels: whatever the models, the host has one.
func TestOneProbeOfTheHostAmongAThousandCallersOfManyModels(t *testing.T) {
	host := newRig(t, breaker.Config{FailureThreshold: 1})
	models := make([]*breaker.Breaker, 10)
	for i := range models {
		models[i] = newRig(t, breaker.Config{Parent: host.b}).b
	}
	p, _ := models[0].AllowAt(host.clock)
	p.RecordResultAt(host.clock, breaker.Result{Outcome: breaker.Failure, Reach: breaker.Unreached})
	host.is(breaker.Open)
	host.untilDue()
	var next, granted atomic.Int64
	storm(1000, func() {
		if _, err := models[next.Add(1)%10].AllowAt(host.clock); err == nil {
			granted.Add(1)
		}
	})
	if granted.Load() != 1 {
		t.Errorf("%d calls reached a host in half-open", granted.Load())
	}
}

// In real concurrency: calls succeed and fail while the circuit trips and
// recloses, and at no moment is more than one probe out, since every lease
// outlives its call.
func TestProbesNeverOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := breaker.New("db", breaker.Config{FailureThreshold: 2, BaseTimeout: 10 * time.Millisecond, ResetTimeout: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		var probesOut, probes, calls atomic.Int64
		var wg sync.WaitGroup
		for worker := range 200 {
			wg.Go(func() {
				for i := range 100 {
					p, err := b.Allow()
					if err != nil {
						time.Sleep(5 * time.Millisecond)
						continue
					}
					calls.Add(1)
					probe := p.Probe()
					if probe {
						probes.Add(1)
						if n := probesOut.Add(1); n > 1 {
							t.Errorf("%d probes out", n)
						}
					}
					time.Sleep(time.Millisecond)
					if probe {
						probesOut.Add(-1)
					}
					if (worker+i)%3 == 0 {
						p.Record(breaker.Success)
					} else {
						p.Record(breaker.Failure)
					}
				}
			})
		}
		wg.Wait()
		m := b.Metrics()
		if probes.Load() < 10 || m.TotalCalls != calls.Load() || m.TotalCalls+m.RefusedCalls != 200*100 {
			t.Errorf("%d probes, %d calls, metrics %+v", probes.Load(), calls.Load(), m)
		}
	})
}

// Transitions arrive in order, each starting where the last one ended, also
// when many callers cause them.
func TestTransitionsFormAChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		last, n := breaker.Closed, 0
		b, err := breaker.New("db", breaker.Config{
			FailureThreshold: 1, BaseTimeout: time.Millisecond, ResetTimeout: 2 * time.Millisecond,
			OnTransition: func(tr breaker.Transition) {
				if tr.From != last {
					t.Errorf("from %v, but the circuit was %v", tr.From, last)
				}
				last, n = tr.To, n+1
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for worker := range 50 {
			wg.Go(func() {
				for i := range 200 {
					if p, err := b.Allow(); err == nil {
						p.Record(breaker.Outcome(1 + (worker+i)%3))
					}
					time.Sleep(time.Millisecond)
				}
			})
		}
		wg.Wait()
		if n < 100 {
			t.Errorf("only %d transitions", n)
		}
	})
}

func TestCountersAreExactUnderConcurrency(t *testing.T) {
	b, err := breaker.New("db", breaker.Config{StallAfter: time.Minute, FailureThreshold: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 5000 {
				p, err := b.Allow()
				if err != nil {
					t.Error(err)
					return
				}
				if i%100 == 0 {
					p.Record(breaker.Failure)
				} else {
					p.Record(breaker.Success)
				}
			}
		})
	}
	wg.Wait()
	if m := b.Metrics(); m.TotalCalls != 40_000 || m.FailedCalls != 400 {
		t.Errorf("metrics %+v", m)
	}
}
