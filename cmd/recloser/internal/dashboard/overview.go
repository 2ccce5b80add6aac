package dashboard

import (
	"net/http"
	"time"
)

// overview is everything in one look.
type overview struct {
	Now      instant      `json:"now"`
	Version  string       `json:"version"`
	Seq      uint64       `json:"seq"` // of the last event that it has
	Bypass   bool         `json:"bypass"`
	History  health       `json:"history"`
	Circuits []row        `json:"circuits"`
	Gates    []gateOf     `json:"gates"`
	Alerts   []alertBrief `json:"alerts"`
}

// Health is how the history is.
type Health struct {
	State  string // ok, degraded, memory or off
	Reason string // in words, if it is not ok
	Since  time.Time
}

type health struct {
	State  string  `json:"state"`
	Reason string  `json:"reason"`
	Since  instant `json:"since"`
}

func (d *Dashboard) health() health {
	if d.cfg.Health == nil {
		return health{"off", "--history off: what is shown is in memory, and gone with the process", instant(d.cfg.Live.begun)}
	}
	h := d.cfg.Health()
	return health{h.State, h.Reason, instant(h.Since)}
}

func (d *Dashboard) makeOverview(seq uint64, now time.Time) overview {
	all := d.cfg.Guard.Circuits().All()
	o := overview{
		Now: instant(now), Version: d.cfg.Version, Seq: seq, Bypass: d.cfg.Guard.Circuits().Bypassed(),
		History: d.health(), Circuits: make([]row, len(all)), Gates: d.gates(), Alerts: d.briefs(),
	}
	var s sums
	for i, b := range all {
		o.Circuits[i] = d.row(b, now, &s)
	}
	return o
}

func (d *Dashboard) overview(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, d.makeOverview(d.feed.at(), d.cfg.Now()))
}
