package breaker_test

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// A result is told with an instant of the past: by a caller who was slow to tell,
// or whose clock is. It must move nothing.
func TestResultOfThePastMovesNothing(t *testing.T) {
	r := newRig(t, rates(breaker.Config{FailureRate: 0.5, RateMinCalls: 4, RateWindow: time.Second, ResetTimeout: time.Hour, BaseTimeout: time.Hour}))
	old := [3]*breaker.Permit{r.allow(), r.allow(), r.allow()}
	r.wait(20 * time.Second)
	r.calls(2, breaker.Failure)
	old[0].RecordAt(r.clock.Add(-15*time.Second), breaker.Ignored)
	r.call(breaker.Failure)
	old[1].RecordAt(r.clock.Add(-15*time.Second), breaker.Failure)
	r.is(breaker.Open) // four of four: the failures before are still there
	before := r.b.Metrics()
	old[2].RecordAt(r.clock.Add(-15*time.Second), breaker.Failure)
	if m := r.b.Metrics(); !m.Until.Equal(before.Until) || !m.Since.Equal(before.Since) {
		t.Errorf("moved from %v to %v", before.Until, m.Until)
	}
}

func TestClockSetBackInARamp(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true})
	r.trip()
	r.untilDue()
	r.call(breaker.Success)
	r.wait(-time.Hour)
	r.allow()
	r.allow()
	r.refusal()
	r.wait(31 * time.Second)
	r.allow() // it ends when it would have
}

func TestClockSetBackWhileHalfOpen(t *testing.T) {
	r := newRig(t, breaker.Config{ProbeSuccesses: 2, ProbeLease: 10 * time.Second})
	r.trip()
	r.untilDue()
	r.call(breaker.Success)
	r.wait(2 * time.Hour)
	r.allow() // never ends
	r.refusal()
	r.wait(-time.Hour)
	r.refusal()
	r.wait(11 * time.Second)
	if !r.allow().Probe() {
		t.Error("no probe although the lease is over")
	}
}

// Calls that are out when the window of the rates is replaced are in the rates
// like all others when they end.
func TestAnswersOfAReplacedWindowCount(t *testing.T) {
	cfg := rates(breaker.Config{FailureRate: 0.5, RateMinCalls: 10, Seed: 1})
	r := newRig(t, cfg)
	var out []*breaker.Permit
	for i := range 100 {
		out = append(out, r.allow())
		if i%2 == 0 {
			out[i].ProgressAt(r.clock)
		}
	}
	cfg.RateWindow = 2 * time.Minute
	if err := r.b.SetConfigAt(r.clock, cfg); err != nil {
		t.Fatal(err)
	}
	for i, p := range out {
		o := breaker.Success
		if i >= 85 {
			o = breaker.Failure
		}
		p.RecordAt(r.clock, o)
	}
	r.is(breaker.Closed)
	if c := r.b.Metrics().Calls; c.Answered != 85 || c.Failed != 15 || c.Begun != 100 {
		t.Errorf("calls %+v", c)
	}
}
