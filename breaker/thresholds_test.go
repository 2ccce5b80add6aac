package breaker_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// rates is a circuit that looks only at rates.
func rates(cfg breaker.Config) breaker.Config {
	cfg.FailureThreshold = breaker.Off
	return cfg
}

// callFor makes a call that takes d.
func (r *rig) callFor(d time.Duration, o breaker.Outcome) {
	r.Helper()
	p := r.allow()
	r.wait(d)
	p.RecordAt(r.clock, o)
}

// opening returns the last opening seen.
func (r *rig) opening() breaker.Transition {
	r.Helper()
	for _, tr := range slices.Backward(r.seen) {
		if tr.To == breaker.Open {
			return tr
		}
	}
	r.Fatal("never opened")
	return breaker.Transition{}
}

func TestFailuresSpreadOverLongAreNoOutage(t *testing.T) {
	r := newRig(t, breaker.Config{FailureSpan: time.Minute})
	for range 20 {
		r.call(breaker.Failure)
		r.wait(16 * time.Second)
	}
	r.is(breaker.Closed)
	r.wait(time.Minute)
	r.calls(4, breaker.Failure)
	r.is(breaker.Closed)
	r.wait(time.Minute)
	r.call(breaker.Failure)
	r.is(breaker.Open)
}

func TestSpanSlidesOverTheRun(t *testing.T) {
	r := newRig(t, breaker.Config{FailureSpan: time.Minute})
	for _, wait := range []time.Duration{59 * time.Second, 2 * time.Second, time.Second, time.Second} {
		r.call(breaker.Failure)
		r.wait(wait)
		r.is(breaker.Closed)
	}
	r.call(breaker.Failure) // the fifth, 63 s after the first
	r.is(breaker.Closed)
	r.call(breaker.Failure) // five within 5 s
	r.is(breaker.Open)
	if tr := r.opening(); tr.Reason != breaker.ConsecutiveFailures || tr.Failures != 6 {
		t.Errorf("opening %+v", tr)
	}
}

// An outage of quick failures, with time-outs of calls sent long ago among them.
func TestOldTimeOutsDoNotHideAnOutage(t *testing.T) {
	r := newRig(t, breaker.Config{FailureSpan: time.Minute})
	var old []*breaker.Permit
	for range 3 {
		old = append(old, r.allow())
	}
	r.wait(2 * time.Minute)
	for i := range 7 {
		r.is(breaker.Closed)
		r.wait(time.Second)
		if i%2 == 1 {
			old[i/2].RecordAt(r.clock, breaker.Failure)
		} else {
			r.call(breaker.Failure)
		}
	}
	r.is(breaker.Closed) // four of five
	r.call(breaker.Failure)
	r.is(breaker.Open)
}

func TestFailureRateTrips(t *testing.T) {
	r := newRig(t, rates(breaker.Config{FailureRate: 0.5, RateMinCalls: 10}))
	for range 4 {
		r.call(breaker.Success)
		r.call(breaker.Failure)
	}
	r.call(breaker.Failure)
	r.is(breaker.Closed) // 5 of 9
	r.call(breaker.Success)
	r.is(breaker.Closed) // 5 of 10, but a success trips nothing
	r.call(breaker.Failure)
	r.is(breaker.Open)
	tr := r.opening()
	if tr.Reason != breaker.FailureRateReached || tr.Failed != 6 || tr.Calls != 11 || tr.Rate != 0.5 || tr.Window != 10*time.Second {
		t.Errorf("opening %+v", tr)
	}
	if want := "db: closed to open: 6 of 11 calls failed within 10s (54.5 %, limit 50 %)"; tr.String() != want {
		t.Errorf("got  %s\nwant %s", tr, want)
	}
}

func TestFailureRateLooksBackOverItsWindowOnly(t *testing.T) {
	r := newRig(t, rates(breaker.Config{FailureRate: 0.5, RateMinCalls: 10, RateWindow: 10 * time.Second}))
	r.calls(9, breaker.Failure)
	r.wait(11 * time.Second)
	r.calls(9, breaker.Failure)
	r.is(breaker.Closed)
	r.calls(20, breaker.Success)
	r.wait(9 * time.Second)
	r.calls(2, breaker.Failure)
	r.is(breaker.Closed)
	r.wait(2 * time.Second) // only those two are left
	r.calls(7, breaker.Failure)
	r.is(breaker.Closed)
	r.call(breaker.Failure)
	r.is(breaker.Open)
}

// Calls belong to the time when they ended: else calls that take longer than
// the window would never be seen in it.
func TestRateCountsCallsLongerThanItsWindow(t *testing.T) {
	r := newRig(t, rates(breaker.Config{FailureRate: 0.5, RateMinCalls: 10, RateWindow: 5 * time.Second}))
	var out [30]*breaker.Permit
	for i := range out {
		out[i] = r.allow()
		r.wait(100 * time.Millisecond)
	}
	r.wait(time.Minute)
	for _, p := range out[:20] {
		p.RecordAt(r.clock, breaker.Success)
	}
	for _, p := range out[20:29] {
		p.RecordAt(r.clock, breaker.Failure)
	}
	r.is(breaker.Closed) // 9 of 29
	r.wait(6 * time.Second)
	r.calls(9, breaker.Failure)
	out[29].RecordAt(r.clock, breaker.Failure)
	r.is(breaker.Open)
}

func TestRatesStartAnewWhenTheCircuitRecloses(t *testing.T) {
	r := newRig(t, rates(breaker.Config{FailureRate: 0.5, RateMinCalls: 10, RateWindow: time.Minute}))
	r.calls(10, breaker.Failure)
	r.is(breaker.Open)
	r.untilDue()
	r.call(breaker.Success)
	r.is(breaker.Closed)
	r.calls(9, breaker.Failure)
	r.is(breaker.Closed)
	r.call(breaker.Failure)
	r.is(breaker.Open)
}

func TestLateResultsAreNotInTheRates(t *testing.T) {
	r := newRig(t, rates(breaker.Config{FailureRate: 0.5, RateMinCalls: 10, RateWindow: time.Minute}))
	var old [20]*breaker.Permit
	for i := range old {
		old[i] = r.allow()
	}
	r.calls(10, breaker.Failure)
	r.untilDue()
	r.call(breaker.Success)
	for _, p := range old[:10] {
		p.RecordAt(r.clock, breaker.Failure)
	}
	r.is(breaker.Closed)
	for _, p := range old[10:] {
		p.RecordAt(r.clock, breaker.Success)
	}
	r.calls(10, breaker.Failure) // which late successes would have diluted
	r.is(breaker.Open)
	if tr := r.opening(); tr.Calls != 10 {
		t.Errorf("%d calls in the rate, want 10", tr.Calls)
	}
}

func TestSlowRateTrips(t *testing.T) {
	r := newRig(t, rates(breaker.Config{SlowRate: 0.5, SlowAfter: time.Second, RateMinCalls: 4, RateWindow: time.Minute}))
	r.callFor(time.Second, breaker.Success) // just not slow
	r.callFor(2*time.Second, breaker.Success)
	r.callFor(time.Millisecond, breaker.Failure)
	r.is(breaker.Closed)
	r.callFor(2*time.Second, breaker.Failure) // a slow failure is slow too
	r.is(breaker.Open)
	tr := r.opening()
	if want := "db: closed to open: 2 of 4 calls took over 1s within 1m0s (50 %, limit 50 %)"; tr.String() != want {
		t.Errorf("got  %s\nwant %s", tr, want)
	}
}

func TestStreamIsAsSlowAsItsFirstContent(t *testing.T) {
	r := newRig(t, rates(breaker.Config{SlowRate: 0.5, SlowAfter: time.Second, RateMinCalls: 2, RateWindow: time.Hour}))
	stream := func(first, rest time.Duration) {
		p := r.allow()
		r.wait(first)
		p.ProgressAt(r.clock)
		r.wait(rest)
		p.RecordAt(r.clock, breaker.Success)
	}
	for range 10 {
		stream(time.Second, time.Minute)
	}
	r.is(breaker.Closed)
	for range 9 {
		stream(2*time.Second, 0)
	}
	r.is(breaker.Closed)
	p := r.allow()
	r.wait(2 * time.Second)
	p.ProgressAt(r.clock)
	r.is(breaker.Closed) // it counts when it ends
	p.RecordAt(r.clock, breaker.Success)
	r.is(breaker.Open)
}

func TestStreamThatFailsInTheMiddleIsOneFailure(t *testing.T) {
	r := newRig(t, rates(breaker.Config{FailureRate: 0.5, RateMinCalls: 10, RateWindow: time.Minute}))
	for i := range 10 {
		if i == 9 {
			r.is(breaker.Closed)
		}
		p := r.allow()
		p.ProgressAt(r.clock)
		p.RecordAt(r.clock, breaker.Failure)
	}
	r.is(breaker.Open)
	if tr := r.opening(); tr.Calls != 10 || tr.Failed != 10 {
		t.Errorf("%d of %d, want 10 of 10", tr.Failed, tr.Calls)
	}
}

func TestCallsThatHangWeighInRates(t *testing.T) {
	for name, cfg := range map[string]breaker.Config{
		"failure rate": {FailureRate: 0.5},
		"slow rate":    {SlowRate: 0.5, SlowAfter: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.RateMinCalls, cfg.StallAfter, cfg.RateWindow = 10, 5*time.Second, 20*time.Second
			r := newRig(t, rates(cfg))
			r.calls(9, breaker.Success)
			r.wait(time.Second)
			for range 10 {
				r.allow()
			}
			r.wait(6 * time.Second)
			r.refusal()
			if tr := r.opening(); tr.Stalled != 10 {
				t.Errorf("opening %+v", tr)
			}
		})
	}
}

func TestAnyThresholdTrips(t *testing.T) {
	cfg := breaker.Config{
		FailureThreshold: 3, FailureRate: 0.5, RateMinCalls: 6, SlowRate: 0.9, SlowAfter: time.Second, RateWindow: time.Minute,
	}
	for reason, history := range map[breaker.Reason]func(*rig){
		breaker.ConsecutiveFailures: func(r *rig) { r.calls(3, breaker.Failure) },
		breaker.FailureRateReached: func(r *rig) {
			for range 3 {
				r.call(breaker.Success)
				r.call(breaker.Failure)
			}
		},
		breaker.SlowRateReached: func(r *rig) {
			for range 6 {
				r.callFor(2*time.Second, breaker.Success)
			}
		},
	} {
		t.Run(string(reason), func(t *testing.T) {
			r := newRig(t, cfg)
			history(r)
			r.is(breaker.Open)
			if got := r.opening().Reason; got != reason {
				t.Errorf("reason %q, want %q", got, reason)
			}
		})
	}
}

func TestThresholdsThatCannotBeUsed(t *testing.T) {
	for _, tt := range []struct {
		cfg  breaker.Config
		want string
	}{
		{breaker.Config{FailureRate: 1.5}, "FailureRate is 1.5: use above 0 to 1, or 0 for off"},
		{breaker.Config{FailureRate: math.NaN()}, "FailureRate is NaN"},
		{breaker.Config{SlowRate: 0.5}, "SlowAfter is 0s: use a duration: SlowRate needs it"},
		{breaker.Config{RateWindow: -1}, "RateWindow is -1ns"},
		{breaker.Config{RateMinCalls: -1}, "RateMinCalls is -1: use 1 to 1000000, or 0 for 20"},
		{breaker.Config{FailureThreshold: breaker.Off}, "FailureThreshold is Off: use a FailureRate"},
		{breaker.Config{FailureThreshold: 2000, FailureSpan: time.Second}, "FailureThreshold is 2000: use at most 1000 with a FailureSpan"},
		{breaker.Config{Probes: -1}, "Probes is -1: use 1 to 1000, or 0 for 1"},
		{breaker.Config{ProbeSuccesses: -1}, "ProbeSuccesses is -1"},
		{breaker.Config{NewPolicy: func() breaker.Policy { return nil }}, "NewPolicy is a function that returns nil"},
		{breaker.Config{FailureRate: 0.5, NewPolicy: func() breaker.Policy { return breaker.Consecutive{Failures: 5} }}, "NewPolicy is set: use either"},
		{breaker.Config{NewPolicy: func() breaker.Policy { return breaker.Consecutive{} }}, "Consecutive.Failures is 0: use 1 to 1000000"},
		{breaker.Config{NewPolicy: func() breaker.Policy { return breaker.FailureRate{Rate: 2} }}, "FailureRate.Window is 0s"},
		{breaker.Config{NewPolicy: func() breaker.Policy {
			return breaker.AnyOf(
				breaker.SlowRate{Rate: 1, After: time.Second, Window: time.Second, MinCalls: 1},
				breaker.SlowRate{Rate: 1, After: time.Minute, Window: time.Second, MinCalls: 1})
		}}, "SlowRate.After is 1m0s: use the same for all policies of a circuit, 1s"},
		{breaker.Config{NewPolicy: func() breaker.Policy { return breaker.AnyOf() }}, "AnyOf is empty"},
	} {
		_, err := breaker.New("x", tt.cfg)
		var field *breaker.ConfigError
		if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.As(err, &field) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}
