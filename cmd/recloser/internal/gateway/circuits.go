package gateway

import (
	"net/http"
	"time"

	"github.com/recloser/recloser/breaker"
)

// circuitList is the answer of /api/circuits.
type circuitList struct {
	Circuits []circuit `json:"circuits"` // in the order of their names
	Gates    []gate    `json:"gates"`
}

// gate will be what is known about a rate limit. There are none yet.
type gate struct{}

// circuit is breaker.Metrics as the admin listener shows them.
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
}

// instant is a time in JSON: RFC 3339, in UTC, with milliseconds, or null where
// it is zero.
type instant time.Time

// MarshalJSON implements json.Marshaler.
func (t instant) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return time.Time(t).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

func newCircuit(b *breaker.Breaker) circuit {
	m := b.Metrics()
	return circuit{
		Name: m.Name, State: m.State, Mode: m.Mode,
		TotalCalls: m.TotalCalls, FailedCalls: m.FailedCalls,
		RefusedCalls: m.RefusedCalls, WouldRefuse: m.WouldRefuse,
		ConsecutiveFailures: m.ConsecutiveFailures, StalledCalls: m.StalledCalls,
		Openings: m.Openings, ProbeOut: m.Probes > 0, Ramp: m.Ramp, Why: b.WhyAt(time.Now().UTC()),
		LastFailure: instant(m.LastFailure), Since: instant(m.Since), Until: instant(m.Until),
	}
}

func (a *admin) circuits(w http.ResponseWriter) {
	all := a.cfg.Guard.Circuits().All()
	list := circuitList{Circuits: make([]circuit, len(all)), Gates: []gate{}}
	for i, b := range all {
		list.Circuits[i] = newCircuit(b)
	}
	writeJSON(w, http.StatusOK, list)
}
