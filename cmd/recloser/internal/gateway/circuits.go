package gateway

import (
	"math"
	"net/http"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/gate"
)

// circuitList is the answer of /api/circuits.
type circuitList struct {
	Circuits []circuit `json:"circuits"` // in the order of their names
	Gates    []gateOf  `json:"gates"`    // of keys and models; those that nothing was ever held against aside
}

// gateOf is gate.Metrics as the admin listener shows them. The key is a label that
// does not tell it.
type gateOf struct {
	Key        string      `json:"key"`
	Model      string      `json:"model"` // empty: of the key as such, for all models
	State      gate.State  `json:"state"`
	Why        gate.Reason `json:"why,omitempty"` // of a key that is parked
	Rate       float64     `json:"rate"`          // calls a second, if they are limited; else 0
	Waiting    int         `json:"waiting"`
	RateLimits int64       `json:"rate_limits"`
	Overloads  int64       `json:"overloads"`
	Quotas     int64       `json:"quotas"`
	BadKeys    int64       `json:"bad_keys"`
	Refused    int64       `json:"refused_calls"`
	LastLimit  instant     `json:"last_limit"`
	Since      instant     `json:"since"`
	Until      instant     `json:"until"`
}

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
	list := circuitList{Circuits: make([]circuit, len(all)), Gates: []gateOf{}}
	for i, b := range all {
		list.Circuits[i] = newCircuit(b)
		if u, ok := a.cfg.Guard.Usage(b); ok {
			list.Circuits[i].Bounds = &bounds{math.Floor(u.RetriesLeft*10) / 10, u.MaxInFlight, u.InFlight, u.Queued, u.TurnedAway}
		}
	}
	for _, g := range a.cfg.Guard.Gates().All() {
		m := g.Metrics()
		if m.State == gate.Open && m.RateLimits+m.Overloads+m.Quotas+m.BadKeys+m.Refused == 0 {
			continue
		}
		list.Gates = append(list.Gates, gateOf{
			Key: m.Label, Model: m.Model, State: m.State, Why: m.ParkedFor, Rate: m.Rate, Waiting: m.Waiting,
			RateLimits: m.RateLimits, Overloads: m.Overloads, Quotas: m.Quotas, BadKeys: m.BadKeys, Refused: m.Refused,
			LastLimit: instant(m.LastLimit), Since: instant(m.Since), Until: instant(m.Until),
		})
	}
	writeJSON(w, http.StatusOK, list)
}
