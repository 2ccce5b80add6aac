package demo

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

func TestTransitionsInWords(t *testing.T) {
	at := time.Now()
	opened := func(reason breaker.Reason, failures, stalled int) breaker.Transition {
		return breaker.Transition{To: breaker.Open, At: at, Until: at.Add(1600 * time.Millisecond), Reason: reason, Evidence: breaker.Evidence{Failures: failures, Stalled: stalled}}
	}
	for _, tt := range []struct {
		tr   breaker.Transition
		want string
	}{
		{opened(breaker.ConsecutiveFailures, 5, 0), "5 failures in a row; refusing calls for 1.6 s"},
		{opened(breaker.ProbeFailed, 6, 0), "the test call failed; refusing calls for 1.6 s"},
		{opened(breaker.StalledCalls, 2, 3), "5 calls failed or got no answer; refusing calls for 1.6 s"},
		{breaker.Transition{To: breaker.HalfOpen, At: at}, "one test call goes out"},
		{breaker.Transition{To: breaker.Closed, At: at, Reason: breaker.ProbeSurvived}, "the test call takes longer than failures did: others may try too"},
		{breaker.Transition{To: breaker.Closed, At: at}, "the test call succeeded: everybody may call again"},
	} {
		if got := tell(tt.tr); got != tt.want {
			t.Errorf("%q; want %q", got, tt.want)
		}
	}
}

func TestDiaryIsInOrder(t *testing.T) {
	var d diary
	d.add(3*time.Second, "c", "")
	d.add(1*time.Second, "a", "")
	d.add(2*time.Second, "b", "")
	d.add(9*time.Second, "later", "")
	got := ""
	for _, e := range d.take(3 * time.Second) {
		got += e.kind
	}
	if got != "abc" || len(d.take(3*time.Second)) != 0 || len(d.take(9*time.Second)) != 1 {
		t.Errorf("took %q first", got)
	}
}

func TestCallersFeelTheStricterCircuit(t *testing.T) {
	start := time.Now()
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	var c circuits
	if got := c.now().state; got != breaker.Closed {
		t.Errorf("without news it is %v", got)
	}
	c.note(breaker.Transition{Name: "host", To: breaker.Open, At: at(1), Until: at(9)})
	c.note(breaker.Transition{Name: "host/model", To: breaker.HalfOpen, At: at(2)})
	if got := c.now(); got.state != breaker.Open || got.until != at(9) {
		t.Errorf("it is %v until %v", got.state, got.until)
	}
	c.note(breaker.Transition{Name: "host", To: breaker.Closed, At: at(3)})
	if got := c.now().state; got != breaker.HalfOpen {
		t.Errorf("it is %v; want half-open", got)
	}
	if got := c.at(at(0)).state; got != breaker.Closed {
		t.Errorf("at first it was %v", got)
	}
	if c.tested(at(0), at(1)) || !c.tested(at(1), at(2)) || !c.tested(at(3), at(4)) {
		t.Error("the test call went out in the second second, and was out in the fourth")
	}
}

func TestBars(t *testing.T) {
	for n, want := range map[int64]string{0: " ", 1: "▁", 50: "▄", 99: "▇", 100: "█"} {
		if got := bar(n, 100); got != want {
			t.Errorf("%d of 100 is %q; want %q", n, got, want)
		}
	}
}

func TestUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 300 * time.Microsecond: "under 1 ms", 34 * time.Millisecond: "34 ms",
		99 * time.Millisecond: "99 ms", 100 * time.Millisecond: "0.1 s", 4725 * time.Millisecond: "4.7 s", 3 * time.Minute: "180.0 s",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is %q; want %q", d, got, want)
		}
	}
}
