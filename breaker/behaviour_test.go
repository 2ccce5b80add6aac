package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// These tests are named after what breakers get wrong.

func TestLateResultOfAnOlderStateChangesNothing(t *testing.T) {
	for _, late := range []breaker.Outcome{breaker.Success, breaker.Failure} {
		t.Run(late.String(), func(t *testing.T) {
			r := newRig(t, breaker.Config{})
			old := [4]*breaker.Permit{r.allow(), r.allow(), r.allow(), r.allow()}
			r.trip()
			old[0].RecordAt(r.clock, late)
			r.is(breaker.Open)
			r.untilDue()
			probe := r.allow()
			old[1].RecordAt(r.clock, late)
			r.is(breaker.HalfOpen)
			r.refusal()
			probe.RecordAt(r.clock, breaker.Success)
			r.calls(4, breaker.Failure)
			old[2].RecordAt(r.clock, late)
			r.is(breaker.Closed)
			r.call(breaker.Failure)
			r.is(breaker.Open)
			until := r.b.Metrics().Until
			old[3].RecordAt(r.clock, late)
			if m := r.b.Metrics(); m.Until != until || m.Openings != 1 {
				t.Errorf("the open period changed: %+v", m)
			}
		})
	}
}

func TestLateFailureIsStillCountedInMetrics(t *testing.T) {
	r := newRig(t, breaker.Config{})
	old := r.allow()
	r.trip()
	r.wait(time.Millisecond)
	old.RecordAt(r.clock, breaker.Failure)
	if m := r.b.Metrics(); m.FailedCalls != 6 || !m.LastFailure.Equal(r.clock) || m.ConsecutiveFailures != 5 {
		t.Errorf("metrics %+v", m)
	}
}

func TestSuccessBegunBeforeTheRunDoesNotEndIt(t *testing.T) {
	r := newRig(t, breaker.Config{})
	early := r.allow()
	r.wait(time.Second)
	r.calls(4, breaker.Failure)
	early.RecordAt(r.clock, breaker.Success)
	r.call(breaker.Failure)
	r.is(breaker.Open)
}

func TestPermitCountsOnce(t *testing.T) {
	r := newRig(t, breaker.Config{})
	p := r.allow()
	for range 10 {
		p.RecordAt(r.clock, breaker.Failure)
	}
	p.ProgressAt(r.clock)
	if m := r.b.Metrics(); m.FailedCalls != 1 || m.State != breaker.Closed {
		t.Errorf("metrics %+v", m)
	}
}

func TestForgottenOutcomeIsAFailure(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.call(0)
	if m := r.b.Metrics(); m.FailedCalls != 1 {
		t.Errorf("metrics %+v", m)
	}
}

func TestPanicIsAFailureAndGoesOn(t *testing.T) {
	forms := map[string]func(*rig){
		"Do": func(r *rig) {
			_ = breaker.RunAt(t.Context(), r.b, func() time.Time { return r.clock }, func(context.Context) error { panic("boom") })
		},
		"Done": func(r *rig) {
			var err error
			p := r.allow()
			defer p.Done(&err)
			panic("boom")
		},
		"DoneAt": func(r *rig) {
			var err error
			p := r.allow()
			defer p.DoneAt(r.clock, &err)
			panic("boom")
		},
	}
	for name, call := range forms {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, breaker.Config{FailureThreshold: 1})
			func() {
				defer func() {
					if v := recover(); v != "boom" {
						t.Errorf("recovered %v", v)
					}
				}()
				call(r)
			}()
			r.is(breaker.Open)
			if name == "DoneAt" {
				r.untilDue()
				func() { defer func() { _ = recover() }(); call(r) }()
				if m := r.b.Metrics(); m.State != breaker.Open || m.Openings != 2 {
					t.Errorf("a probe that panics must reopen: %+v", m)
				}
			}
		})
	}
}

func TestGoexitIsAFailureAndGoesOn(t *testing.T) {
	r := newRig(t, breaker.Config{FailureThreshold: 1})
	reached := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = breaker.RunAt(t.Context(), r.b, func() time.Time { return r.clock }, func(context.Context) error {
			runtime.Goexit()
			return nil
		})
		reached = true
	}()
	<-done
	if reached {
		t.Error("Goexit was stopped")
	}
	r.is(breaker.Open)
}

func TestCancellationByTheCallerIsIgnored(t *testing.T) {
	r := newRig(t, breaker.Config{FailureThreshold: 1})
	ctx := t.Context()
	now := func() time.Time { return r.clock }
	for _, err := range []error{context.Canceled, fmt.Errorf("call: %w", context.Canceled), &breaker.OpenError{}} {
		_ = breaker.RunAt(ctx, r.b, now, func(context.Context) error { return err })
		r.is(breaker.Closed)
	}
	if m := r.b.Metrics(); m.TotalCalls != 3 || m.FailedCalls != 0 {
		t.Errorf("metrics %+v", m)
	}
	_ = breaker.RunAt(ctx, r.b, now, func(context.Context) error { return context.DeadlineExceeded })
	r.is(breaker.Open)
}

func TestIgnoredCallDoesNotEndTheRun(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.calls(4, breaker.Failure)
	r.call(breaker.Ignored)
	r.call(breaker.Failure)
	r.is(breaker.Open)
}

func TestDoneContextIsNoCall(t *testing.T) {
	r := newRig(t, breaker.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := breaker.Run(ctx, r.b, func(context.Context) error { t.Error("called"); return nil })
	if !errors.Is(err, context.Canceled) || r.b.Metrics().TotalCalls != 0 {
		t.Errorf("error %v, metrics %+v", err, r.b.Metrics())
	}
}

func TestIgnoredProbeGivesItsPlaceBackAtOnce(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.trip()
	r.untilDue()
	r.call(breaker.Ignored)
	r.is(breaker.HalfOpen)
	if p := r.allow(); !p.Probe() {
		t.Error("the next call is no probe")
	}
	r.refusal()
}

func TestProbeThatNeverReturnsGivesItsPlaceBackAfterItsLease(t *testing.T) {
	r := newRig(t, breaker.Config{ProbeLease: 10 * time.Second})
	r.trip()
	r.untilDue()
	lost := r.allow()
	r.wait(10*time.Second - 1)
	r.refusal()
	r.wait(1)
	second := r.allow()
	r.refusal()
	lost.RecordAt(r.clock, breaker.Ignored) // it has no place to give back any more
	r.refusal()
	second.RecordAt(r.clock, breaker.Success)
	r.is(breaker.Closed)
}

func TestProbeSlowerThanItsLeaseStillProves(t *testing.T) {
	r := newRig(t, breaker.Config{ProbeLease: time.Second})
	r.trip()
	r.untilDue()
	slow := r.allow()
	r.wait(5 * time.Second)
	r.allow()
	slow.RecordAt(r.clock, breaker.Success)
	r.is(breaker.Closed)
}

func TestObserverIsToldInOrderAndMayUseTheBreaker(t *testing.T) {
	var b *breaker.Breaker
	var told []string
	inside := 0
	clock := start()
	b, err := breaker.NewAt(clock, "db", breaker.Config{FailureThreshold: 1, Seed: 1, OnTransition: func(tr breaker.Transition) {
		if inside++; inside > 1 {
			t.Error("told of a transition before it had returned from the last one")
		}
		defer func() { inside-- }()
		told = append(told, fmt.Sprintf("%v>%v %s", tr.From, tr.To, tr.Reason))
		_ = b.State()
		_ = b.Metrics()
		if tr.To == breaker.Open && tr.Openings == 1 { // probe and fail from inside
			p, err := b.AllowAt(tr.Until)
			if err != nil {
				t.Fatal(err)
			}
			p.RecordAt(tr.Until, breaker.Failure)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := b.AllowAt(clock)
	p.RecordAt(clock, breaker.Failure)
	want := []string{
		"closed>open consecutive failures",
		"open>half-open open period over",
		"half-open>open probe failed",
	}
	if fmt.Sprint(told) != fmt.Sprint(want) {
		t.Errorf("told %q\nwant %q", told, want)
	}
}

func TestPanickingObserverIsContainedAndCounted(t *testing.T) {
	r := newRig(t, breaker.Config{FailureThreshold: 1, OnTransition: func(breaker.Transition) { panic("observer") }})
	r.call(breaker.Failure)
	r.untilDue()
	r.call(breaker.Success)
	if m := r.b.Metrics(); m.ObserverPanics != 3 || m.State != breaker.Closed {
		t.Errorf("metrics %+v", m)
	}
}

func TestObserveRefusesNothingAndCountsWhatItWouldHave(t *testing.T) {
	r := newRig(t, breaker.Config{Mode: breaker.Observe})
	r.trip()
	r.calls(7, breaker.Failure)
	r.untilDue()
	probe := r.allow()
	r.calls(2, breaker.Failure)
	probe.RecordAt(r.clock, breaker.Success)
	r.is(breaker.Closed)
	if m := r.b.Metrics(); m.TotalCalls != 15 || m.FailedCalls != 14 || m.RefusedCalls != 0 || m.WouldRefuse != 9 {
		t.Errorf("metrics %+v", m)
	}
}

func TestClockThatStepsBackwardsDoesNotProlongTheOpenPeriod(t *testing.T) {
	r := newRig(t, breaker.Config{})
	period := r.trip()
	r.wait(-10 * time.Hour)
	r.refusal()
	r.wait(period)
	r.call(breaker.Success)
	r.is(breaker.Closed)
}

func TestClockThatJumpsAheadDoesNoHarm(t *testing.T) {
	r := newRig(t, breaker.Config{StallAfter: time.Minute})
	r.call(breaker.Success)
	r.wait(1000 * time.Hour)
	r.call(breaker.Success)
	r.trip()
	r.wait(1000 * time.Hour)
	r.call(breaker.Success)
	r.is(breaker.Closed)
}

func TestCallsThatHangCountWhileTheyHang(t *testing.T) {
	r := newRig(t, breaker.Config{StallAfter: 2 * time.Minute})
	r.call(breaker.Success)
	r.wait(10 * time.Second)
	hanging := make([]*breaker.Permit, 5)
	for i := range hanging {
		hanging[i] = r.allow()
	}
	r.wait(2 * time.Minute)
	r.allow().RecordAt(r.clock, breaker.Ignored)
	r.is(breaker.Closed)
	r.wait(2 * time.Minute / 32)
	r.refusal()
	if m := r.b.Metrics(); m.State != breaker.Open || m.StalledCalls != 5 || r.seen[0].Reason != breaker.StalledCalls {
		t.Errorf("metrics %+v, transition %+v", m, r.seen)
	}
	for _, p := range hanging { // they end at last: that says nothing new
		p.RecordAt(r.clock, breaker.Failure)
	}
	r.untilDue()
	r.call(breaker.Success)
	r.is(breaker.Closed)
	r.wait(10 * time.Minute)
	r.calls(3, breaker.Success)
}

func TestAnsweredYoungerCallAcquitsThoseThatHang(t *testing.T) {
	r := newRig(t, breaker.Config{StallAfter: 2 * time.Minute})
	for range 5 {
		r.allow()
	}
	r.wait(10 * time.Second)
	r.call(breaker.Success)
	r.wait(5 * time.Minute)
	r.call(breaker.Success)
	r.is(breaker.Closed)
}

func TestLongStreamIsNoStalledCall(t *testing.T) {
	r := newRig(t, breaker.Config{StallAfter: 2 * time.Minute})
	var streams []*breaker.Permit
	for range 10 {
		r.wait(time.Second)
		p := r.allow()
		p.ProgressAt(r.clock)
		streams = append(streams, p)
	}
	r.wait(10 * time.Minute)
	r.call(breaker.Success)
	for _, p := range streams {
		p.RecordAt(r.clock, breaker.Success)
	}
	if m := r.b.Metrics(); m.State != breaker.Closed || m.FailedCalls != 0 || m.StalledCalls != 0 {
		t.Errorf("metrics %+v", m)
	}
}

func TestFirstContentOfAProbeRecloses(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.trip()
	r.untilDue()
	probe := r.allow()
	probe.ProgressAt(r.clock)
	r.is(breaker.Closed)
	r.calls(4, breaker.Failure)
	probe.RecordAt(r.clock, breaker.Failure) // cut in the middle: counts in the new state
	r.is(breaker.Open)
	if m := r.b.Metrics(); m.Openings != 1 {
		t.Errorf("metrics %+v", m)
	}
}

func TestObserverThatEndsItsGoroutineDoesNoHarm(t *testing.T) {
	told := 0
	r := newRig(t, breaker.Config{FailureThreshold: 1, OnTransition: func(breaker.Transition) { told++; runtime.Goexit() }})
	for _, o := range []breaker.Outcome{breaker.Failure, breaker.Success, breaker.Failure} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			p, _ := r.b.AllowAt(r.clock)
			p.RecordAt(r.clock, o)
		}()
		<-done
		r.clock = r.clock.Add(time.Minute)
	}
	if told < 2 {
		t.Errorf("told of %d transitions", told)
	}
}

func TestClassifyThatPanicsIsAFailure(t *testing.T) {
	r := newRig(t, breaker.Config{FailureThreshold: 1, Classify: func(context.Context, error) breaker.Outcome { panic("classify") }})
	func() {
		defer func() { _ = recover() }()
		var err error
		r.allow().DoneAt(r.clock, &err)
	}()
	r.is(breaker.Open)
}

func TestClockSetBackDoesNotKeepARunAlive(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.wait(time.Hour)
	r.call(breaker.Failure)
	r.wait(-time.Hour)
	for range 10 {
		r.call(breaker.Success)
		r.wait(time.Second)
		r.call(breaker.Failure)
	}
	r.is(breaker.Closed)
}

func TestAnyInstantWill(t *testing.T) {
	for _, year := range []int{-5000, 1, 1900, 2300, 9999, 100_000} {
		r := newRig(t, breaker.Config{})
		r.clock = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		r.trip()
		for range 3 {
			r.refusal()
		}
	}
}
