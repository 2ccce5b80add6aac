package dashboard

import (
	"github.com/recloser/recloser/gate"
)

// gateOf is gate.Metrics as they are shown. The key is a label that does not tell it.
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

// gates lists those of keys and models; those that nothing was ever held against
// aside.
func (d *Dashboard) gates() []gateOf {
	list := []gateOf{}
	for _, g := range d.cfg.Guard.Gates().All() {
		m := g.Metrics()
		if m.State == gate.Open && m.RateLimits+m.Overloads+m.Quotas+m.BadKeys+m.Refused == 0 {
			continue
		}
		list = append(list, newGate(&m))
	}
	return list
}

func newGate(m *gate.Metrics) gateOf {
	return gateOf{
		Key: m.Label, Model: m.Model, State: m.State, Why: m.ParkedFor, Rate: m.Rate, Waiting: m.Waiting,
		RateLimits: m.RateLimits, Overloads: m.Overloads, Quotas: m.Quotas, BadKeys: m.BadKeys, Refused: m.Refused,
		LastLimit: instant(m.LastLimit), Since: instant(m.Since), Until: instant(m.Until),
	}
}
