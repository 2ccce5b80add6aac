package breaker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// One subtest for each line of the contract that the project was asked for.
func TestContract(t *testing.T) {
	lines := []struct {
		line string
		test func(*rig)
	}{
		{"a new circuit is closed and lets calls through", func(r *rig) {
			r.is(breaker.Closed)
			r.calls(100, breaker.Success)
		}},
		{"four failures leave it closed", func(r *rig) {
			r.calls(4, breaker.Failure)
			r.is(breaker.Closed)
		}},
		{"the fifth consecutive failure opens it", func(r *rig) {
			r.calls(5, breaker.Failure)
			r.is(breaker.Open)
		}},
		{"a success ends the count", func(r *rig) {
			r.calls(4, breaker.Failure)
			r.call(breaker.Success)
			r.calls(4, breaker.Failure)
			r.is(breaker.Closed)
			r.call(breaker.Failure)
			r.is(breaker.Open)
		}},
		{"while open, calls are refused at once with the remaining time", func(r *rig) {
			period := r.trip()
			r.wait(period / 4)
			e := r.refusal()
			left := period - period/4
			r.between("remaining time", e.RetryInAt(r.clock), left, left+left/5)
			if e.State != breaker.Open || e.Name != "db" || !errors.Is(e, breaker.ErrOpen) {
				r.Errorf("refusal is %+v", e)
			}
		}},
		{"the first open period is the base plus up to one base", func(r *rig) {
			r.between("open period", r.trip(), time.Second, 2*time.Second)
		}},
		{"when it is over, one test call goes out in half-open", func(r *rig) {
			r.trip()
			r.untilDue()
			r.is(breaker.Open)
			if p := r.allow(); !p.Probe() {
				r.Error("the call after the open period is no probe")
			}
			r.is(breaker.HalfOpen)
			if e := r.refusal(); e.State != breaker.HalfOpen || e.RetryInAt(r.clock) < time.Second {
				r.Errorf("second call in half-open: %+v, retry in %v", e, e.RetryInAt(r.clock))
			}
		}},
		{"not a moment earlier", func(r *rig) {
			r.trip()
			r.untilDue()
			r.wait(-1)
			r.refusal()
		}},
		{"its success closes", func(r *rig) {
			r.trip()
			r.untilDue()
			r.call(breaker.Success)
			r.is(breaker.Closed)
			r.calls(4, breaker.Failure)
			r.is(breaker.Closed)
		}},
		{"its failure reopens, for about twice as long each time, at most ResetTimeout", func(r *rig) {
			period := r.trip()
			for base := time.Second; ; base *= 2 {
				if base >= 32*time.Second {
					break
				}
				r.between("open period", period, min(base, 30*time.Second), min(base+time.Second, 30*time.Second))
				r.untilDue()
				r.call(breaker.Failure)
				r.is(breaker.Open)
				period = r.b.Metrics().Until.Sub(r.clock)
			}
			if period != 30*time.Second {
				r.Errorf("open period %v, want ResetTimeout", period)
			}
		}},
		{"after a reclose the open period is back at the base", func(r *rig) {
			r.trip()
			for range 4 {
				r.untilDue()
				r.call(breaker.Failure)
			}
			r.untilDue()
			r.call(breaker.Success)
			r.between("open period", r.trip(), time.Second, 2*time.Second)
		}},
		{"metrics: total calls, failed calls, refused calls, last failure, state", func(r *rig) {
			r.calls(3, breaker.Success)
			r.calls(5, breaker.Failure)
			failedAt := r.clock
			r.wait(time.Millisecond)
			r.refusal()
			m := r.b.Metrics()
			if m.TotalCalls != 8 || m.FailedCalls != 5 || m.RefusedCalls != 1 || m.State != breaker.Open ||
				m.ConsecutiveFailures != 5 || !m.LastFailure.Equal(failedAt) || !m.Since.Equal(failedAt) || m.Openings != 1 {
				r.Errorf("metrics %+v", m)
			}
			r.untilDue()
			r.call(breaker.Success)
			if m := r.b.Metrics(); !m.LastFailure.Equal(failedAt) || m.FailedCalls != 5 || m.ConsecutiveFailures != 0 || !m.Until.IsZero() {
				r.Errorf("after the reclose %+v: the last failure must stay known", m)
			}
		}},
	}
	for _, l := range lines {
		t.Run(l.line, func(t *testing.T) { l.test(newRig(t, breaker.Config{})) })
	}
}

func TestOpenPeriodsAreJittered(t *testing.T) {
	seen := map[time.Duration]bool{}
	for seed := range uint64(20) {
		seen[newRig(t, breaker.Config{Seed: seed + 1}).trip()] = true
	}
	if len(seen) < 15 {
		t.Errorf("%d different open periods in 20 circuits", len(seen))
	}
}

func TestSeedRepeats(t *testing.T) {
	a, b := newRig(t, breaker.Config{Seed: 7}).trip(), newRig(t, breaker.Config{Seed: 7}).trip()
	if a != b {
		t.Errorf("the same seed gave %v and %v", a, b)
	}
}

func TestRefusedCallersAreToldDifferentTimes(t *testing.T) {
	r := newRig(t, breaker.Config{})
	left := r.trip()
	seen := map[time.Duration]bool{}
	for range 100 {
		d := r.refusal().RetryInAt(r.clock)
		r.between("time told", d, left, left+left/5)
		seen[d] = true
	}
	if len(seen) < 10 {
		t.Errorf("100 callers were told only %d different times", len(seen))
	}
}

func TestRetryAfterOfTheServiceLengthensTheOpenPeriodWithinTheCap(t *testing.T) {
	for _, row := range []struct{ asked, low, high time.Duration }{
		{0, time.Second, 2 * time.Second},
		{500 * time.Millisecond, time.Second, 2 * time.Second},
		{12 * time.Second, 12 * time.Second, 12 * time.Second},
		{time.Hour, 30 * time.Second, 30 * time.Second},
	} {
		r := newRig(t, breaker.Config{FailureThreshold: 1})
		r.allow().RecordResultAt(r.clock, breaker.Result{Outcome: breaker.Failure, RetryAfter: row.asked})
		r.between("open period", r.b.Metrics().Until.Sub(r.clock), row.low, row.high)
		r.untilDue()
		r.allow().RecordResultAt(r.clock, breaker.Result{Outcome: breaker.Failure, RetryAfter: row.asked})
		r.between("second open period", r.b.Metrics().Until.Sub(r.clock), max(row.low, 2*time.Second), max(row.high, 3*time.Second))
	}
}

func TestDo(t *testing.T) {
	ctx := t.Context()
	r := newRig(t, breaker.Config{FailureThreshold: 2})
	now := func() time.Time { return r.clock }
	fail := func(context.Context) (int, error) { return 7, errService }

	if v, err := breaker.DoAt(ctx, r.b, now, func(context.Context) (int, error) { return 42, nil }); v != 42 || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
	for range 2 {
		if v, err := breaker.DoAt(ctx, r.b, now, fail); v != 7 || err != errService {
			t.Errorf("got %v, %v, want what the call returned", v, err)
		}
	}
	called := false
	err := breaker.RunAt(ctx, r.b, now, func(context.Context) error { called = true; return nil })
	if called || !errors.Is(err, breaker.ErrOpen) {
		t.Errorf("open: called %v, error %v", called, err)
	}
	r.untilDue()
	if err := breaker.RunAt(ctx, r.b, now, func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
	r.is(breaker.Closed)
}

func TestShortFormsReadTheClock(t *testing.T) {
	b, err := breaker.New("db", breaker.Config{FailureThreshold: 1, BaseTimeout: time.Hour, ResetTimeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if v, err := breaker.Do(ctx, b, func(context.Context) (string, error) { return "a", nil }); v != "a" || err != nil {
		t.Errorf("got %q, %v", v, err)
	}
	if err := breaker.Run(ctx, b, func(context.Context) error { return errService }); err != errService {
		t.Errorf("got %v", err)
	}
	_, err = b.Allow()
	open, ok := errors.AsType[*breaker.OpenError](err)
	if !ok || open.RetryIn() < 50*time.Minute {
		t.Errorf("got %v, want a refusal for an hour", err)
	}
	if m := b.Metrics(); time.Since(m.LastFailure) > time.Minute || time.Until(m.Until) < 50*time.Minute {
		t.Errorf("metrics %+v", m)
	}
}

func TestTwoSteps(t *testing.T) {
	r := newRig(t, breaker.Config{FailureThreshold: 1})
	call := func(result error) (err error) {
		p, err := r.b.AllowAt(r.clock)
		if err != nil {
			return err
		}
		defer p.DoneAt(r.clock, &err)
		return result
	}
	if err := call(nil); err != nil {
		t.Error(err)
	}
	if err := call(errService); err != errService {
		t.Error(err)
	}
	if err := call(nil); !errors.Is(err, breaker.ErrOpen) {
		t.Errorf("got %v, want a refusal", err)
	}
}
