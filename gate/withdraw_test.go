package gate_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/gate"
)

// slowed is a gate whose limit has just begun, with one call in its bucket that
// holds no more.
func slowed(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, gate.Config{})
	r.report(gate.Report{Kind: gate.Overload})
	r.wait(time.Second)
	r.report(gate.Report{Kind: gate.Overload})
	r.is(gate.Limited)
	return r
}

func TestWithdrawGivesBackOneToken(t *testing.T) {
	r := slowed(t)
	r.allow()
	r.refusal()
	r.g.WithdrawAt(r.clock, r.clock)
	r.allow()
	r.refusal()
	for range 3 { // the bucket holds one
		r.g.WithdrawAt(r.clock, r.clock)
	}
	r.allow()
	r.refusal()
}

// Who was let through before the limit has taken nothing of it.
func TestWithdrawOfACallBeforeTheLimitGivesNothing(t *testing.T) {
	for name, limit := range map[string]func(*rig){
		"after two 429s": func(r *rig) {
			r.limited(time.Millisecond)
			r.limited(time.Millisecond)
			r.wait(time.Millisecond)
			r.allow() // the service takes one then
		},
		"as little remains": func(r *rig) {
			for range 100 {
				r.g.AllowAt(r.clock)
			}
			r.report(gate.Report{Kind: gate.Answer, Requests: gate.Limit{Limit: 60, Reset: time.Minute}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, gate.Config{})
			r.report(gate.Report{Kind: gate.Overload})
			r.wait(time.Second)
			r.allow()
			begun := r.clock
			r.wait(time.Second)
			limit(r)
			r.wait(time.Millisecond)
			r.is(gate.Limited)
			r.g.WithdrawAt(r.clock, begun)
			r.refusal()
		})
	}
}

func TestWithdrawFreesTheTestsPlace(t *testing.T) {
	r := newRig(t, gate.Config{})
	early := r.clock
	r.wait(time.Second)
	r.report(gate.Report{Kind: gate.Quota})
	r.wait(5 * time.Minute)
	r.allow()
	r.g.WithdrawAt(r.clock.Add(time.Second), early) // of a call from before
	r.refusal()
	r.g.WithdrawAt(r.clock.Add(time.Second), r.clock)
	r.allow()
	r.refusal()
	lost := r.clock
	r.wait(time.Minute)
	r.allow()
	r.g.WithdrawAt(r.clock, lost)
	r.refusal()
	if m := r.g.MetricsAt(r.clock); m.State != gate.Parked || m.Tests != 0 {
		t.Errorf("metrics %+v", m)
	}
}

// A limit goes on beneath a parked key.
func TestWithdrawGivesBackATokenAlsoIfParkedSince(t *testing.T) {
	r := slowed(t)
	r.allow()
	begun := r.clock
	r.wait(time.Millisecond)
	r.report(gate.Report{Kind: gate.Quota})
	r.g.WithdrawAt(r.clock, begun)
	r.refusal()
	r.report(gate.Report{Kind: gate.Answer})
	r.is(gate.Limited)
	r.allow()
	r.refusal()
}

// A withdrawn call leaves the demand as if it had not come, whether that was
// counted when it asked or would have been when it ends.
func TestWithdrawnCallIsNotAskedFor(t *testing.T) {
	asked := func(withdrawn bool) float64 {
		r := newRig(t, gate.Config{})
		calm := r.clock
		r.wait(time.Second)
		r.report(gate.Report{Kind: gate.Overload})
		r.wait(time.Second)
		r.allow()
		if withdrawn {
			r.allow()
			begun := r.clock
			r.wait(3 * time.Second)
			r.g.WithdrawAt(r.clock, begun)
			r.g.WithdrawAt(r.clock, calm)
		}
		r.to(10)
		return r.g.MetricsAt(r.clock).Asked
	}
	if with, without := asked(true), asked(false); !near(with, without, 1e-9) || without == 0 {
		t.Errorf("asked %v, want %v", with, without)
	}
}

func TestWithdrawLetsTheFirstInLineGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := live(t, gate.Config{})
		g.Report(gate.Report{Kind: gate.Overload})
		g.Report(gate.Report{Kind: gate.Overload})
		if err := g.Allow(); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		ended := make(chan error)
		go func() { ended <- g.Wait(t.Context()) }()
		synctest.Wait()
		time.Sleep(time.Second)
		g.Withdraw(begun)
		if err := <-ended; err != nil || time.Since(begun) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}
