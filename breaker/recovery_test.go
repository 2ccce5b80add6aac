package breaker_test

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

func TestSeveralProbesAtOnce(t *testing.T) {
	r := newRig(t, breaker.Config{Probes: 3, ProbeSuccesses: 3, ProbeLease: 10 * time.Second})
	r.trip()
	r.untilDue()
	var probes [3]*breaker.Permit
	for i := range probes {
		if probes[i] = r.allow(); !probes[i].Probe() {
			t.Error("no probe")
		}
	}
	if e := r.refusal(); e.State != breaker.HalfOpen || e.RetryInAt(r.clock) < time.Second {
		t.Errorf("refusal %+v", e)
	}
	probes[0].RecordAt(r.clock, breaker.Success)
	probes[1].RecordAt(r.clock, breaker.Success)
	r.is(breaker.HalfOpen)
	fourth := r.allow() // places are free again
	r.wait(10 * time.Second)
	r.allow() // so is that of a probe whose lease is over
	fourth.RecordAt(r.clock, breaker.Success)
	r.is(breaker.Closed)
}

func TestRefusalWhileAProbeIsOutSaysAtLeastASecond(t *testing.T) {
	r := newRig(t, breaker.Config{ProbeLease: 10 * time.Second})
	r.trip()
	r.untilDue()
	r.allow()
	for range 20 { // also when its lease is all but over
		r.between("told to wait", r.refusal().RetryInAt(r.clock), time.Second, 1200*time.Millisecond)
		r.wait(499 * time.Millisecond)
	}
}

func TestOneFailedProbeOfSeveralReopens(t *testing.T) {
	r := newRig(t, breaker.Config{Probes: 3, ProbeSuccesses: 3})
	r.trip()
	r.untilDue()
	a, b, c := r.allow(), r.allow(), r.allow()
	a.RecordAt(r.clock, breaker.Success)
	b.RecordAt(r.clock, breaker.Failure)
	r.is(breaker.Open)
	c.RecordAt(r.clock, breaker.Success) // of a state that is over
	r.is(breaker.Open)
	r.untilDue()
	r.call(breaker.Success)
	r.call(breaker.Success)
	r.is(breaker.HalfOpen) // the success before the reopening does not count
	r.call(breaker.Success)
	r.is(breaker.Closed)
}

func TestContentOfOneProbeIsOneSuccess(t *testing.T) {
	r := newRig(t, breaker.Config{ProbeSuccesses: 2})
	r.trip()
	r.untilDue()
	p := r.allow()
	p.ProgressAt(r.clock)
	p.RecordAt(r.clock, breaker.Success)
	r.is(breaker.HalfOpen)
	r.call(breaker.Success)
	r.is(breaker.Closed)
}

func TestMayProbeHoldsProbesBack(t *testing.T) {
	may, asked := false, 0
	r := newRig(t, breaker.Config{MayProbe: func(circuit string) bool {
		if circuit != "db" {
			t.Errorf("asked for %q", circuit)
		}
		asked++
		return may
	}})
	r.trip()
	r.untilDue()
	for range 100 {
		if e := r.refusal(); e.State != breaker.Open || e.RetryInAt(r.clock) < time.Second {
			t.Fatalf("refusal %+v, retry in %v", e, e.RetryInAt(r.clock))
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times within a second, want once", asked)
	}
	may = true
	r.refusal()
	r.wait(time.Second)
	r.call(breaker.Success)
	r.is(breaker.Closed)
}

// letIn asks for up to n permits at once and returns those given, and the refusal
// that ended it, if one did.
func (r *rig) letIn(n int) (out []*breaker.Permit, refusal *breaker.OpenError) {
	r.Helper()
	for range n {
		p, err := r.b.AllowAt(r.clock)
		if err != nil {
			return out, err.(*breaker.OpenError)
		}
		out = append(out, &p)
	}
	return out, nil
}

// None of the 17 breakers that were looked at does this: after a recovery 200
// waiting calls all go out at once.
func TestRampLetsCallsBackInStepByStep(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true})
	r.trip()
	r.untilDue()
	r.call(breaker.Success)
	r.is(breaker.Closed)
	waiting, most, rounds := 200, 0, 0
	for waiting > 0 {
		out, e := r.letIn(waiting)
		if e != nil && (e.State != breaker.Closed || e.RetryInAt(r.clock) < time.Second) {
			t.Fatalf("refusal %+v", e)
		}
		if rounds == 0 && len(out) != 2 {
			t.Fatalf("%d calls in the first round, want 2", len(out))
		}
		if len(out) > 2*most && most > 0 {
			t.Fatalf("%d calls after %d", len(out), most)
		}
		most = len(out)
		r.wait(time.Second)
		for _, p := range out {
			p.RecordAt(r.clock, breaker.Success)
		}
		waiting -= len(out)
		rounds++
	}
	if rounds < 6 || rounds > 9 {
		t.Errorf("%d rounds for 200 calls, want about log2", rounds)
	}
}

// Two calls that never end must not keep everybody out.
func TestRampIsNotHeldByCallsThatNeverEnd(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true, ResetTimeout: 10 * time.Second})
	r.trip()
	r.untilDue()
	r.call(breaker.Success)
	r.allow()
	r.allow()
	r.refusal()
	r.wait(11 * time.Second)
	r.call(breaker.Success)
}

func TestRampEndsWhenNobodyIsHeldBack(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true})
	r.trip()
	r.untilDue()
	r.call(breaker.Success)
	r.calls(3, breaker.Success)
	if m := r.b.Metrics(); m.Ramp != 0 {
		t.Errorf("ramp %d after three calls one by one", m.Ramp)
	}
	for range 200 {
		r.allow()
	}
}

func TestRampHalvesOnFailure(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true, FailureThreshold: 100})
	r.trip()
	r.untilDue()
	r.call(breaker.Success)
	round := func(o breaker.Outcome) (n int) {
		out, _ := r.letIn(1000)
		r.wait(time.Second)
		for i, p := range out {
			if i > 0 {
				o = breaker.Success
			}
			p.RecordAt(r.clock, o)
		}
		return len(out)
	}
	for _, want := range []int{2, 4, 8} {
		if n := round(breaker.Success); n != want {
			t.Fatalf("%d let in, want %d", n, want)
		}
	}
	round(breaker.Failure) // 16: halved to 8 by the first, and 15 answers
	if n := round(breaker.Success); n != 23 {
		t.Errorf("%d let in after a failure among 16, want 8+15", n)
	}
}

func TestRampRefusalDoesNotAllocate(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true})
	r.trip()
	r.untilDue()
	r.call(breaker.Success)
	r.allow()
	r.allow()
	r.refusal()
	if n := testing.AllocsPerRun(100, func() { _, _ = r.b.AllowAt(r.clock) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// A service that always fails now and then must not be held back for ever.
func TestRampEndsInTimeWhateverComes(t *testing.T) {
	for name, outcome := range map[string]func(i int) breaker.Outcome{
		"ignored":       func(int) breaker.Outcome { return breaker.Ignored },
		"some failures": func(i int) breaker.Outcome { return breaker.Outcome(1 + i%3%2) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rates(breaker.Config{Ramp: true, FailureRate: 0.95}))
			r.trip()
			r.untilDue()
			r.call(breaker.Success)
			var out []*breaker.Permit
			refused := 0
			for i := range 6000 { // a minute of 100 calls a second that take a second
				r.wait(10 * time.Millisecond)
				if p, err := r.b.AllowAt(r.clock); err == nil {
					out = append(out, &p)
				} else if i > 3200 {
					refused++
				}
				if len(out) > 100 || len(out) > 0 && i%2 == 0 {
					out[0].RecordAt(r.clock, outcome(i))
					out = out[1:]
				}
			}
			if m := r.b.Metrics(); refused > 0 || m.Ramp != 0 || m.State != breaker.Closed {
				t.Errorf("%d refused half a minute after the recovery, metrics %+v", refused, m)
			}
		})
	}
}

func TestObservedRampStillJudges(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true, Mode: breaker.Observe})
	r.trip()
	r.untilDue()
	r.call(breaker.Success)
	var out []*breaker.Permit
	for range 10 {
		out = append(out, r.allow())
	}
	for range 20 {
		r.wait(100 * time.Millisecond)
		out[0].RecordAt(r.clock, breaker.Failure)
		out = append(out[1:], r.allow())
	}
	r.is(breaker.Open)
}

func TestRampIsNotFilledByProbes(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true, Probes: 3})
	r.trip()
	r.untilDue()
	first, _, _ := r.allow(), r.allow(), r.allow()
	first.RecordAt(r.clock, breaker.Success)
	r.is(breaker.Closed)
	r.allow()
	r.allow()
	r.refusal()
}

// Of a stream, the ramp looks at the time to its first content.
func TestRampTakesContentForAnAnswer(t *testing.T) {
	r := newRig(t, breaker.Config{Ramp: true})
	stream := func(n int) []*breaker.Permit {
		out, _ := r.letIn(n)
		r.wait(time.Second)
		for _, p := range out {
			p.ProgressAt(r.clock)
		}
		return out
	}
	for range 30 {
		for _, p := range stream(1) {
			r.wait(time.Minute)
			p.RecordAt(r.clock, breaker.Success)
		}
	}
	r.trip()
	r.untilDue()
	r.call(breaker.Success)
	for _, want := range []int{2, 4, 8, 16} { // while all the streams go on
		if n := len(stream(100)); n != want {
			t.Fatalf("%d let in, want %d", n, want)
		}
	}
}

func TestMayProbeIsAskedOnceASecondInEveryMode(t *testing.T) {
	asked := 0
	r := newRig(t, breaker.Config{Mode: breaker.Observe, MayProbe: func(string) bool { asked++; return false }})
	r.trip()
	r.untilDue()
	for range 100 {
		r.call(breaker.Success)
	}
	if asked != 1 {
		t.Errorf("asked %d times at one moment", asked)
	}
}
