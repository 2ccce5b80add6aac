package breaker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// upstream is a host with adaptive circuits, and those of its models.
type upstream struct {
	*rig
	models []*breaker.Breaker
}

func newUpstream(t *testing.T, models int, onTransition func(breaker.Transition)) *upstream {
	t.Helper()
	cfg := breaker.Config{NewPolicy: breaker.Adaptive(breaker.AdaptiveConfig{}), Seed: 1, OnTransition: onTransition}
	u := &upstream{rig: newRig(t, cfg)}
	for i := range models {
		child := cfg
		child.Parent = u.b
		b, err := breaker.NewAt(u.clock, fmt.Sprintf("db/%d", i), child)
		if err != nil {
			t.Fatal(err)
		}
		u.models = append(u.models, b)
	}
	return u
}

func (u *upstream) ask(model int) *breaker.Permit {
	u.Helper()
	p, err := u.models[model].AllowAt(u.clock)
	if err != nil {
		u.Fatalf("model %d is refused: %v", model, err)
	}
	return &p
}

func (u *upstream) end(model int, o breaker.Outcome, class breaker.Class) {
	u.Helper()
	u.ask(model).RecordResultAt(u.clock, breaker.Result{Outcome: o, Class: class, Reach: breaker.Answered})
}

func (u *upstream) are(host breaker.State, models ...breaker.State) {
	u.Helper()
	if got := u.b.State(); got != host {
		u.Fatalf("the host is %v, want %v: %s", got, host, u.b.WhyAt(u.clock))
	}
	for i, want := range models {
		if got := u.models[i].State(); got != want {
			u.Fatalf("model %d is %v, want %v: %s", i, got, want, u.models[i].WhyAt(u.clock))
		}
	}
}

func TestAdaptiveOneModelDoesNotOpenItsHost(t *testing.T) {
	u := newUpstream(t, 2, nil)
	u.end(1, breaker.Success, 0)
	u.wait(time.Second)
	for range 4 {
		u.end(0, breaker.Failure, 0)
	}
	u.are(breaker.Closed, breaker.Open, breaker.Closed)
	u.end(1, breaker.Failure, 0)
	u.are(breaker.Closed, breaker.Open, breaker.Closed) // half of the odds, and one failure
	u.end(1, breaker.Failure, 0)
	u.are(breaker.Open, breaker.Closed, breaker.Closed) // which explains the model
	if why := u.models[0].WhyAt(u.clock); strings.Contains(why, "watching") {
		t.Error(why)
	}
}

func TestAdaptiveOnlyModelOpensItsHost(t *testing.T) {
	u := newUpstream(t, 2, nil)
	u.end(1, breaker.Success, 0)
	u.wait(6 * time.Minute) // the other has not been in use for long
	for range 4 {
		u.end(0, breaker.Failure, 0)
	}
	u.are(breaker.Open, breaker.Closed, breaker.Closed)
}

func TestAdaptiveStalledCallsOfOneModelOpenItsHost(t *testing.T) {
	u := newUpstream(t, 2, nil)
	for range 20 {
		u.end(1, breaker.Success, 0)
		u.wait(100 * time.Millisecond) // of a slot not all answers are timed
	}
	u.wait(time.Second)
	for range 7 {
		u.ask(0)
	}
	u.wait(time.Second)
	_, _ = u.models[1].AllowAt(u.clock)
	u.are(breaker.Open)
	if !strings.Contains(u.b.WhyAt(u.clock), "[rule 1, k 0, s 7,") {
		t.Error(u.b.WhyAt(u.clock))
	}
}

// At the host a 429 is an answer: it ends the run there, and not the model's.
func TestAdaptiveQuotaIsAnAnswerOfTheHost(t *testing.T) {
	u := newUpstream(t, 2, nil)
	for i := range 40 {
		u.wait(time.Second)
		u.end(i%2, breaker.Failure, 0)
		u.wait(time.Second)
		u.end(1-i%2, breaker.Ignored, breaker.Quota)
		if u.models[0].State() != breaker.Closed {
			break
		}
	}
	u.are(breaker.Closed)
	if u.models[0].State() == breaker.Closed {
		t.Error("failures of a model that answers only 429 beside are no run")
	}
	for range 10 { // and rule 3 is the model's
		if u.models[1].State() == breaker.Closed {
			u.end(1, breaker.Ignored, breaker.Quota)
		}
	}
	u.are(breaker.Closed)
}

// While the host is down its models know nothing of it, and calls begun before
// say nothing after.
func TestAdaptiveHostExplainsItsModels(t *testing.T) {
	u := newUpstream(t, 2, nil)
	late := []*breaker.Permit{u.ask(0), u.ask(0), u.ask(0), u.ask(0)}
	u.wait(time.Second)
	for i := range 4 {
		u.end(i%2, breaker.Failure, 0)
	}
	u.are(breaker.Open, breaker.Closed, breaker.Closed)
	for _, p := range late {
		p.RecordResultAt(u.clock, breaker.Result{Outcome: breaker.Failure, Reach: breaker.Answered})
	}
	u.are(breaker.Open, breaker.Closed, breaker.Closed)
	u.untilDue()
	u.end(0, breaker.Success, 0)
	u.are(breaker.Closed, breaker.Closed, breaker.Closed)
	if m := u.models[0].Metrics(); m.Ramp != 0 {
		t.Errorf("the model has a ramp of its own: %+v", m)
	}
	if u.b.Metrics().Ramp != 2 {
		t.Errorf("the host has none: %+v", u.b.Metrics())
	}
}

func TestDeadlinesThatPassedAreHangs(t *testing.T) {
	late := fmt.Errorf("no answer: %w", context.DeadlineExceeded)
	for name, fail := range map[string]func(*rig, error){
		"Do": func(r *rig, err error) {
			now := func() time.Time { return r.clock }
			_ = breaker.RunAt(t.Context(), r.b, now, func(context.Context) error { return err })
		},
		"Done":   func(r *rig, err error) { p, _ := r.b.Allow(); p.Done(&err) },
		"DoneAt": func(r *rig, err error) { r.allow().DoneAt(r.clock, &err) },
	} {
		for err, want := range map[error]breaker.Class{errService: breaker.QuickFailure, late: breaker.Hang} {
			p := &scripted{}
			r := newScripted(t, p, breaker.Config{})
			p.events = nil
			fail(r, err)
			if e := p.events[len(p.events)-1]; e.Class != want {
				t.Errorf("%s of %v: %v, want %v", name, err, e.Class, want)
			}
		}
	}
}

// Whatever happens, in whatever order, the policy does not panic, nothing that is
// reported contradicts itself, and when all is well again everybody is let in.
func TestAdaptiveInvariants(t *testing.T) {
	for n := range min(40, histories/30) {
		seed := uint64(n)
		rng := rand.New(rand.NewPCG(seed, 1))
		u := newUpstream(t, 3, nil)
		var out []*breaker.Permit
		all := append([]*breaker.Breaker{u.b}, u.models...)
		for range 800 {
			switch k := rng.IntN(100); {
			case k < 40:
				u.wait(time.Duration(rng.ExpFloat64() * float64(200*time.Millisecond)))
			case k < 41:
				u.wait(time.Duration(rng.IntN(600)-20) * time.Second)
			case k < 70:
				if p, err := all[rng.IntN(len(all))].AllowAt(u.clock); err == nil {
					out = append(out, &p)
				}
			case k < 71:
				all[rng.IntN(len(all))].ResetAt(u.clock)
			case k < 72:
				all[rng.IntN(len(all))].TripAt(u.clock, "somebody", u.clock.Add(time.Minute))
			case k < 73:
				b := all[rng.IntN(len(all))]
				if err := b.SetModeAt(u.clock, breaker.Mode(rng.IntN(4))); err != nil {
					t.Fatal(err)
				}
				if err := b.SetModeAt(u.clock, breaker.Normal); err != nil {
					t.Fatal(err)
				}
			case len(out) > 0:
				i := rng.IntN(len(out))
				if rng.IntN(4) == 0 {
					out[i].ProgressAt(u.clock)
					continue
				}
				out[i].RecordResultAt(u.clock, randomResult(rng, seed))
				out[i] = out[len(out)-1]
				out = out[:len(out)-1]
			}
			u.check(all[rng.IntN(len(all)):])
		}
		u.recovers(all, out)
	}
}

func randomResult(rng *rand.Rand, seed uint64) breaker.Result {
	r := breaker.Result{Outcome: breaker.Success, Reach: breaker.Reach(rng.IntN(3))}
	if rng.Uint64N(10) < seed%10 {
		r.Outcome, r.Class = breaker.Outcome(2+rng.IntN(2)), breaker.Class(rng.IntN(6))
		r.RetryAfter = time.Duration(rng.IntN(3)) * time.Second
	}
	return r
}

func (u *upstream) check(all []*breaker.Breaker) {
	u.Helper()
	for _, b := range all {
		m := b.Metrics()
		if m.PolicyPanics > 0 || m.Probes > 0 && m.State != breaker.HalfOpen ||
			m.State == breaker.Open && m.Until.Sub(u.clock) > 120*time.Second {
			u.Fatalf("%+v at %v", m, u.clock)
		}
		_ = b.WhyAt(u.clock)
	}
}

// recovers ends all calls, and demands that good ones are soon let in freely.
func (u *upstream) recovers(all []*breaker.Breaker, out []*breaker.Permit) {
	u.Helper()
	for _, p := range out {
		p.RecordAt(u.clock, breaker.Ignored)
	}
	for range 400 {
		u.wait(4 * time.Second)
		for _, b := range all[1:] {
			if p, err := b.AllowAt(u.clock); err == nil {
				p.RecordAt(u.clock, breaker.Success)
			}
		}
	}
	for _, b := range all {
		if m := b.Metrics(); m.State != breaker.Closed || m.Ramp != 0 {
			u.Fatalf("does not recover: %+v", m)
		}
		s := b.SnapshotAt(u.clock)
		fresh := newAdaptive(u.T, "", breaker.Config{})
		fresh.clock = u.clock
		if err := fresh.b.RestoreAt(u.clock, s); err != nil {
			u.Fatal(err)
		}
	}
}

func TestAdaptiveCalmCallsDoNotAllocate(t *testing.T) {
	u := newUpstream(t, 2, nil)
	u.end(0, breaker.Success, 0)
	if n := testing.AllocsPerRun(1000, func() {
		p, err := u.models[0].AllowAt(u.clock)
		if err != nil {
			t.Fatal(err)
		}
		p.RecordAt(u.clock, breaker.Success)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
