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

func TestProbesNeverExceedTheirPlaces(t *testing.T) {
	r := newRig(t, breaker.Config{Probes: 3, ProbeSuccesses: 3})
	r.trip()
	for range 20 {
		r.untilDue()
		var granted atomic.Int64
		var probe atomic.Pointer[breaker.Permit]
		storm(1000, func() {
			if p, err := r.b.AllowAt(r.clock); err == nil {
				granted.Add(1)
				probe.Store(&p)
			}
		})
		if granted.Load() != 3 {
			t.Fatalf("%d permits, want 3", granted.Load())
		}
		probe.Load().RecordAt(r.clock, breaker.Failure)
	}
}

func TestRampHoldsUnderAStorm(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true})
	r.trip()
	r.untilDue()
	r.call(breaker.Success)
	for want := int64(2); want < 200; want *= 2 {
		var granted atomic.Int64
		out := make(chan *breaker.Permit, 1000)
		storm(1000, func() {
			if p, err := r.b.AllowAt(r.clock); err == nil {
				granted.Add(1)
				out <- &p
			}
		})
		if granted.Load() != want {
			t.Fatalf("%d calls let in, want %d", granted.Load(), want)
		}
		close(out)
		for p := range out {
			p.RecordAt(r.clock, breaker.Success)
		}
	}
}

// Everything at once, for the race detector; and no call is lost whatever an
// operator does meanwhile.
func TestOperatorsWhileCallsGoOn(t *testing.T) {
	cfg := breaker.Config{FailureRate: 0.5, RateMinCalls: 5, StallAfter: time.Second, Ramp: true, ResetTimeout: time.Millisecond}
	reg, err := breaker.NewRegistry(breaker.RegistryConfig{Circuit: cfg})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"a", "b", "c"}
	var permits, refusals atomic.Int64
	var stop atomic.Bool
	var callers, operators sync.WaitGroup
	for worker := range 4 {
		callers.Go(func() {
			for i := range 20_000 {
				p, err := reg.Child("host", names[(i+worker)%3]).Allow()
				if err != nil {
					refusals.Add(1)
					continue
				}
				permits.Add(1)
				if i%11 == 0 {
					p.Progress()
				}
				p.RecordResult(breaker.Result{Outcome: breaker.Outcome(1 + i%7%3), Reach: breaker.Reach(i % 3)})
			}
		})
	}
	operators.Go(func() {
		for i := 0; !stop.Load(); i++ {
			b := reg.Child("host", names[i%3])
			switch i % 8 {
			case 0:
				_ = b.SetMode(breaker.Mode(i / 8 % 4))
			case 1:
				b.Reset()
			case 2:
				b.Trip("by hand", time.Now().Add(time.Millisecond))
			case 3:
				cfg := cfg
				cfg.StallAfter += time.Duration(i%2) * time.Minute
				_ = reg.SetConfig(breaker.RegistryConfig{Circuit: cfg})
			case 4:
				reg.Bypass(i%16 == 4)
			case 5:
				b.Merge(breaker.Counts{Answered: 1, Failed: 1})
			case 6:
				reg.Snapshot()
			case 7:
				_ = b.Why()
			}
		}
	})
	callers.Wait()
	stop.Store(true)
	operators.Wait()
	host := reg.Get("host").Metrics()
	refused := host.RefusedCalls
	for _, name := range names {
		refused += reg.Child("host", name).Metrics().RefusedCalls
	}
	if host.TotalCalls != permits.Load() || refused != refusals.Load() {
		t.Errorf("%d calls and %d refusals counted, want %d and %d", host.TotalCalls, refused, permits.Load(), refusals.Load())
	}
}
