package dashboard

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// done is the answer to an action.
type done struct {
	OK     bool     `json:"ok"`
	Row    *row     `json:"row,omitempty"`
	Gate   *gateOf  `json:"gate,omitempty"`
	Bypass *bool    `json:"bypass,omitempty"`
	Alert  *alertOf `json:"alert,omitempty"`
}

func (d *Dashboard) setMode(w http.ResponseWriter, r *http.Request) {
	b := d.named(w, r)
	if b == nil {
		return
	}
	var want struct {
		Mode *breaker.Mode `json:"mode"`
	}
	if err := read(r, &want); err != nil || want.Mode == nil {
		writeError(w, http.StatusBadRequest, "invalid_body", `Send {"mode": "normal"}, or "observe", "forced-open" or "disabled".`)
		return
	}
	was := b.Mode()
	if err := b.SetMode(*want.Mode); err != nil { // it was read as one that exists
		writeError(w, http.StatusBadRequest, "invalid_mode", err.Error())
		return
	}
	d.note(r, report.Event{
		Circuit: b.Name(), Mode: want.Mode.String(), Reason: "mode " + want.Mode.String(),
		Why: fmt.Sprintf("the mode was set from %s to %s", was, *want.Mode),
	})
	d.answer(w, b)
}

func (d *Dashboard) reset(w http.ResponseWriter, r *http.Request) {
	b := d.named(w, r)
	if b == nil {
		return
	}
	was := b.State()
	b.Reset()
	d.note(r, report.Event{
		Circuit: b.Name(), Reason: "reset", Why: fmt.Sprintf("the circuit was %s, and was closed; what spoke against the service was forgotten", was),
	})
	d.answer(w, b)
}

func (d *Dashboard) answer(w http.ResponseWriter, b *breaker.Breaker) {
	writeJSON(w, http.StatusOK, done{OK: true, Row: new(d.row(b, d.cfg.Now(), &sums{}))})
}

func (d *Dashboard) bypass(w http.ResponseWriter, r *http.Request) {
	var want struct {
		On *bool `json:"on"`
	}
	if err := read(r, &want); err != nil || want.On == nil {
		writeError(w, http.StatusBadRequest, "invalid_body", `Send {"on": true} or {"on": false}.`)
		return
	}
	d.cfg.Guard.Circuits().Bypass(*want.On)
	e := report.Event{Reason: "bypass off", Why: "circuits refuse again as their states and modes say"}
	if *want.On {
		e = report.Event{Reason: "bypass on", Why: "all calls are let through, whatever the circuits say"}
	}
	d.note(r, e)
	writeJSON(w, http.StatusOK, done{OK: true, Bypass: want.On})
}

func (d *Dashboard) resetGate(w http.ResponseWriter, r *http.Request) {
	key, model := r.PathValue("key"), r.PathValue("model")
	for _, g := range d.cfg.Guard.Gates().All() {
		if g.Label() != key || g.Model() != model {
			continue
		}
		was := g.State()
		g.Reset()
		d.note(r, report.Event{Circuit: model, Key: key, Reason: "gate reset", Why: fmt.Sprintf("the gate was %s, and was opened", was)})
		m := g.Metrics()
		writeJSON(w, http.StatusOK, done{OK: true, Gate: new(newGate(&m))})
		return
	}
	writeError(w, http.StatusNotFound, "no_such_gate", "There is no such gate.")
}

// read reads a request's body, which must be one object with nothing unknown in it.
func read(r *http.Request, to any) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(to); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("there is more than one object")
	}
	return nil
}

// note writes down what somebody has done: in the history, in the log and for all who
// look.
func (d *Dashboard) note(r *http.Request, e report.Event) {
	e.Kind, e.At, e.Actor = report.OperatorEvent, d.cfg.Now(), actor(r)
	d.cfg.Record(e)
	d.cfg.Live.audit(e)
	d.cfg.Log.Warn("operator", "action", e.Reason, "circuit", e.Circuit, "key", e.Key, "actor", e.Actor, "why", e.Why)
}

// actor says where a request comes from, and by which way.
func actor(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	way := "api"
	if said := r.Header.Get("Recloser-Actor"); said == "page" || said == "cli" {
		way = said
	}
	return host + " (" + way + ")"
}
