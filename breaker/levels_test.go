package breaker_test

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// pair is a model's circuit beneath its host's.
type pair struct {
	*rig
	host *rig
}

func newPair(t *testing.T) pair {
	t.Helper()
	host := newRig(t, breaker.Config{FailureThreshold: 3})
	return pair{newRig(t, breaker.Config{FailureThreshold: 3, Parent: host.b}), host}
}

func (p pair) record(r breaker.Result) {
	p.Helper()
	p.allow().RecordResultAt(p.clock, r)
}

func (p pair) want(model, host breaker.State, modelCalls, hostCalls int64) {
	p.Helper()
	m, h := p.b.Metrics(), p.host.b.Metrics()
	if m.State != model || h.State != host || m.TotalCalls != modelCalls || h.TotalCalls != hostCalls {
		p.Fatalf("model %v %d calls, host %v %d calls; want %v %d, %v %d",
			m.State, m.TotalCalls, h.State, h.TotalCalls, model, modelCalls, host, hostCalls)
	}
}

func TestUnreachedHostCountsAboveOnly(t *testing.T) {
	p := newPair(t)
	for range 3 {
		p.record(breaker.Result{Outcome: breaker.Failure, Reach: breaker.Unreached})
	}
	p.want(breaker.Closed, breaker.Open, 3, 3)
	if e := p.refusal(); e.Name != p.host.b.Name() {
		t.Errorf("refused by %q", e.Name)
	}
	if m, h := p.b.Metrics(), p.host.b.Metrics(); m.RefusedCalls != 0 || h.RefusedCalls != 1 || m.FailedCalls != 0 {
		t.Errorf("a refusal counts where it was refused: model %+v, host %+v", m, h)
	}
}

func TestFailureThatAnsweredCountsBelowAndProvesTheHost(t *testing.T) {
	p := newPair(t)
	for range 2 {
		p.record(breaker.Result{Outcome: breaker.Failure, Reach: breaker.Unreached})
	}
	for range 3 {
		p.record(breaker.Result{Outcome: breaker.Failure, Reach: breaker.Answered})
	}
	p.want(breaker.Open, breaker.Closed, 5, 5)
	if n := p.host.b.Metrics().ConsecutiveFailures; n != 0 {
		t.Errorf("host's run is %d: any answer ends it", n)
	}
}

func TestFailureOfUnknownReachSaysNothingAbove(t *testing.T) {
	p := newPair(t)
	for range 2 {
		p.record(breaker.Result{Outcome: breaker.Failure, Reach: breaker.Unreached})
	}
	p.record(breaker.Result{Outcome: breaker.Failure})
	if n := p.host.b.Metrics().ConsecutiveFailures; n != 2 {
		t.Errorf("host's run is %d, want it as it was", n)
	}
}

func TestIgnoredAnswerIsASuccessAbove(t *testing.T) {
	p := newPair(t)
	for range 2 {
		p.record(breaker.Result{Outcome: breaker.Failure, Reach: breaker.Unreached})
	}
	p.record(breaker.Result{Outcome: breaker.Ignored, Reach: breaker.Answered})
	if n := p.host.b.Metrics().ConsecutiveFailures; n != 0 {
		t.Errorf("host's run is %d after a 400", n)
	}
}

func TestRefusalBelowIsWithdrawnAbove(t *testing.T) {
	p := newPair(t)
	p.trip()
	p.want(breaker.Open, breaker.Closed, 3, 3)
	for range 10 {
		p.refusal()
	}
	p.want(breaker.Open, breaker.Closed, 3, 3)
	if m := p.b.Metrics(); m.RefusedCalls != 10 {
		t.Errorf("metrics %+v", m)
	}
}

func TestProbePlaceAboveIsNotTakenByACallRefusedBelow(t *testing.T) {
	p := newPair(t)
	p.trip() // the model opens first and for longer than the host
	for range 3 {
		p.untilDue()
		p.call(breaker.Failure)
	}
	other := newRig(t, breaker.Config{FailureThreshold: 3, Parent: p.host.b})
	other.clock = p.clock
	for range 3 {
		other.allow().RecordResultAt(other.clock, breaker.Result{Outcome: breaker.Failure, Reach: breaker.Unreached})
	}
	p.clock = p.host.b.Metrics().Until
	before := len(p.host.seen)
	if e := p.refusal(); e.Name != p.b.Name() {
		t.Fatalf("refused by %q at %v", e.Name, p.clock)
	}
	if m := p.host.b.Metrics(); m.State != breaker.Open || len(p.host.seen) != before {
		t.Errorf("the host's probe was spent on a call that its model refused: %+v", m)
	}
	other.clock = p.clock
	if probe := other.allow(); !probe.Probe() {
		t.Error("the host's probe is not due for the next caller")
	}
}

func TestOneProbeOfBothLevels(t *testing.T) {
	p := newPair(t)
	for range 2 {
		p.record(breaker.Result{Outcome: breaker.Failure, Reach: breaker.Answered})
	}
	for range 3 {
		p.record(breaker.Result{Outcome: breaker.Failure, Reach: breaker.Unreached})
	}
	p.clock = p.host.b.Metrics().Until
	probe := p.allow()
	p.want(breaker.Closed, breaker.HalfOpen, 6, 6)
	p.refusal()
	probe.RecordResultAt(p.clock, breaker.Result{Outcome: breaker.Failure, Reach: breaker.Answered})
	p.want(breaker.Open, breaker.Closed, 6, 6)
}

func TestProgressRecloseBothLevels(t *testing.T) {
	p := newPair(t)
	for range 3 {
		p.record(breaker.Result{Outcome: breaker.Failure, Reach: breaker.Unreached})
	}
	p.clock = p.host.b.Metrics().Until
	stream := p.allow()
	stream.ProgressAt(p.clock)
	p.want(breaker.Closed, breaker.Closed, 4, 4)
	stream.RecordResultAt(p.clock, breaker.Result{Outcome: breaker.Failure, Reach: breaker.Answered})
	if m, h := p.b.Metrics(), p.host.b.Metrics(); m.ConsecutiveFailures != 1 || h.ConsecutiveFailures != 0 {
		t.Errorf("model %+v, host %+v", m, h)
	}
}

// A call that its model answers slowly says nothing about the host.
func TestSlowModelDoesNotOpenItsHost(t *testing.T) {
	host := newRig(t, breaker.Config{StallAfter: time.Minute})
	slow := newRig(t, breaker.Config{StallAfter: time.Minute, Parent: host.b})
	for range 20 {
		slow.allow()
	}
	slow.wait(3 * time.Minute)
	slow.refusal()
	other := newRig(t, breaker.Config{Parent: host.b})
	other.clock = slow.clock
	other.call(breaker.Success)
	if m := host.b.Metrics(); m.State != breaker.Closed || m.StalledCalls != 0 {
		t.Errorf("host %+v", m)
	}
}
