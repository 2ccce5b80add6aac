package dashboard

import (
	"math"
	"net/http"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
)

// circuitList is the answer of /api/circuits.
type circuitList struct {
	Circuits []circuit `json:"circuits"` // in the order of their names
	Gates    []gateOf  `json:"gates"`
}

// circuit is breaker.Metrics as programs read them.
type circuit struct {
	Name                string        `json:"name"`
	State               breaker.State `json:"state"`
	Mode                breaker.Mode  `json:"mode"`
	TotalCalls          int64         `json:"total_calls"`
	FailedCalls         int64         `json:"failed_calls"`
	RefusedCalls        int64         `json:"refused_calls"`
	WouldRefuse         int64         `json:"would_refuse"`
	ConsecutiveFailures int           `json:"consecutive_failures"`
	StalledCalls        int           `json:"stalled_calls"`
	Openings            int           `json:"openings"`
	ProbeOut            bool          `json:"probe_out"`
	Ramp                int           `json:"ramp"` // most calls out at once; 0: any number
	Why                 string        `json:"why"`
	LastFailure         instant       `json:"last_failure"`
	Since               instant       `json:"since"`
	Until               instant       `json:"until"`
	Bounds              *bounds       `json:"bounds"` // null: no call has come to this circuit itself
}

// bounds is guard.Usage.
type bounds struct {
	RetriesLeft float64 `json:"retries_left"`  // in the retry budget
	MaxInFlight int     `json:"max_in_flight"` // 0: any number
	InFlight    int     `json:"in_flight"`
	Queued      int     `json:"queued"`
	TurnedAway  int64   `json:"turned_away"`
}

func (d *Dashboard) circuits(w http.ResponseWriter, _ *http.Request) {
	all := d.cfg.Guard.Circuits().All()
	list := circuitList{Circuits: make([]circuit, len(all)), Gates: d.gates()}
	for i, b := range all {
		list.Circuits[i] = d.circuit(b)
	}
	writeJSON(w, http.StatusOK, list)
}

func (d *Dashboard) circuit(b *breaker.Breaker) circuit {
	m := b.Metrics()
	c := circuit{
		Name: m.Name, State: m.State, Mode: m.Mode,
		TotalCalls: m.TotalCalls, FailedCalls: m.FailedCalls,
		RefusedCalls: m.RefusedCalls, WouldRefuse: m.WouldRefuse,
		ConsecutiveFailures: m.ConsecutiveFailures, StalledCalls: m.StalledCalls,
		Openings: m.Openings, ProbeOut: m.Probes > 0, Ramp: m.Ramp, Why: b.WhyAt(d.cfg.Now().UTC()),
		LastFailure: instant(m.LastFailure), Since: instant(m.Since), Until: instant(m.Until),
	}
	if u, ok := d.cfg.Guard.Usage(b); ok {
		c.Bounds = &bounds{retriesLeft(u), u.MaxInFlight, u.InFlight, u.Queued, u.TurnedAway}
	}
	return c
}

func retriesLeft(u guard.Usage) float64 { return math.Floor(u.RetriesLeft*10) / 10 }
