package breaker_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// reborn returns a circuit restored, after some time, from the JSON of another.
func (r *rig) reborn(cfg breaker.Config, after time.Duration) *rig {
	r.Helper()
	text, err := json.Marshal(r.b.SnapshotAt(r.clock))
	if err != nil {
		r.Fatal(err)
	}
	var s breaker.Snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		r.Fatalf("%v: %s", err, text)
	}
	n := newRig(r.T, cfg)
	n.clock = r.clock.Add(after)
	if err := n.b.RestoreAt(n.clock, s); err != nil {
		r.Fatal(err)
	}
	return n
}

func TestOpenCircuitIsOpenAfterARestart(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.calls(3, breaker.Success)
	period := r.trip()
	r.refusal()
	n := r.reborn(breaker.Config{}, period/2)
	n.is(breaker.Open)
	n.refusal()
	want, got := r.b.Metrics(), n.b.Metrics()
	want.RefusedCalls++
	want.Calls.Refused++
	if got != want {
		t.Errorf("metrics after the restart\n     %+v\nwant %+v", got, want)
	}
	if len(n.seen) != 1 || n.seen[0].Reason != breaker.Restored || n.seen[0].To != breaker.Open || !n.seen[0].Until.Equal(want.Until) {
		t.Errorf("told %+v", n.seen)
	}
	n.untilDue()
	n.call(breaker.Failure)
	if m := n.b.Metrics(); m.Openings != 2 {
		t.Errorf("%d openings: the open period did not grow", m.Openings)
	}
}

func TestRestoredRemainingTimeIsClamped(t *testing.T) {
	r := newRig(t, breaker.Config{ResetTimeout: time.Hour, BaseTimeout: time.Hour})
	r.trip()
	n := r.reborn(breaker.Config{ResetTimeout: 10 * time.Second}, time.Second)
	n.between("rest of the period", n.b.Metrics().Until.Sub(n.clock), 10*time.Second, 10*time.Second)
	n = r.reborn(breaker.Config{}, 2*time.Hour)
	n.is(breaker.Open)
	if !n.allow().Probe() {
		t.Error("no probe although the period is over")
	}
	n = r.reborn(breaker.Config{ResetTimeout: 10 * time.Second}, -24*time.Hour) // the clock was set back meanwhile
	n.between("rest of the period", n.b.Metrics().Until.Sub(n.clock), 0, 10*time.Second)
}

func TestHalfOpenCircuitStartsOverWithItsProbeDue(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.trip()
	r.untilDue()
	r.allow()
	n := r.reborn(breaker.Config{}, time.Second)
	n.is(breaker.Open)
	if !n.allow().Probe() {
		t.Error("no probe")
	}
}

func TestRunAndModeSurvive(t *testing.T) {
	r := newRig(t, breaker.Config{})
	r.calls(4, breaker.Failure)
	r.mode(breaker.Observe)
	n := r.reborn(breaker.Config{}, time.Second)
	if n.b.Mode() != breaker.Observe {
		t.Errorf("mode %v", n.b.Mode())
	}
	n.call(breaker.Failure)
	n.is(breaker.Open)
}

func TestRunWithinASpanSurvives(t *testing.T) {
	cfg := breaker.Config{FailureSpan: time.Minute}
	r := newRig(t, cfg)
	for range 4 {
		r.allow().RecordResultAt(r.clock, breaker.Result{Outcome: breaker.Failure, Cause: "503"})
	}
	n := r.reborn(cfg, time.Second)
	n.call(breaker.Failure)
	n.is(breaker.Open)
	if tr := n.opening(); tr.Causes != "4 × 503" {
		t.Errorf("causes %q", tr.Causes)
	}
}

func TestAgeOfAnOutageAndCountsSurvive(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true})
	r.calls(30, breaker.Success)
	r.trip()
	down := r.clock
	for range 5 {
		r.untilDue()
		r.call(breaker.Failure)
	}
	n := r.reborn(breaker.Config{Ramp: true}, time.Second)
	s, m := n.b.SnapshotAt(n.clock), n.b.Metrics()
	if !m.Down.Equal(down) || m.Calls != r.b.Metrics().Calls || len(s.Times) == 0 || s.Times[0] < 4 {
		t.Errorf("restored %+v", s)
	}
}

// A parent's calls are its children's: they must not be counted twice.
func TestRestoredParentCountsItsChildrenOnce(t *testing.T) {
	reg := func() *breaker.Registry {
		reg, err := breaker.NewRegistry(breaker.RegistryConfig{MaxCircuits: 1})
		if err != nil {
			t.Fatal(err)
		}
		return reg
	}
	old, reborn := reg(), reg()
	for range 10 {
		p, err := old.ChildAt(start(), "host", "a").AllowAt(start())
		if err != nil {
			t.Fatal(err)
		}
		p.RecordAt(start(), breaker.Success)
	}
	list := old.SnapshotAt(start())
	if err := reborn.RestoreAt(start(), list); err != nil {
		t.Fatal(err)
	}
	if n := reborn.Get("host").Metrics().TotalCalls; n != 10 {
		t.Errorf("%d calls of the host, want 10", n)
	}
	list[1].Name, list[1].State = "host/b", breaker.Open
	if err := reborn.RestoreAt(start(), list[1:]); err == nil {
		t.Error("no error although there is no room")
	}
	if s := reborn.Child("host", "b").State(); s != breaker.Closed {
		t.Errorf("the overflow circuit is %v", s)
	}
}

func TestSnapshotThatMakesNoSenseChangesNothing(t *testing.T) {
	for _, bad := range []func(*breaker.Snapshot){
		func(s *breaker.Snapshot) { s.State = 7 },
		func(s *breaker.Snapshot) { s.Mode = 7 },
		func(s *breaker.Snapshot) { s.TotalCalls = -1 },
		func(s *breaker.Snapshot) { s.Openings = -1 },
		func(s *breaker.Snapshot) { s.ConsecutiveFailures = -1 },
	} {
		r := newRig(t, breaker.Config{})
		s := r.b.SnapshotAt(r.clock)
		before := r.b.Metrics()
		bad(&s)
		if err := r.b.RestoreAt(r.clock, s); err == nil {
			t.Errorf("taken: %+v", s)
		}
		if after := r.b.Metrics(); after != before {
			t.Errorf("changed to %+v", after)
		}
	}
}

func TestRegistrySurvivesARestart(t *testing.T) {
	now := time.Now()
	make := func() *breaker.Registry {
		reg, err := breaker.NewRegistry(breaker.RegistryConfig{Circuit: breaker.Config{FailureThreshold: 1, ResetTimeout: time.Hour, BaseTimeout: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		return reg
	}
	old, reborn := make(), make()
	for _, b := range []*breaker.Breaker{old.Child("host", "a/b"), old.Get("alone")} {
		trip(t, b, now)
	}
	old.Child("host", "calm")
	list := old.Snapshot()
	list = append(list, breaker.Snapshot{Metrics: breaker.Metrics{Name: "broken", TotalCalls: -1}})
	if err := reborn.Restore(list); err == nil {
		t.Error("no error for the broken one")
	}
	for name, want := range map[string]breaker.State{
		"host": breaker.Closed, "host/a/b": breaker.Open, "host/calm": breaker.Closed, "alone": breaker.Open, "broken": breaker.Closed,
	} {
		found := false
		for _, b := range reborn.All() {
			if b.Name() == name {
				found = true
				if b.State() != want {
					t.Errorf("%s is %v, want %v", name, b.State(), want)
				}
				if name == "host/a/b" && (b.Parent() == nil || b.Parent().Name() != "host") {
					t.Errorf("%s has lost its parent", name)
				}
			}
		}
		if !found {
			t.Errorf("%s is missing", name)
		}
	}
}

// FuzzRestore restores whatever JSON says and then uses the circuit: it must
// keep its invariants.
func FuzzRestore(f *testing.F) {
	f.Add([]byte(`{"State":"open","Until":"2026-01-01T12:00:20Z","Openings":3,"At":"2026-01-01T12:00:00Z"}`))
	f.Add([]byte(`{"State":"half-open","Mode":"observe","TotalCalls":9007199254740992,"Policy":[null,{}]}`))
	f.Add([]byte(`{"State":"closed","Since":"0001-01-01T00:00:00Z","LastFailure":"9999-12-31T23:59:59Z","ConsecutiveFailures":4}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var s breaker.Snapshot
		if json.Unmarshal(text, &s) != nil {
			return
		}
		cfg := breaker.Config{FailureRate: 0.5, SlowRate: 0.5, SlowAfter: time.Second, StallAfter: time.Minute, Ramp: true, Seed: 1}
		b, err := breaker.NewAt(start(), "x", cfg)
		if err != nil {
			t.Fatal(err)
		}
		if b.RestoreAt(start(), s) != nil {
			return
		}
		use(t, b, 40)
		if err := b.RestoreAt(start().Add(time.Hour), b.SnapshotAt(start())); err != nil {
			t.Errorf("its own snapshot does not fit: %v", err)
		}
	})
}

// FuzzConfig uses a circuit of any configuration that is valid.
func FuzzConfig(f *testing.F) {
	f.Add(5, int64(0), 0.5, 0.5, int64(1e9), int64(1e10), 20, int64(1e10), int64(3e10), int64(1e9), 1, 1, int64(3e10), true, uint8(0))
	f.Add(-1, int64(1e9), 1e-9, 1.0, int64(1), int64(1e6), 1, int64(1e6), int64(1e6), int64(1e6), 1000, 3, int64(1e6), false, uint8(3))
	f.Fuzz(func(t *testing.T, threshold int, span int64, rate, slow float64, slowAfter, window int64, calls int,
		stall, reset, base int64, probes, good int, lease int64, ramp bool, mode uint8,
	) {
		cfg := breaker.Config{
			FailureThreshold: threshold, FailureSpan: time.Duration(span), FailureRate: rate, SlowRate: slow,
			SlowAfter: time.Duration(slowAfter), RateWindow: time.Duration(window), RateMinCalls: calls,
			StallAfter: time.Duration(stall), ResetTimeout: time.Duration(reset), BaseTimeout: time.Duration(base),
			Probes: probes, ProbeSuccesses: good, ProbeLease: time.Duration(lease), Ramp: ramp, Mode: breaker.Mode(mode), Seed: 1,
		}
		b, err := breaker.NewAt(start(), "x", cfg)
		if err != nil {
			if cfg.Validate() == nil {
				t.Errorf("New: %v, Validate: nil", err)
			}
			return
		}
		use(t, b, 60)
	})
}

// use makes calls of all kinds and checks what must hold whatever happens.
func use(t *testing.T, b *breaker.Breaker, n int) {
	t.Helper()
	now := start()
	var out []*breaker.Permit
	calls := b.Metrics().TotalCalls
	for i := range n {
		now = now.Add(time.Duration(i*i%7) * 300 * time.Millisecond)
		p, err := b.AllowAt(now)
		if err == nil {
			calls++
			out = append(out, &p)
		}
		if len(out) > 2 {
			out[0].RecordAt(now, breaker.Outcome(i%4))
			out = out[1:]
		}
		m := b.Metrics()
		if m.TotalCalls != calls {
			t.Fatalf("%d calls, want %d", m.TotalCalls, calls)
		}
		if err != nil && m.Mode == breaker.Disabled || err != nil && m.Mode == breaker.Observe {
			t.Fatalf("refused in mode %v", m.Mode)
		}
		if m.State == breaker.Open && m.Until.Sub(now) > 24*time.Hour {
			t.Fatalf("open until %v", m.Until)
		}
		if b.WhyAt(now) == "" {
			t.Fatal("no explanation")
		}
	}
}

// A child's answer that is too late for its parent is taken back there.
func TestSnapshotOfAParentThatTakesAnswersBack(t *testing.T) {
	p := newPair(t)
	late := p.allow()
	p.host.b.TripAt(p.clock, "somebody", p.clock.Add(time.Second))
	late.RecordAt(p.clock, breaker.Success)
	s := p.host.b.SnapshotAt(p.clock)
	if s.Calls.Answered != -1 {
		t.Fatalf("%d answers, want -1 beside the child's", s.Calls.Answered)
	}
	if err := newRig(t, breaker.Config{}).b.RestoreAt(p.clock, s); err != nil {
		t.Error(err)
	}
}
