package breaker_test

import (
	"errors"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

func (r *rig) mode(m breaker.Mode) {
	r.Helper()
	if err := r.b.SetModeAt(r.clock, m); err != nil {
		r.Fatal(err)
	}
}

func TestForcedOpenRefusesEverything(t *testing.T) {
	r := newRig(t, breaker.Config{ResetTimeout: 20 * time.Second})
	r.mode(breaker.ForcedOpen)
	for range 3 {
		e := r.refusal()
		if e.Mode != breaker.ForcedOpen || !errors.Is(e, breaker.ErrOpen) || e.Error() != `breaker: circuit "db" is forced open` {
			t.Errorf("refusal %+v", e)
		}
		r.between("told to wait", e.RetryInAt(r.clock), 20*time.Second, 24*time.Second)
		r.wait(time.Hour) // no probe is ever due
	}
	if m := r.b.Metrics(); m.State != breaker.Closed || m.Mode != breaker.ForcedOpen || m.RefusedCalls != 3 {
		t.Errorf("metrics %+v", m)
	}
	if r.b.Ready() {
		t.Error("ready")
	}
	r.mode(breaker.Normal)
	r.call(breaker.Success)
}

func TestDisabledDecidesNothing(t *testing.T) {
	r := newRig(t, breaker.Config{FailureRate: 0.5, RateMinCalls: 1})
	r.mode(breaker.Disabled)
	r.calls(100, breaker.Failure)
	r.is(breaker.Closed)
	if m := r.b.Metrics(); m.TotalCalls != 100 || m.FailedCalls != 100 || m.ConsecutiveFailures != 0 {
		t.Errorf("metrics %+v", m)
	}
	late := r.allow()
	r.mode(breaker.Normal)
	late.RecordAt(r.clock, breaker.Failure)
	r.calls(1, breaker.Success)
	r.is(breaker.Closed)
}

func TestDisabledLetsThroughWhatIsOpenAndKeepsTheState(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.trip()
	r.mode(breaker.Disabled)
	r.calls(3, breaker.Success)
	r.is(breaker.Open)
	r.mode(breaker.Normal)
	r.refusal()
	r.untilDue()
	r.call(breaker.Success)
	r.is(breaker.Closed)
}

func TestModeIsAnnounced(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.mode(breaker.Observe)
	r.mode(breaker.Observe)
	if len(r.seen) != 1 {
		t.Fatalf("%d transitions, want 1", len(r.seen))
	}
	tr := r.seen[0]
	if tr.From != tr.To || tr.Reason != breaker.ModeSet || tr.Mode != breaker.Observe || !tr.At.Equal(r.clock) {
		t.Errorf("transition %+v", tr)
	}
	var field *breaker.ConfigError
	if err := r.b.SetModeAt(r.clock, 9); !errors.As(err, &field) {
		t.Errorf("mode 9: %v", err)
	}
}

func TestObservedCircuitIsAsOpenAsItWouldHaveBeen(t *testing.T) {
	r := newRig(t, breaker.Config{Mode: breaker.Observe})
	r.trip()
	r.calls(5, breaker.Failure)
	r.mode(breaker.Normal)
	r.refusal()
	if m := r.b.Metrics(); m.WouldRefuse != 5 || m.RefusedCalls != 1 {
		t.Errorf("metrics %+v", m)
	}
	r.mode(breaker.Observe)
	r.call(breaker.Success)
	if !r.b.Ready() {
		t.Error("not ready although nothing is refused")
	}
}

func TestBypassOpensAllGates(t *testing.T) {
	reg, err := breaker.NewRegistry(breaker.RegistryConfig{Circuit: breaker.Config{FailureThreshold: 1, ResetTimeout: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	now := start()
	open := reg.ChildAt(now, "host", "open")
	forced := reg.GetAt(now, "forced")
	trip(t, open, now)
	if err := forced.SetModeAt(now, breaker.ForcedOpen); err != nil {
		t.Fatal(err)
	}
	try := func(b *breaker.Breaker, want bool) {
		t.Helper()
		if b.Ready() != want {
			t.Errorf("%s: ready is %v", b.Name(), !want)
		}
		p, err := b.AllowAt(now)
		if err == nil {
			p.RecordAt(now, breaker.Failure)
		}
		if (err == nil) != want {
			t.Errorf("%s: %v", b.Name(), err)
		}
	}
	try(open, false)
	try(forced, false)
	reg.Bypass(true)
	if !reg.Bypassed() {
		t.Error("not bypassed")
	}
	late := reg.ChildAt(now, "host", "late")
	for range 3 {
		try(open, true)
		try(forced, true)
		try(late, true)
	}
	if m := open.Metrics(); m.State != breaker.Open || m.WouldRefuse != 3 {
		t.Errorf("metrics %+v", m)
	}
	reg.Bypass(false)
	try(open, false)
	try(forced, false)
	try(late, false)
}

func trip(t *testing.T, b *breaker.Breaker, now time.Time) {
	t.Helper()
	for range 5 {
		p, err := b.AllowAt(now)
		if err != nil {
			return
		}
		p.RecordAt(now, breaker.Failure)
	}
}

func TestReset(t *testing.T) {
	r := newRig(t, breaker.Config{})
	late := r.allow()
	r.calls(4, breaker.Failure)
	r.b.ResetAt(r.clock)
	late.RecordAt(r.clock, breaker.Failure)
	r.calls(4, breaker.Failure)
	r.is(breaker.Closed)
	r.call(breaker.Failure)
	r.is(breaker.Open)
	r.b.ResetAt(r.clock)
	r.is(breaker.Closed)
	m := r.b.Metrics()
	if m.FailedCalls != 10 || m.Openings != 0 || m.ConsecutiveFailures != 0 || m.LastFailure.IsZero() {
		t.Errorf("metrics %+v", m)
	}
	if tr := r.seen[len(r.seen)-1]; tr.Reason != breaker.WasReset || tr.To != breaker.Closed {
		t.Errorf("transition %+v", tr)
	}
}

func TestTripFromOutside(t *testing.T) {
	r := newRig(t, breaker.Config{ResetTimeout: 30 * time.Second})
	r.b.TripAt(r.clock, "seen elsewhere", r.clock.Add(10*time.Second))
	until := func(want time.Duration) {
		t.Helper()
		if got := r.b.Metrics().Until.Sub(r.clock); got != want {
			t.Errorf("open for %v, want %v", got, want)
		}
	}
	until(10 * time.Second)
	r.b.TripAt(r.clock, "sooner", r.clock.Add(5*time.Second))
	until(10 * time.Second)
	r.b.TripAt(r.clock, "later", r.clock.Add(20*time.Second))
	until(20 * time.Second)
	r.b.TripAt(r.clock, "for ever", r.clock.Add(time.Hour))
	until(30 * time.Second)
	r.refusal()
	if m := r.b.Metrics(); m.Openings != 1 {
		t.Errorf("%d openings, want 1", m.Openings)
	}
	if tr := r.opening(); tr.Reason != "seen elsewhere" {
		t.Errorf("opening %+v", tr)
	}
	r.untilDue()
	r.call(breaker.Success)
	r.is(breaker.Closed)
}

func TestMergeOfOthersEvidence(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.calls(2, breaker.Failure)
	r.b.MergeAt(r.clock, breaker.Counts{Failed: 2})
	r.is(breaker.Closed)
	r.b.MergeAt(r.clock, breaker.Counts{Failed: 9, Answered: 1}) // no unbroken run
	r.calls(4, breaker.Failure)
	r.is(breaker.Closed)
	r.b.MergeAt(r.clock, breaker.Counts{Failed: 1})
	r.is(breaker.Open)
	if m := r.b.Metrics(); m.TotalCalls != 6 || m.FailedCalls != 6 {
		t.Errorf("others' calls are in the metrics: %+v", m)
	}

	r = newRig(t, rates(breaker.Config{FailureRate: 0.5, RateMinCalls: 10}))
	r.calls(4, breaker.Success)
	r.b.MergeAt(r.clock, breaker.Counts{Failed: 5})
	r.is(breaker.Closed)
	r.call(breaker.Failure)
	r.is(breaker.Open)
}

func TestConfigIsReplacedOnALiveCircuit(t *testing.T) {
	r := newRig(t, breaker.Config{})
	seen := func(tr breaker.Transition) { r.seen = append(r.seen, tr) }
	r.calls(3, breaker.Failure)
	set := func(cfg breaker.Config) {
		t.Helper()
		cfg.OnTransition, cfg.Seed = seen, 1
		if err := r.b.SetConfigAt(r.clock, cfg); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.b.SetConfigAt(r.clock, breaker.Config{FailureThreshold: -7}); err == nil {
		t.Error("a wrong configuration was taken")
	}
	set(breaker.Config{FailureThreshold: 4})
	if m := r.b.Metrics(); m.TotalCalls != 3 || m.FailedCalls != 3 || m.ConsecutiveFailures != 3 {
		t.Errorf("metrics %+v", m)
	}
	r.call(breaker.Failure)
	r.is(breaker.Open)
	set(breaker.Config{ResetTimeout: 100 * time.Millisecond})
	if got := r.b.Metrics().Until.Sub(r.clock); got != 100*time.Millisecond {
		t.Errorf("open for %v after ResetTimeout was shortened", got)
	}
	r.untilDue()
	r.call(breaker.Success)

	old := r.allow() // counted in a window that is about to be replaced
	set(breaker.Config{FailureRate: 0.5, RateMinCalls: 10, RateWindow: 5 * time.Minute})
	r.wait(time.Second)
	old.RecordAt(r.clock, breaker.Success)
	for range 5 {
		r.call(breaker.Success)
		r.call(breaker.Failure)
	}
	r.is(breaker.Open)
	if m := r.b.Metrics(); m.TotalCalls != 16 || m.FailedCalls != 9 {
		t.Errorf("metrics %+v", m)
	}
	set(breaker.Config{Mode: breaker.Disabled})
	if m := r.b.Mode(); m != breaker.Disabled {
		t.Errorf("mode %v", m)
	}
	r.mode(breaker.Normal)
	set(breaker.Config{Mode: breaker.Disabled, FailureThreshold: 2})
	if m := r.b.Mode(); m != breaker.Normal {
		t.Errorf("mode %v: what an operator has set is not undone by an unchanged field", m)
	}
}

func TestRegistryReplacesTheConfigOfAll(t *testing.T) {
	reg, err := breaker.NewRegistry(breaker.RegistryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	before := reg.Child("host", "a")
	if err := reg.SetConfig(breaker.RegistryConfig{Circuit: breaker.Config{FailureThreshold: 1, ResetTimeout: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	if err := reg.SetConfig(breaker.RegistryConfig{Circuit: breaker.Config{FailureThreshold: -5}}); err == nil {
		t.Error("a wrong configuration was taken")
	}
	if err := reg.SetConfig(breaker.RegistryConfig{Circuit: breaker.Config{Parent: before}}); err == nil {
		t.Error("a parent was taken")
	}
	for _, b := range []*breaker.Breaker{before, reg.Child("host", "b")} {
		p, err := b.AllowAt(now)
		if err != nil {
			t.Fatal(err)
		}
		p.RecordAt(now, breaker.Failure)
		if b.State() != breaker.Open {
			t.Errorf("%s is %v after one failure", b.Name(), b.State())
		}
	}
}
