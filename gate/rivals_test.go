package gate_test

import (
	"testing"
	"time"

	"github.com/recloser/recloser/gate"
)

// refusedWhenPromised is a 429 that asks to wait for a second, then a call at the very
// moment that the service gave.
func refusedWhenPromised(r *rig) {
	r.Helper()
	r.limited(time.Second)
	r.wait(time.Second)
}

// A call that comes when the service said it might, and is refused, finds that others
// were there before. Then the next one goes at the gate's own rate, and no longer each
// time at the moment that the service gives to everybody.
func TestWhoSharesABucketDoesNotHammerIt(t *testing.T) {
	r := newRig(t, gate.Config{})
	for i := range 100 {
		r.to(float64(i) / 5)
		r.allow()
		r.report(gate.Report{Kind: gate.Answer, Begun: r.clock})
	}
	for range 3 {
		refusedWhenPromised(r)
		r.allow()
	}
	refusedWhenPromised(r)
	halves := [2]int{}
	for begin := r.clock; r.clock.Sub(begin) < time.Minute; r.wait(50 * time.Millisecond) {
		if r.g.AllowAt(r.clock) == nil {
			halves[int(r.clock.Sub(begin)/(30*time.Second))]++
			r.limited(time.Second)
		}
	}
	if halves[0] > 24 || halves[1] > 10 {
		t.Errorf("%d and %d attempts in half a minute each in which all are refused, want fewer and fewer", halves[0], halves[1])
	}
}

// Who has the bucket alone is answered at that moment, and goes on going then.
func TestWhoIsAnsweredHasNoRivals(t *testing.T) {
	r := newRig(t, gate.Config{})
	for i := range 20 {
		refusedWhenPromised(r)
		if err := r.g.AllowAt(r.clock); err != nil {
			t.Fatalf("after 429 number %d: %v", i+1, err)
		}
		r.report(gate.Report{Kind: gate.Answer, Begun: r.clock})
	}
}

// What the headers tell is what all have together.
func TestWhatAllHaveTogetherIsNotTakenForOnesOwn(t *testing.T) {
	told := gate.Limit{Limit: 1000, Remaining: 500, Reset: 50 * time.Second} // 10 a second
	r := newRig(t, gate.Config{})
	limited := func() { r.report(gate.Report{Kind: gate.RateLimit, Begun: r.clock, Requests: told}) }
	limited()
	for range 2 {
		limited()
		if m := r.g.MetricsAt(r.clock); m.Rate < 9 {
			t.Fatalf("limited to %v calls a second, want what is told", m.Rate)
		}
		r.wait(2 * time.Second)
		for range 50 {
			r.g.AllowAt(r.clock)
		}
	}
	for range 3 {
		limited()
		r.wait(2 * time.Second)
	}
	scarce := told
	scarce.Remaining, scarce.Reset = 0, 100*time.Second
	r.report(gate.Report{Kind: gate.Answer, Begun: r.clock, Requests: scarce})
	if m := r.g.MetricsAt(r.clock); m.Rate > 5 {
		t.Errorf("limited to %v calls a second: what is told is not there for this gate alone", m.Rate)
	}
}

// Rivals may go away.
func TestRivalsAreForgotten(t *testing.T) {
	r := newRig(t, gate.Config{})
	inTurn := func() (next time.Duration) {
		for range 4 {
			refusedWhenPromised(r)
			r.g.AllowAt(r.clock)
		}
		return r.readyIn()
	}
	if next := inTurn(); next < 5*time.Second {
		t.Errorf("beside others the next call goes in %v, want what one call in 10 s allows", next)
	}
	r.wait(301 * time.Second)
	r.allow()
	r.report(gate.Report{Kind: gate.Answer, Begun: r.clock})
	r.limited(time.Second)
	r.wait(2 * time.Second)
	r.limited(time.Second)
	if r.wait(time.Second); r.g.AllowAt(r.clock) != nil {
		t.Error("alone again, and not let through when the service said that it might")
	}
}
