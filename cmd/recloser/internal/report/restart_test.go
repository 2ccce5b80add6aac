package report

import (
	"testing"
	"time"
)

// A circuit that was open at a restart goes on being down only if it was brought back.
func TestOutageOverARestart(t *testing.T) {
	at := func(minutes int) time.Time {
		return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
	}
	opened := Event{At: at(1), Kind: CircuitEvent, Circuit: "h/m", From: "closed", To: "open", Mode: "normal", Reason: "consecutive failures"}
	start := Event{At: at(5), Kind: StartEvent}
	restored := Event{At: at(5), Kind: CircuitEvent, Circuit: "h/m", From: "closed", To: "open", Mode: "normal", Reason: "restored"}
	closed := Event{At: at(8), Kind: CircuitEvent, Circuit: "h/m", From: "half-open", To: "closed", Mode: "normal", Reason: "probe succeeded"}
	for name, row := range map[string]struct {
		events    []Event
		minutes   float64
		recovered bool
	}{
		"brought back":              {[]Event{opened, start, restored, closed}, 7, true},
		"forgotten":                 {[]Event{opened, start}, 4, false},
		"forgotten, and then close": {[]Event{opened, start, closed}, 4, false},
		"no restart":                {[]Event{opened, closed}, 7, true},
	} {
		r := Make(Input{From: at(0), To: at(60), Events: row.events})
		if len(r.Outages) != 1 {
			t.Errorf("%s: %d outages", name, len(r.Outages))
			continue
		}
		o := r.Outages[0]
		if o.Ongoing || o.Length == nil || o.Length.Duration().Minutes() != row.minutes || o.Recovered != row.recovered {
			t.Errorf("%s: %+v", name, o)
		}
	}
}
