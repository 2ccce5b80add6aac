package gate_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recloser/recloser/gate"
)

// tuned is a registry at the clock of a rig, whose gate is the rig's.
func tuned(t *testing.T, cfg gate.Config) (*gate.Registry, *rig) {
	t.Helper()
	cfg.Seed = 1
	reg := registry(t, gate.RegistryConfig{Gate: cfg})
	return reg, &rig{T: t, clock: start(), g: reg.GetAt(start(), "key", "gpt")}
}

func (r *rig) set(reg *gate.Registry, cfg gate.Config) {
	r.Helper()
	if err := reg.SetConfigAt(r.clock, gate.RegistryConfig{Gate: cfg}); err != nil {
		r.Fatal(err)
	}
}

func TestSetConfigCutsRunningWaits(t *testing.T) {
	reg, r := tuned(t, gate.Config{})
	r.limited(50 * time.Second)
	r.wait(time.Second)
	r.set(reg, gate.Config{MaxClosed: 5 * time.Second})
	if got := r.closedFor(); got != 5*time.Second {
		t.Errorf("closed for %v, want 5s", got)
	}
	r.wait(5 * time.Second)
	r.limited(time.Minute)
	if got := r.closedFor(); got != 5*time.Second {
		t.Errorf("the next one closes for %v, want 5s", got)
	}
	r.g.ResetAt(r.clock)
	r.report(gate.Report{Kind: gate.Quota})
	r.set(reg, gate.Config{MaxRetest: time.Minute, TestLease: 2 * time.Second})
	if m := r.g.MetricsAt(r.clock); m.State != gate.Parked || m.Until.Sub(r.clock) != time.Minute {
		t.Errorf("metrics %+v", m)
	}
	r.wait(time.Minute)
	r.allow()
	r.wait(2 * time.Second)
	r.allow() // the first test is taken for lost
}

func TestSetConfigLiftsALimitAndLetsTheLineGo(t *testing.T) {
	reg, r := tuned(t, gate.Config{})
	r.limited(time.Second)
	r.limited(time.Second)
	first, _ := r.g.WaitAt(r.clock, time.Time{})
	second, _ := r.g.WaitAt(r.clock, time.Time{})
	r.wait(time.Second)
	r.is(gate.Limited)
	var seen []gate.Transition
	r.set(reg, gate.Config{MaxWaiting: gate.Off, MaxWait: time.Millisecond, NoRate: true, OnTransition: func(tr gate.Transition) { seen = append(seen, tr) }})
	r.is(gate.Open)
	if len(seen) != 1 || seen[0].From != gate.Limited || seen[0].Reason != gate.NewConfig {
		t.Errorf("seen %v", seen)
	}
	if _, err := r.g.WaitAt(r.clock, time.Time{}); r.refused(err).Why != gate.LineFull {
		t.Errorf("who joins now: %v", err)
	}
	r.wait(10 * time.Second) // longer than MaxWait, which is for those who join
	for _, tk := range []*gate.Ticket{first, second} {
		if wait, err := tk.TurnAt(r.clock); wait != 0 || err != nil {
			t.Errorf("in line: %v, %v", wait, err)
		}
	}
	r.set(reg, gate.Config{NoRate: true})
	r.limited(time.Millisecond) // nobody is told, and nobody called
	r.limited(time.Millisecond)
	r.report(gate.Report{Kind: gate.Answer, Requests: gate.Limit{Limit: 60, Reset: time.Hour}})
	if m := r.g.MetricsAt(r.clock); m.Rate != 0 || len(seen) != 1 {
		t.Errorf("rate %v, seen %v", m.Rate, seen)
	}
}

// What the old one has noticed last may find nobody to tell.
func TestSetConfigWithoutObserver(t *testing.T) {
	reg, r := tuned(t, gate.Config{OnTransition: func(gate.Transition) {}})
	r.limited(time.Second)
	r.wait(time.Second)
	r.set(reg, gate.Config{})
	if m := r.g.MetricsAt(r.clock); m.ObserverPanics != 0 || m.State != gate.Open {
		t.Errorf("metrics %+v", m)
	}
}

// Who waits is told that the wait has become shorter.
func TestSetConfigWakesTheLine(t *testing.T) {
	reg := registry(t, gate.RegistryConfig{})
	g := reg.Get("key", "gpt")
	g.Report(gate.Report{Kind: gate.RateLimit, RetryAfter: 25 * time.Second})
	ended := make(chan error, 1)
	go func() { ended <- g.Wait(t.Context()) }()
	for g.Metrics().Waiting == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := reg.SetConfig(gate.RegistryConfig{Gate: gate.Config{MaxClosed: time.Millisecond}}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("still waits")
	}
}

func TestSetConfigThatCannotBeUsedChangesNothing(t *testing.T) {
	reg, r := tuned(t, gate.Config{MaxClosed: 30 * time.Second})
	err := reg.SetConfigAt(r.clock, gate.RegistryConfig{MaxGates: 1, IdleAfter: -1, Gate: gate.Config{MaxClosed: 10 * time.Second, MaxWait: 1}})
	if e, ok := errors.AsType[*gate.ConfigError](err); !ok || e.Field != "MaxWait" {
		t.Errorf("got %v", err)
	}
	r.limited(time.Minute)
	if got := r.closedFor(); got != 30*time.Second {
		t.Errorf("closed for %v, want 30s", got)
	}
	if g := reg.GetAt(r.clock, "new", "gpt"); g.Label() == gate.OverflowLabel {
		t.Error("the bound has changed")
	}
}

func TestSetConfigBoundsNewGates(t *testing.T) {
	reg, r := tuned(t, gate.Config{})
	reg.GetAt(r.clock, "other", "gpt")
	bound := func(n int) {
		if err := reg.SetConfigAt(r.clock, gate.RegistryConfig{MaxGates: n, Gate: gate.Config{MaxClosed: 5 * time.Second}}); err != nil {
			t.Fatal(err)
		}
	}
	bound(1)
	if g := reg.GetAt(r.clock, "new", "gpt"); g.Label() != gate.OverflowLabel || reg.Len() != 3 {
		t.Errorf("got %q of %d", g.Label(), reg.Len())
	}
	bound(3)
	g := reg.GetAt(r.clock, "new", "gpt")
	g.ReportAt(r.clock, gate.Report{Kind: gate.RateLimit, RetryAfter: time.Minute})
	if m := g.MetricsAt(r.clock); m.Label == gate.OverflowLabel || m.Until.Sub(r.clock) != 5*time.Second {
		t.Errorf("metrics %+v", m)
	}
}

// A seed of 0 keeps the one there is, and what it has drawn.
func TestSetConfigKeepsTheSeed(t *testing.T) {
	told := func(seeds ...uint64) (list []time.Duration) {
		reg, r := tuned(t, gate.Config{})
		r.limited(time.Minute)
		for _, seed := range seeds {
			r.set(reg, gate.Config{Seed: seed})
			list = append(list, r.refusal().RetryInAt(r.clock))
		}
		g := limited(r.clock, reg.GetAt(r.clock, "new", "gpt"), time.Minute)
		return append(list, r.refused(g.AllowAt(r.clock)).RetryInAt(r.clock))
	}
	same, kept, other := told(1, 1, 1), told(0, 0, 0), told(0, 0, 2)
	for i := range same {
		if same[i] != kept[i] || (same[i] == other[i]) != (i < 2) {
			t.Errorf("the same seed %v, none %v, another at last %v", same, kept, other)
			break
		}
	}
}

// Under real concurrency the test is the race detector's, and that NoRate holds
// for a report that had begun before it.
func TestSetConfigUnderTraffic(t *testing.T) {
	var seen, calls atomic.Int64
	busy := gate.Config{MaxClosed: 2 * time.Millisecond, FirstGuess: time.Millisecond, MaxWait: 50 * time.Millisecond, Retest: time.Millisecond, MaxRetest: time.Millisecond}
	reg := registry(t, gate.RegistryConfig{Gate: busy})
	var all sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		all.Go(func() {
			for j := 0; ; j++ {
				select {
				case <-stop:
					return
				default:
				}
				g := reg.Get([]string{"a", "b", "c"}[j%3], "gpt")
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(j%5)*time.Millisecond)
				if g.Wait(ctx) == nil {
					g.Report(gate.Report{
						Kind: gate.Kind((i + j) % 6), Begun: time.Now(), Requests: gate.Limit{Limit: 60, Reset: time.Hour},
					})
				}
				cancel()
				calls.Add(1)
			}
		})
	}
	for i := 0; i < 100_000 && (calls.Load() < 1000 || seen.Load() == 0); i++ {
		cfg := busy
		cfg.NoRate, cfg.NoSlowdown, cfg.Seed = i%2 == 1, i%3 == 0, uint64(i%4)
		if i%5 > 0 {
			cfg.OnTransition = func(gate.Transition) { seen.Add(1) }
		}
		if err := reg.SetConfig(gate.RegistryConfig{Gate: cfg, MaxGates: 2 + i%2}); err != nil {
			t.Fatal(err)
		}
		for _, g := range reg.All() {
			if m := g.Metrics(); cfg.NoRate && m.Rate != 0 {
				t.Fatalf("a limit of %v in spite of NoRate", m.Rate)
			}
		}
	}
	close(stop)
	all.Wait()
	for _, g := range reg.All() {
		if m := g.Metrics(); m.ObserverPanics != 0 || m.Waiting != 0 {
			t.Errorf("metrics %+v", m)
		}
	}
	if seen.Load() == 0 {
		t.Error("no transition was seen")
	}
}
