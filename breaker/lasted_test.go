package breaker_test

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// An opening tells since when calls have failed, which is longer than it has
// known it.
func TestOpeningTellsHowLongTheRunLasted(t *testing.T) {
	var opened breaker.Transition
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	b, err := breaker.NewAt(start, "x", breaker.Config{FailureThreshold: 3, OnTransition: func(tr breaker.Transition) { opened = tr }})
	if err != nil {
		t.Fatal(err)
	}
	record := func(begin, end time.Duration, o breaker.Outcome) {
		p, err := b.AllowAt(start.Add(begin))
		if err != nil {
			t.Fatal(err)
		}
		p.RecordAt(start.Add(end), o)
	}
	record(0, time.Second, breaker.Failure)
	record(2*time.Second, 3*time.Second, breaker.Success)
	record(10*time.Second, 15*time.Second, breaker.Failure)
	record(16*time.Second, 17*time.Second, breaker.Failure)
	record(18*time.Second, 20*time.Second, breaker.Failure)
	if opened.To != breaker.Open || opened.Lasted != 10*time.Second {
		t.Errorf("%+v: want 10s since the first call of the run", opened)
	}
}
