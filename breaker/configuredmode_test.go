package breaker_test

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// A mode that comes from the configuration is the next configuration's to say; one
// that an operator has set stays his.
func TestModeAfterARestart(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		was, operator, is, want breaker.Mode
	}{
		{breaker.Observe, breaker.Observe, breaker.Normal, breaker.Normal},
		{breaker.Normal, breaker.Normal, breaker.Observe, breaker.Observe},
		{breaker.Normal, breaker.ForcedOpen, breaker.Normal, breaker.ForcedOpen},
		{breaker.Observe, breaker.Normal, breaker.Observe, breaker.Normal},
		{breaker.Normal, breaker.Disabled, breaker.Observe, breaker.Disabled},
	} {
		for _, open := range []bool{false, true} {
			before, err := breaker.NewAt(now, "x", breaker.Config{Mode: row.was})
			if err != nil {
				t.Fatal(err)
			}
			if open {
				before.TripAt(now, "test", now.Add(10*time.Second))
			}
			before.SetModeAt(now, row.operator)
			var told []breaker.Transition
			after, err := breaker.NewAt(now, "x", breaker.Config{Mode: row.is, OnTransition: func(tr breaker.Transition) { told = append(told, tr) }})
			if err != nil {
				t.Fatal(err)
			}
			if err := after.RestoreAt(now, before.SnapshotAt(now)); err != nil {
				t.Fatal(err)
			}
			if after.Mode() != row.want {
				t.Errorf("%+v, open %v: restored in mode %v", row, open, after.Mode())
			}
			if open && (len(told) != 1 || told[0].Reason != breaker.Restored || told[0].Mode != row.want) {
				t.Errorf("%+v: told %v", row, told)
			}
		}
	}
}
