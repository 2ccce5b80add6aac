package telemetry

import (
	"unicode/utf8"

	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
)

// gates hands over those that something was ever held against: each caller's key has
// some, and most of them have nothing to tell.
func (w *writer) gates(g *guard.Guard) {
	for _, one := range g.Gates().All() {
		m := one.Metrics()
		if !utf8.ValidString(m.Model) {
			continue // no guard lets such a name in
		}
		if m.State != gate.Open || m.RateLimits+m.Overloads+m.Quotas+m.BadKeys+m.Refused > 0 {
			w.gate(&m)
		}
	}
}

func (w *writer) gate(m *gate.Metrics) {
	key, model := m.Label, m.Model
	w.set(gateState, m.State.String(), []string{"open", "limited", "closed", "parked"}, key, model)
	if m.State == gate.Limited {
		w.put(gateRate, m.Rate, key, model)
	}
	w.put(gateWaiting, float64(m.Waiting), key, model)
	w.put(gateReports, float64(m.RateLimits), key, model, "rate_limit")
	w.put(gateReports, float64(m.Overloads), key, model, "overload")
	w.put(gateReports, float64(m.Quotas), key, model, "quota")
	w.put(gateReports, float64(m.BadKeys), key, model, "bad_key")
	w.put(gateRefusals, float64(m.Refused), key, model)
	w.moment(gateUntil, m.Until, key, model)
}
