package breaker_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// scripted is a policy made of functions.
type scripted struct {
	needs  breaker.Needs
	judge  func(*breaker.View, breaker.Event) breaker.Decision
	events []breaker.Event
}

func (p *scripted) Needs() breaker.Needs     { return p.needs }
func (p *scripted) Why(*breaker.View) string { return "" }
func (p *scripted) Judge(v *breaker.View, e breaker.Event) (d breaker.Decision) {
	p.events = append(p.events, e)
	if p.judge != nil {
		d = p.judge(v, e)
	}
	return d
}

func (p *scripted) kinds() (kinds []breaker.EventKind) {
	for _, e := range p.events {
		kinds = append(kinds, e.Kind)
	}
	p.events = nil
	return kinds
}

func newScripted(t *testing.T, p *scripted, cfg breaker.Config) *rig {
	t.Helper()
	cfg.NewPolicy = func() breaker.Policy { return p }
	return newRig(t, cfg)
}

func TestPolicyIsToldWhatItMustKnow(t *testing.T) {
	p := &scripted{}
	p.judge = func(_ *breaker.View, e breaker.Event) breaker.Decision {
		return breaker.Decision{Trip: e.Failed(), Reason: "any failure"}
	}
	r := newScripted(t, p, breaker.Config{})
	want := func(what string, kinds ...breaker.EventKind) {
		t.Helper()
		if got := p.kinds(); !slices.Equal(got, kinds) {
			t.Errorf("%s: told %v, want %v", what, got, kinds)
		}
	}
	want("its beginning", breaker.Started)
	late := r.allow()
	r.calls(3, breaker.Success)
	want("calm successes")
	r.wait(300 * time.Millisecond)
	r.call(breaker.Success)
	want("a new slot", breaker.Turned)
	r.call(breaker.Failure)
	want("a failure", breaker.Recorded, breaker.Opened)
	late.RecordAt(r.clock, breaker.Failure)
	want("a late failure", breaker.Late)
	r.untilDue()
	probe := r.allow()
	want("a probe", breaker.ProbeBegan)
	r.wait(time.Second)
	probe.RecordAt(r.clock, breaker.Success)
	if e := p.events[0]; !e.Probe || e.Class != breaker.Answer || e.Took != time.Second {
		t.Errorf("event of the probe %+v", e)
	}
	want("its success, in a new slot", breaker.Recorded, breaker.Reclosed, breaker.Turned)
	q := r.allow()
	q.RecordResultAt(r.clock, breaker.Result{Outcome: breaker.Ignored, Class: breaker.Quota, RetryAfter: time.Minute})
	if e := p.events[0]; e.Class != breaker.Quota || e.RetryAfter != time.Minute {
		t.Errorf("event of the quota %+v", e)
	}
}

func TestPolicyAttends(t *testing.T) {
	p := &scripted{judge: func(*breaker.View, breaker.Event) breaker.Decision { return breaker.Decision{Attend: true} }}
	r := newScripted(t, p, breaker.Config{})
	r.call(breaker.Failure)
	r.calls(3, breaker.Success)
	if n := len(p.events); n != 5 {
		t.Errorf("told %d events, want 5", n)
	}
}

func TestPolicyDecidesOnProbes(t *testing.T) {
	p := &scripted{}
	p.judge = func(_ *breaker.View, e breaker.Event) (d breaker.Decision) {
		switch {
		case e.Kind == breaker.ProbeBegan:
			d.NextProbe, d.Hold, d.Survive = 5*time.Second, 2*time.Second, 20*time.Second
		case e.Failed():
			d.Trip, d.NextProbe = true, 3*time.Second
			if e.Probe {
				d.NextProbe = 0 // as planned when it began
			}
		}
		return d
	}
	r := newScripted(t, p, breaker.Config{ResetTimeout: 10 * time.Second})
	r.call(breaker.Failure)
	r.between("first period", r.b.Metrics().Until.Sub(r.clock), 3*time.Second, 3*time.Second)
	r.untilDue()
	probe := r.allow()
	r.wait(4 * time.Second)
	r.refusal() // its place is held for 2 s, but the next probe is planned after 5
	probe.RecordAt(r.clock, breaker.Failure)
	r.between("second period", r.b.Metrics().Until.Sub(r.clock), time.Second, time.Second)
	r.untilDue()
	r.allow()
	r.wait(5 * time.Second)
	if !r.allow().Probe() {
		t.Error("no second probe although the first holds it back no longer")
	}
	r.wait(15 * time.Second)
	r.allow() // the first has been out for 20 s: that is as good as an answer
	r.is(breaker.Closed)
	if tr := r.seen[len(r.seen)-1]; tr.Reason != breaker.ProbeSurvived {
		t.Errorf("transition %+v", tr)
	}
}

func TestPolicyCannotExceedResetTimeout(t *testing.T) {
	p := &scripted{judge: func(_ *breaker.View, e breaker.Event) breaker.Decision {
		return breaker.Decision{Trip: e.Failed(), NextProbe: time.Hour}
	}}
	r := newScripted(t, p, breaker.Config{ResetTimeout: 10 * time.Second})
	r.call(breaker.Failure)
	r.between("period", r.b.Metrics().Until.Sub(r.clock), 10*time.Second, 10*time.Second)
}

func TestPolicyReclosesOnQuotaOfAProbe(t *testing.T) {
	p := &scripted{judge: func(_ *breaker.View, e breaker.Event) breaker.Decision {
		return breaker.Decision{Trip: e.Failed(), Reclose: e.Class == breaker.Quota}
	}}
	r := newScripted(t, p, breaker.Config{})
	r.call(breaker.Failure)
	r.untilDue()
	r.allow().RecordResultAt(r.clock, breaker.Result{Outcome: breaker.Ignored, Class: breaker.Quota})
	r.is(breaker.Closed)
}

func TestPolicyLimitsTheRamp(t *testing.T) {
	limit := 3.0
	p := &scripted{}
	p.judge = func(_ *breaker.View, e breaker.Event) (d breaker.Decision) {
		d.Trip, d.Ramp, d.Young = e.Failed() && e.Begin.IsZero(), limit, 10*time.Second
		return d
	}
	r := newScripted(t, p, breaker.Config{})
	r.call(breaker.Failure) // any event that is told sets the limit
	for range 3 {
		r.allow()
	}
	r.refusal()
	if m := r.b.Metrics(); m.Ramp != 3 || m.State != breaker.Closed {
		t.Errorf("metrics %+v", m)
	}
	r.wait(11 * time.Second)
	r.allow() // the three are not young any more
	limit = 0
	r.wait(time.Second) // a new slot: the policy is asked again
	for range 50 {
		r.allow()
	}
}

func TestPolicysRampIsNotHeldByCallsThatNeverEnd(t *testing.T) {
	p := &scripted{judge: func(*breaker.View, breaker.Event) breaker.Decision { return breaker.Decision{Ramp: 0.1} }}
	r := newScripted(t, p, breaker.Config{ProbeLease: 10 * time.Second})
	r.call(breaker.Failure)
	r.allow() // above zero is at least one
	r.refusal()
	r.wait(11 * time.Second)
	r.allow()
}

func TestPolicyIsKeptWithinBounds(t *testing.T) {
	const forever = time.Duration(math.MaxInt64)
	p := &scripted{judge: func(_ *breaker.View, e breaker.Event) breaker.Decision {
		return breaker.Decision{Trip: e.Failed(), NextProbe: forever, Hold: forever, Survive: forever, Ramp: -1, Young: -forever}
	}}
	r := newScripted(t, p, breaker.Config{ResetTimeout: 10 * time.Second, ProbeLease: 5 * time.Second})
	r.call(breaker.Failure)
	r.untilDue()
	r.allow()
	r.wait(time.Second)
	r.refusal()
	r.is(breaker.HalfOpen) // it has not survived
	r.wait(10 * time.Second)
	r.call(breaker.Success)
	r.is(breaker.Closed)
	for range 50 {
		r.allow()
	}
}

func TestAnyOfTripsWithItsFirstPolicyInCharge(t *testing.T) {
	a := &scripted{judge: func(*breaker.View, breaker.Event) breaker.Decision {
		return breaker.Decision{NextProbe: 7 * time.Second}
	}}
	b := &scripted{judge: func(_ *breaker.View, e breaker.Event) breaker.Decision {
		return breaker.Decision{Trip: e.Failed(), Reason: "b says so", NextProbe: time.Second}
	}}
	r := newRig(t, breaker.Config{NewPolicy: func() breaker.Policy { return breaker.AnyOf(a, b) }})
	r.call(breaker.Failure)
	if tr := r.opening(); tr.Reason != "b says so" || tr.Until.Sub(tr.At) != 7*time.Second {
		t.Errorf("opening %+v", tr)
	}
}

func TestPolicyThatPanicsDecidesNothing(t *testing.T) {
	p := &scripted{judge: func(*breaker.View, breaker.Event) breaker.Decision { panic("no idea") }}
	r := newScripted(t, p, breaker.Config{})
	r.calls(9, breaker.Failure)
	r.is(breaker.Closed)
	if m := r.b.Metrics(); m.PolicyPanics != 10 || m.FailedCalls != 9 {
		t.Errorf("metrics %+v", m)
	}
}

// Who lets 429 count, counts them.
func TestQuotaThatIsRecordedAsAFailureCounts(t *testing.T) {
	r := newRig(t, breaker.Config{})
	for range 5 {
		r.allow().RecordResultAt(r.clock, breaker.Result{Outcome: breaker.Failure, Class: breaker.Quota})
	}
	r.is(breaker.Open)
}

// Only the children are called, and its slots turn nevertheless.
func TestParentOfEveryCallIsToldOfSlots(t *testing.T) {
	host := &scripted{needs: breaker.Needs{EveryCall: true}}
	h := newScripted(t, host, breaker.Config{})
	r := newRig(t, breaker.Config{Parent: h.b})
	for range 40 {
		r.allow()
		r.wait(250 * time.Millisecond)
	}
	turned := 0
	for _, kind := range host.kinds() {
		if kind == breaker.Turned {
			turned++
		}
	}
	if turned != 39 {
		t.Errorf("told of %d slots, want 39", turned)
	}
}

func TestViewOfAFamily(t *testing.T) {
	views := map[string]func(*breaker.View){}
	p := func() breaker.Policy {
		return &scripted{
			needs: breaker.Needs{EveryCall: true, AnswerTimes: true, Span: time.Minute},
			judge: func(v *breaker.View, e breaker.Event) (d breaker.Decision) {
				if look := views[v.Name()]; look != nil && e.Failed() {
					look(v)
				}
				return d
			},
		}
	}
	now := start()
	host, err := breaker.NewAt(now, "host", breaker.Config{NewPolicy: p})
	if err != nil {
		t.Fatal(err)
	}
	child := func(name string) *breaker.Breaker {
		b, err := breaker.NewAt(now, name, breaker.Config{NewPolicy: p, Parent: host})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a, b := child("a"), child("b")
	allow := func(b *breaker.Breaker) *breaker.Permit {
		p, err := b.AllowAt(now)
		if err != nil {
			t.Fatal(err)
		}
		return &p
	}
	for _, p := range []*breaker.Permit{allow(a), allow(a), allow(a)} {
		p.RecordAt(now.Add(time.Second), breaker.Success)
	}
	now = now.Add(2 * time.Second)
	allow(b)
	allow(b)
	now = now.Add(10 * time.Second)
	seen := false
	views["host"] = func(v *breaker.View) {
		seen = true
		if got, want := v.Totals(), (breaker.Counts{Begun: 6, Answered: 3, Failed: 1}); got != want {
			t.Errorf("totals %+v, want %+v", got, want)
		}
		if got, want := v.Ended(time.Minute), (breaker.Counts{Answered: 3, Failed: 1}); got != want {
			t.Errorf("ended %+v, want %+v", got, want)
		}
		if got := v.Ended(5 * time.Second); got.Answered != 0 || got.Failed != 1 {
			t.Errorf("ended of late %+v", got)
		}
		if own, whole := v.Stalled(), v.StalledFor(5*time.Second); own != 0 || whole != 2 {
			t.Errorf("stalled %d, whole %d, want 0 and 2", own, whole)
		}
		if n := v.Out(start()); n != 2 {
			t.Errorf("%d out, want 2", n)
		}
		if n := v.Children(5 * time.Second); n != 1 {
			t.Errorf("%d children of late, want 1", n)
		}
		if f := v.Failures(); len(f) != 1 || f[0].Child != "a" || f[0].Cause != "503" || f[0].Class != breaker.Hang {
			t.Errorf("failures %+v", f)
		}
		if n, mean, _ := v.AnswerTimes(0.5); n != 3 || mean < 700*time.Millisecond || mean > 1400*time.Millisecond {
			t.Errorf("%d answers, mean %v", n, mean)
		}
		if at := v.NewestAnswered().Sub(start()); at < 250*time.Millisecond || at > 300*time.Millisecond {
			t.Errorf("newest answered call began before %v", at)
		}
	}
	allow(a).RecordResultAt(now, breaker.Result{
		Outcome: breaker.Failure, Class: breaker.Hang, Reach: breaker.Answered, Cause: "503",
	})
	if !seen {
		t.Error("the parent did not judge a child's call")
	}
}

func TestParentExplainsItsChildren(t *testing.T) {
	now := start()
	var seen []breaker.Transition
	cfg := breaker.Config{NewPolicy: newSketch, Seed: 1, OnTransition: func(tr breaker.Transition) { seen = append(seen, tr) }}
	reg, err := breaker.NewRegistry(breaker.RegistryConfig{Circuit: cfg})
	if err != nil {
		t.Fatal(err)
	}
	host := reg.GetAt(now, "host")
	models := [3]*breaker.Breaker{reg.ChildAt(now, "host", "a"), reg.ChildAt(now, "host", "b"), reg.ChildAt(now, "host", "c")}
	end := func(o breaker.Outcome) {
		now = now.Add(100 * time.Millisecond)
		for _, m := range models {
			if p, err := m.AllowAt(now); err == nil {
				p.RecordResultAt(now.Add(time.Millisecond), breaker.Result{Outcome: o, Reach: breaker.Answered, Cause: "503"})
			}
		}
	}
	for range 20 {
		end(breaker.Success)
	}
	now = now.Add(time.Second)
	for range 3 {
		end(breaker.Failure)
	}
	if host.State() != breaker.Open || models[0].State() != breaker.Closed {
		t.Fatalf("host is %v, model %v after failures of all models:\n%s", host.State(), models[0].State(), host.WhyAt(now))
	}
	if tr := seen[len(seen)-1]; tr.Reason != "surprise" || !strings.Contains(host.WhyAt(now), "surprise: 4 failures in a row at a failure rate of 0.0") {
		t.Errorf("%+v\n%s", tr, host.WhyAt(now))
	}
	if m := models[0].Metrics(); m.ConsecutiveFailures != 0 {
		t.Errorf("the model keeps a run that its host explains: %+v", m)
	}
	now = host.Metrics().Until
	end(breaker.Success)
	if host.State() != breaker.Closed {
		t.Fatalf("host is %v", host.State())
	}
	for range 50 {
		end(breaker.Success)
	}
	now = now.Add(time.Second)
	for range 8 { // one model fails alone
		now = now.Add(100 * time.Millisecond)
		for i, m := range models {
			if p, err := m.AllowAt(now); err == nil {
				r := breaker.Result{Outcome: breaker.Success, Reach: breaker.Answered}
				if i == 1 {
					r.Outcome = breaker.Failure
				}
				p.RecordResultAt(now, r)
			}
		}
	}
	if host.State() != breaker.Closed || models[1].State() != breaker.Open {
		t.Errorf("host is %v, the failing model %v", host.State(), models[1].State())
	}
}

func TestSketchKeepsWhatItLearned(t *testing.T) {
	r := newRig(t, breaker.Config{NewPolicy: newSketch})
	if limit := r.b.Metrics(); limit.State != breaker.Closed {
		t.Fatal("not closed")
	}
	for range 50 {
		r.call(breaker.Success)
		r.wait(time.Second)
		r.call(breaker.Failure)
		r.wait(time.Second)
	}
	s := r.b.SnapshotAt(r.clock)
	var learned struct{ F float64 }
	if err := json.Unmarshal(s.Policy, &learned); err != nil || learned.F < 0.2 || learned.F > 0.5 {
		t.Fatalf("%v: state of the policy %s", err, s.Policy)
	}
	fresh := newRig(t, breaker.Config{NewPolicy: newSketch})
	if err := fresh.b.RestoreAt(r.clock, s); err != nil {
		t.Fatal(err)
	}
	if got := fresh.b.SnapshotAt(r.clock); string(got.Policy) != string(s.Policy) {
		t.Errorf("restored %s, want %s", got.Policy, s.Policy)
	}
	s.Policy = []byte(`{"F":"much"}`)
	if err := newRig(t, breaker.Config{NewPolicy: newSketch}).b.RestoreAt(r.clock, s); err == nil {
		t.Error("a state that does not fit was taken")
	}
}
