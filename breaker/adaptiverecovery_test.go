package breaker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// down opens the circuit by quick failures and returns its rig, the first probe
// due.
func down(t *testing.T, knows string) *rig {
	t.Helper()
	r := newAdaptive(t, knows, breaker.Config{})
	r.openByFailures()
	r.untilDue()
	return r
}

func TestAdaptivePlansTheNextProbeFromTheBeginOfOne(t *testing.T) {
	r := down(t, `{"Usual":0.01,"Demand":{"Sum":0.1,"Weight":1},"Hangs":0.5}`)
	begun := r.clock
	p := r.allow()
	r.wait(time.Second)
	r.end(p, breaker.Hang)
	r.is(breaker.Open)
	r.between("from probe to probe", r.b.Metrics().Until.Sub(begun), 3*time.Second, 8*time.Second)
}

func TestAdaptiveProbesAgainWhileAnOldProbeHangs(t *testing.T) {
	r := down(t, `{"Hangs":0.9,"Took":30,"Demand":{"Sum":100,"Weight":1}}`)
	first := r.allow()
	r.wait(3 * time.Second)
	r.refusal() // 4 s, since nobody knows how long answers take
	r.wait(2 * time.Second)
	second := r.allow()
	if !second.Probe() {
		t.Fatal("no probe")
	}
	r.wait(time.Second)
	r.end(first, breaker.Hang) // the second is still out, and may bring the good news
	r.is(breaker.HalfOpen)
	r.refusal()
	second.RecordAt(r.clock, breaker.Success)
	r.is(breaker.Closed)
}

func TestAdaptiveTakesAProbeForGoodThatOutlivesFailures(t *testing.T) {
	for _, row := range []struct {
		hangs float64
		want  breaker.State
	}{{0, breaker.Closed}, {0.5, breaker.HalfOpen}} {
		r := down(t, fmt.Sprintf(`{"Hangs":%v,"Took":1,"Demand":{"Sum":0.01,"Weight":1}}`, row.hangs))
		r.allow()
		r.wait(900 * time.Millisecond)
		r.refusal()
		r.wait(200 * time.Millisecond)
		_, _ = r.b.AllowAt(r.clock)
		if got := r.b.State(); got != row.want {
			t.Errorf("share of hangs %v: %v, want %v", row.hangs, got, row.want)
		}
	}
}

// It was opened by calls that hung, and only now they time out.
func TestAdaptiveDoubtsAProbeWhenCallsTurnOutToHang(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	var hanging []*breaker.Permit
	for range 4 {
		hanging = append(hanging, r.allow())
	}
	r.wait(time.Second)
	r.openByFailures()
	r.untilDue()
	r.allow()
	for _, p := range hanging {
		r.end(p, breaker.Hang)
	}
	r.wait(3 * time.Second)
	_, _ = r.b.AllowAt(r.clock)
	r.is(breaker.HalfOpen)
}

func TestAdaptiveRampGrows(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	for range 100 { // ten a second, answered after a second
		p := r.allow()
		p.RecordAt(r.clock.Add(time.Second), breaker.Success)
		r.wait(100 * time.Millisecond)
	}
	r.wait(time.Second)
	r.openByFailures()
	for range 20 {
		r.refusal()
		r.wait(10 * time.Millisecond)
	}
	r.untilDue()
	r.answer(0)
	r.is(breaker.Closed)
	rampIs := func(want int) {
		t.Helper()
		if got := r.b.Metrics().Ramp; got != want {
			t.Fatalf("ramp of %d, want %d", got, want)
		}
	}
	rampIs(2)
	one, two := r.allow(), r.allow()
	r.refusal()
	one.RecordAt(r.clock, breaker.Success)
	rampIs(4)
	three, four := r.allow(), r.allow()
	r.allow()
	if why := r.b.WhyAt(r.clock); !strings.Contains(why, "letting calls back in: 4 of 4 out") {
		t.Error(why)
	}
	r.refusal()
	r.end(three, breaker.Hang) // half of it
	rampIs(2)
	r.end(four, breaker.Hang) // but not again at once
	rampIs(2)
	r.wait(5 * time.Second)
	// It took far longer than usual: a half. That another is still out and has outlived
	// what failures take opens nothing: it may be in a queue that has grown too long.
	two.RecordAt(r.clock, breaker.Success)
	if got := r.knows().Ramp; got != 2.5 {
		t.Errorf("ramp of %v, want 2.5", got)
	}
	for i := 0; r.b.Metrics().Ramp > 0; i++ {
		if i == 20 {
			t.Fatal("it does not end")
		}
		r.answer(0)
	}
	if k := r.knows(); !k.Outage.IsZero() {
		t.Error("the ramp is over, and the outage goes on")
	}
	for range 100 {
		r.allow()
	}
}

func TestAdaptiveKeepsTheAgeOfAnOutageThatComesBack(t *testing.T) {
	r := down(t, `{"Demand":{"Sum":100,"Weight":1}}`)
	outage := r.knows().Outage
	r.answer(0)
	r.is(breaker.Closed)
	r.wait(time.Second)
	for range 4 {
		r.fail(0)
	}
	r.is(breaker.Open)
	if k := r.knows(); !k.Outage.Equal(outage) {
		t.Errorf("the outage is of %v, want %v", k.Outage, outage)
	}
}

// What a stream is answered with is its first content; how long it then takes to
// fail tells nothing of how long failures take.
func TestAdaptiveTakesStreamsToTheirFirstContent(t *testing.T) {
	r := down(t, `{"Demand":{"Sum":100,"Weight":1}}`)
	p := r.allow()
	r.wait(200 * time.Millisecond)
	p.ProgressAt(r.clock)
	r.is(breaker.Closed)
	stream := r.allow()
	stream.ProgressAt(r.clock)
	before := r.knows()
	r.wait(time.Second)
	stream.RecordAt(r.clock, breaker.Success) // its answer has counted
	if k := r.knows(); k.Ramp != before.Ramp || before.Ramp != 4 {
		t.Errorf("ramp of %v, then %v, want 4", before.Ramp, k.Ramp)
	}
	p.RecordAt(r.clock, breaker.Failure)
	if k := r.knows(); k.Took != before.Took || k.Recent != 0 {
		t.Errorf("before %+v, then %+v", before, k)
	}
}

func TestAdaptiveWaitsForRetryAfter(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	r.allow().RecordResultAt(r.clock, breaker.Result{Outcome: breaker.Failure, RetryAfter: 50 * time.Second})
	r.wait(time.Second)
	for range 3 {
		r.fail(0)
	}
	r.between("open period", r.b.Metrics().Until.Sub(r.clock), 49*time.Second, 49*time.Second)
}

func TestAdaptiveLearns(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	for range 3 {
		r.fail(time.Second)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	k := r.knows()
	near("usual rate, the run not yet over", k.Usual, 0.01)
	near("recent rate", k.Recent, 1-0.95*0.95*0.95)
	near("what failures took", k.Took, 1-0.5*0.7*0.7*0.7)
	r.wait(time.Second)
	r.answer(0)
	k = r.knows()
	near("usual rate after an answer", k.Usual, 1-(1-0.0099)*0.99*0.99*0.99)
	near("recent rate after an answer", k.Recent, 0.95*(1-0.95*0.95*0.95))
	r.wait(time.Second)
	p := r.allow()
	r.end(p, breaker.Hang)
	near("share of hangs", r.knows().Hangs, 0.1)
}

func TestAdaptiveForgetsARunAfterFiveMinutes(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	for range 3 {
		r.fail(0)
	}
	r.wait(5*time.Minute + time.Second)
	r.fail(0)
	r.is(breaker.Closed)
	r.wait(time.Second)
	r.answer(0)
	if k := r.knows(); k.Usual < 0.045 || k.Usual > 0.05 {
		t.Errorf("four failures make a usual rate of %v", k.Usual)
	}
}

func TestAdaptiveSurvivesARestart(t *testing.T) {
	r := down(t, `{"Usual":0.2,"Took":7,"Hangs":0.3,"Outage":"2026-01-01T11:00:00Z"}`)
	fresh := newAdaptive(t, "", breaker.Config{})
	fresh.clock = r.clock.Add(time.Minute)
	s := r.b.SnapshotAt(r.clock)
	if err := fresh.b.RestoreAt(fresh.clock, s); err != nil {
		t.Fatal(err)
	}
	fresh.is(breaker.Open)
	if got := fresh.b.SnapshotAt(fresh.clock); string(got.Policy) != string(s.Policy) {
		t.Errorf("restored %s\nwant     %s", got.Policy, s.Policy)
	}
	for _, bad := range []string{`{"Usual":2}`, `{"Took":-1}`, `{"Demand":{"Sum":"x"}}`, `[]`, `{"Ramp":1e300}`} {
		s.Policy = []byte(bad)
		if err := newAdaptive(t, "", breaker.Config{}).b.RestoreAt(r.clock, s); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestAdaptiveStateSurvivesANewConfiguration(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	r.wait(time.Second)
	for range 3 {
		r.fail(0)
	}
	before := string(r.b.SnapshotAt(r.clock).Policy)
	if err := r.b.SetConfigAt(r.clock, breaker.Config{NewPolicy: breaker.Adaptive(breaker.AdaptiveConfig{FailureCost: 1})}); err != nil {
		t.Fatal(err)
	}
	if after := string(r.b.SnapshotAt(r.clock).Policy); after != before {
		t.Errorf("%s\nbecame %s", before, after)
	}
	r.fail(0)
	r.is(breaker.Open)
}

func TestAdaptiveMovesWithTheClock(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	r.wait(time.Hour)
	r.answer(0)
	r.wait(time.Second)
	for range 3 {
		r.fail(0)
	}
	r.wait(-time.Hour)
	r.fail(0)
	r.is(breaker.Open)
	r.between("open period", r.b.Metrics().Until.Sub(r.clock), time.Second, 10*time.Second)
}

func TestAdaptiveExplainsItself(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	for range 40 {
		r.answer(100 * time.Millisecond)
	}
	r.wait(time.Second)
	for range 2 {
		r.fail(0)
	}
	says := func(parts ...string) {
		t.Helper()
		for _, part := range parts {
			if why := r.b.WhyAt(r.clock); !strings.Contains(why, part) {
				t.Errorf("%q\nlacks %q", why, part)
			}
		}
	}
	says("watching: 2 of 4 failures")
	r.wait(time.Second)
	for range 2 {
		r.fail(0)
	}
	says("failures too unlikely to be chance: 4 failures in a row (4 × 503), no call begun in the last 2", "was answered",
		"usual failure rate 0.67 % (counted as 1 %): that is rarer than 1 in 10 000 000", "[rule 1, k 4, s 0, f 0.0067, g 0.19, x 0.12, h 0.00]",
		"first probe next, 0 calls refused since the last")
	r.refusal()
	r.untilDue()
	r.end(r.allow(), breaker.Hang)
	r.refusal()
	r.refusal()
	says("1 probe so far, 2 calls refused since the last")
}
