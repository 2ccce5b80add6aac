package gate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/gate"
)

func registry(t *testing.T, cfg gate.RegistryConfig) *gate.Registry {
	t.Helper()
	r, err := gate.NewRegistry(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func limited(now time.Time, g *gate.Gate, d time.Duration) *gate.Gate {
	g.ReportAt(now, gate.Report{Kind: gate.RateLimit, RetryAfter: d})
	return g
}

func TestOneGateForEachKeyAndModel(t *testing.T) {
	r := registry(t, gate.RegistryConfig{})
	a := limited(start(), r.GetAt(start(), "a", "gpt"), time.Minute)
	if r.GetAt(start(), "a", "gpt") != a {
		t.Error("another gate for the same key and model")
	}
	for _, other := range []*gate.Gate{r.GetAt(start(), "a", "o3"), r.GetAt(start(), "b", "gpt"), r.GetAt(start(), "agp", "t")} {
		if err := other.AllowAt(start()); err != nil {
			t.Error(err)
		}
	}
	if a.AllowAt(start()) == nil || r.Len() != 4 || a.Model() != "gpt" {
		t.Errorf("%d gates", r.Len())
	}
}

func TestIdleGatesMakeRoom(t *testing.T) {
	r := registry(t, gate.RegistryConfig{MaxGates: 3, IdleAfter: time.Minute})
	get := func(at float64, key string) *gate.Gate { return r.GetAt(after(at), key, "gpt") }
	idle := get(0, "idle")
	limited(after(30), get(0, "limited"), time.Second)
	get(0, "used").ReportAt(after(50), gate.Report{Kind: gate.Answer})
	if g := get(59, "new"); g.Label() != gate.OverflowLabel || r.Len() != 4 {
		t.Errorf("none is idle yet, but got %q of %d", g.Label(), r.Len())
	}
	idle.MetricsAt(after(59)) // to look is not to use
	if g := get(62, "new"); g.Label() == gate.OverflowLabel || r.Len() != 4 {
		t.Errorf("one is idle, but got %q of %d", g.Label(), r.Len())
	}
	for _, g := range r.All() {
		if g == idle {
			t.Error("the idle one is still there")
		}
	}
	if g := get(63, "newer"); g.Label() != gate.OverflowLabel {
		t.Error("the limit was recent, and its gate is given up")
	}
	if g := get(200, "newer"); g.Label() == gate.OverflowLabel || r.Len() != 2 {
		t.Errorf("all were idle, but got %q of %d", g.Label(), r.Len())
	}
}

func TestClosedAndParkedGatesAreNotGivenUp(t *testing.T) {
	r := registry(t, gate.RegistryConfig{MaxGates: 2, Gate: gate.Config{MaxClosed: time.Hour}})
	limited(start(), r.GetAt(start(), "closed", "gpt"), time.Hour)
	r.GetAt(start(), "parked", "gpt").ReportAt(start(), gate.Report{Kind: gate.Quota})
	if g := r.GetAt(after(3599), "new", "gpt"); g.Label() != gate.OverflowLabel {
		t.Error("one was given up")
	}
}

// An observer may use the registry, also for what is noticed while it makes room.
func TestObserverMayUseTheRegistry(t *testing.T) {
	var r *gate.Registry
	var told []string
	r = registry(t, gate.RegistryConfig{MaxGates: 1, IdleAfter: time.Second, Gate: gate.Config{OnTransition: func(tr gate.Transition) {
		told = append(told, string(tr.Reason))
		r.GetAt(after(200), "third", "gpt")
		_ = r.All()
	}}})
	limited(start(), r.GetAt(start(), "first", "gpt"), time.Second)
	r.GetAt(after(100), "second", "gpt")
	if strings.Join(told, ", ") != "rate limit, wait over" {
		t.Errorf("told %q", told)
	}
}

func TestInventedKeysDoNotGrowTheRegistry(t *testing.T) {
	r := registry(t, gate.RegistryConfig{MaxGates: 10})
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 1000 {
				if err := r.Get(fmt.Sprint(i, j), "gpt").Allow(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if r.Len() != 11 {
		t.Errorf("%d gates, want 10 and the overflow", r.Len())
	}
}

func TestOverflowHoldsBackNobody(t *testing.T) {
	r := registry(t, gate.RegistryConfig{MaxGates: 1})
	r.GetAt(start(), "a", "gpt")
	g := r.GetAt(start(), "b", "gpt")
	few := gate.Limit{Limit: 60, Reset: time.Hour}
	for i := range 300 {
		for kind := range gate.BadKey + 1 {
			g.ReportAt(after(float64(i)), gate.Report{Kind: kind, RetryAfter: time.Minute, Requests: few})
			if err := r.GetAt(after(float64(i)), "c", "gpt").AllowAt(after(float64(i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if m := g.MetricsAt(after(300)); m.RateLimits != 300 || m.Overloads != 300 || m.Quotas != 300 || m.BadKeys != 300 || m.State != gate.Open || m.Answered < 0.5 {
		t.Errorf("metrics %+v", m)
	}
}

func TestBadRegistryConfigNamesField(t *testing.T) {
	for field, cfg := range map[string]gate.RegistryConfig{
		"MaxGates": {MaxGates: -1}, "IdleAfter": {IdleAfter: -1}, "MaxWait": {Gate: gate.Config{MaxWait: 1}},
	} {
		_, err := gate.NewRegistry(cfg)
		if e, ok := errors.AsType[*gate.ConfigError](err); !ok || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestRestartForgetsNothing(t *testing.T) {
	old := registry(t, gate.RegistryConfig{})
	limited(start(), old.GetAt(start(), "key-closed", "gpt"), 40*time.Second)
	slow := limited(start(), old.GetAt(start(), "key-slow", "gpt"), time.Millisecond)
	limited(after(1), slow, 2*time.Second)
	old.GetAt(start(), "key-parked", "gpt").ReportAt(start(), gate.Report{Kind: gate.Quota})
	bad := old.GetAt(start(), "key-bad", "gpt")
	bad.ReportAt(start(), gate.Report{Kind: gate.Quota})
	bad.ReportAt(start(), gate.Report{Kind: gate.BadKey}) // sent before it was parked
	bad.ResetAt(start())
	bad.ReportAt(after(1), gate.Report{Kind: gate.BadKey})
	old.GetAt(start(), "key-open", "gpt")
	data, err := json.Marshal(old.SnapshotAt(after(2)))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "key-") || !strings.Contains(string(data), `"State":"parked"`) {
		t.Errorf("snapshot %s", data)
	}
	var list []gate.Snapshot
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	anew := registry(t, gate.RegistryConfig{})
	if err := anew.Restore(list); err != nil {
		t.Fatal(err)
	}
	if again := anew.SnapshotAt(after(3)); len(again) != 5 {
		t.Errorf("before anybody asks, %d snapshots", len(again))
	}
	now := after(4)
	for key, state := range map[string]gate.State{"closed": gate.Closed, "slow": gate.Limited, "parked": gate.Parked, "bad": gate.Parked, "open": gate.Open} {
		was, is := old.GetAt(now, "key-"+key, "gpt").MetricsAt(now), anew.GetAt(now, "key-"+key, "gpt").MetricsAt(now)
		if is.State != state || !is.Until.Equal(was.Until) || !near(is.Rate, was.Rate, 1e-6) || is.RateLimits != was.RateLimits || is.Quotas != was.Quotas ||
			is.BadKeys != was.BadKeys || is.ParkedFor != was.ParkedFor {
			t.Errorf("%s was %+v\nis %+v", key, was, is)
		}
	}
	if r := anew.GetAt(now, "key-slow", "gpt"); r.AllowAt(now) != nil || r.AllowAt(now) == nil {
		t.Error("a limit with one token lets through none or two")
	}
}

func TestRestoredWaitIsBounded(t *testing.T) {
	for _, s := range []gate.Snapshot{
		{Metrics: gate.Metrics{State: gate.Closed, Until: after(1e6)}, At: start()},
		{Metrics: gate.Metrics{State: gate.Parked, Until: after(1e9)}, At: after(1e9), ParkedSince: after(1e9), Hit: after(1e9), Cut: after(1e9)},
	} {
		r := newRig(t, gate.Config{})
		if err := r.g.RestoreAt(r.clock, s); err != nil {
			t.Fatal(err)
		}
		r.wait(time.Hour)
		r.allow()
	}
}

func TestBadSnapshotChangesNothing(t *testing.T) {
	nan := 0.
	nan /= nan
	for field, s := range map[string]gate.Snapshot{
		"State": {Metrics: gate.Metrics{State: 9}}, "Rate": {Metrics: gate.Metrics{Rate: nan}}, "Tokens": {Tokens: -1},
		"BadKeys": {Metrics: gate.Metrics{BadKeys: -1}}, "ParkedFor": {Metrics: gate.Metrics{ParkedFor: gate.WasReset}},
		"Guesses": {Guesses: -1}, "Retest": {Retest: -1}, "Refused": {Metrics: gate.Metrics{Refused: -1}},
	} {
		r := newRig(t, gate.Config{})
		err := r.g.RestoreAt(r.clock, s)
		if e, ok := errors.AsType[*gate.ConfigError](err); !ok || e.Field != "Snapshot."+field {
			t.Errorf("%s: %v", field, err)
		}
		r.is(gate.Open)
		reg := registry(t, gate.RegistryConfig{})
		if err := reg.Restore([]gate.Snapshot{s}); err == nil || len(reg.Snapshot()) != 0 {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestStatesAreTheirNames(t *testing.T) {
	for _, s := range []gate.State{gate.Open, gate.Limited, gate.Closed, gate.Parked} {
		text, err := s.MarshalText()
		back := gate.State(9)
		if err != nil || back.UnmarshalText(text) != nil || back != s {
			t.Errorf("%v is read back as %v", s, back)
		}
	}
	var s gate.State
	if err := s.UnmarshalText([]byte("ajar")); err == nil {
		t.Error("a state that does not exist")
	}
}
