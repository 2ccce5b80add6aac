package dashboard

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// maxMute is the longest time for which a trouble is muted: what is muted for ever is
// forgotten, and alert-ignore says so better.
const maxMute = 366 * day

// mute says that people are not to be told of a trouble. The engine records it.
func (d *Dashboard) mute(w http.ResponseWriter, r *http.Request) {
	var want struct {
		Key   string          `json:"key"`
		Until json.RawMessage `json:"until"`
		For   *string         `json:"for"`
	}
	err := read(r, &want)
	if err != nil || want.Key == "" || (want.Until == nil) == (want.For == nil) {
		writeError(w, http.StatusBadRequest, "invalid_body", `Send {"key": "...", "for": "2h"}, or in place of "for" "until" with a time, or with null: no longer.`)
		return
	}
	now := d.cfg.Now()
	until, ok := muteEnd(now, want.Until, want.For)
	if !ok {
		writeError(w, http.StatusBadRequest, "invalid_body",
			`"for" is a time such as 2h or 3d; "until" one after now such as 2026-11-24T10:00:00Z, or null; by a year at most.`)
		return
	}
	by := actor(r)
	if d.cfg.Alerts == nil || d.cfg.Alerts.Mute(want.Key, until, by) != nil {
		writeError(w, http.StatusNotFound, "no_such_alert", "There is no such trouble: it may be over. Those that there are, with their keys such as circuit/api.openai.com/gpt-5, are in /api/alerts (recloser alert list).")
		return
	}
	is := d.alert(want.Key)
	action, why := "unmute", "people are told of the trouble again"
	if !until.IsZero() {
		action, why = "mute", "until "+until.UTC().Format(time.RFC3339)+" people are told of the trouble only that it is over"
	}
	d.cfg.Log.Warn("operator", "action", action, "circuit", is.Circuit, "key", want.Key, "actor", by, "why", why)
	answer := done{OK: true}
	if is.Key != "" {
		answer.Alert = new(newAlert(&is))
	}
	writeJSON(w, http.StatusOK, answer)
}

// muteEnd is until when a trouble is muted; zero: no longer.
func muteEnd(now time.Time, until json.RawMessage, length *string) (end time.Time, ok bool) {
	switch {
	case length != nil:
		d, err := report.ParseAge(*length)
		if err != nil {
			return end, false
		}
		end = now.Add(d)
	case bytes.Equal(until, []byte("null")):
		return end, true
	default:
		if json.Unmarshal(until, &end) != nil {
			return end, false
		}
	}
	return end, end.After(now) && end.Sub(now) <= maxMute
}

// alert returns a trouble by its key; without one if there is none.
func (d *Dashboard) alert(key string) Alert {
	for _, a := range d.cfg.Alerts.Alerts() {
		if a.Key == key {
			return a
		}
	}
	return Alert{}
}
