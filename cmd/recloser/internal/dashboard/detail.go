package dashboard

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// detail is a circuit over a span of time.
type detail struct {
	Row         row          `json:"row"`
	From        instant      `json:"from"`
	To          instant      `json:"to"`
	Step        float64      `json:"step"` // seconds
	Slots       []slot       `json:"slots"`
	States      []phase      `json:"states"`
	Transitions []transition `json:"transitions"` // the newest first
	Outages     []outage     `json:"outages"`
	Config      []setting    `json:"config"`
	History     health       `json:"history"`
}

const (
	maxTransitions = 200
	// askTime is how long the history may take for an answer.
	askTime = 20 * time.Second
)

// find returns a circuit by its full name, or nil.
func (d *Dashboard) find(name string) *breaker.Breaker {
	for _, b := range d.cfg.Guard.Circuits().All() {
		if b.Name() == name {
			return b
		}
	}
	return nil
}

// named returns the circuit that the address names; nil: that was answered.
func (d *Dashboard) named(w http.ResponseWriter, r *http.Request) *breaker.Breaker {
	b := d.find(r.PathValue("name"))
	if b == nil {
		writeError(w, http.StatusNotFound, "no_such_circuit", "There is no such circuit.")
	}
	return b
}

func (d *Dashboard) detail(w http.ResponseWriter, r *http.Request) {
	b := d.named(w, r)
	if b == nil {
		return
	}
	now := d.cfg.Now()
	s, err := spanOf(r.URL.Query(), now, time.Hour)
	if err != nil {
		writeError(w, http.StatusBadRequest, "invalid_span", "The span of time cannot be used: "+err.Error()+".")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), askTime)
	defer cancel()
	if !d.turn(ctx, w) {
		return
	}
	defer d.done()
	cells, events, known, err := d.ask(ctx, b, s)
	is := d.health()
	if err != nil { // what is shown is what memory has
		is = health{"degraded", "it cannot be read: " + err.Error(), instant(now)}
	}
	step := stepOf(s, longest(cells))
	writeJSON(w, http.StatusOK, detail{
		Row: d.row(b, now, &sums{}), From: instant(s.from), To: instant(s.to), Step: step.Seconds(),
		Slots: slotsOf(cells, s, step), States: phases(events, known, b), Transitions: transitions(events, s),
		Outages: outages(events, s), Config: d.settings(b), History: is,
	})
}

// turn waits until nobody else asks the history for much: its answers are held in
// memory. It reports false if that was answered with an error.
func (d *Dashboard) turn(ctx context.Context, w http.ResponseWriter) bool {
	select {
	case d.asking <- struct{}{}:
		return true
	case <-ctx.Done():
		writeError(w, http.StatusServiceUnavailable, "busy", "Others ask the history for much: please try again.")
		return false
	}
}

func (d *Dashboard) done() { <-d.asking }

// ask returns what is known of a circuit, of an upstream with its models' calls, and of
// which part of the span anything is. What the history cannot answer, memory does,
// and the error says why.
func (d *Dashboard) ask(ctx context.Context, b *breaker.Breaker, s span) (cells []report.Cell, events []report.Event, known span, err error) {
	cells, events, known, err = askPast(ctx, d.past(), b, s)
	if err != nil {
		d.cfg.Log.Warn("the dashboard cannot read the history", "problem", err.Error())
		cells, events, known, _ = askPast(context.WithoutCancel(ctx), d.memory, b, s) // which does not fail
	}
	others := func(e report.Event) bool { return e.Kind == report.CircuitEvent && e.Circuit != b.Name() }
	return cells, d.withNewest(slices.DeleteFunc(events, others), b.Name(), s), known, err
}

func askPast(ctx context.Context, p Past, b *breaker.Breaker, s span) (cells []report.Cell, events []report.Event, known span, err error) {
	first, _, err := p.Bounds(ctx)
	if err != nil {
		return nil, nil, s, err
	}
	known = s
	if first.After(s.from) && first.Before(s.to) {
		known.from = first // before that nobody knows how the circuit was
	}
	if cells, err = cellsOf(ctx, p, b, s); err != nil {
		return nil, nil, s, err
	}
	events, err = p.Events(ctx, s.from, s.to, report.CircuitEvent, report.StartEvent, report.StopEvent)
	return cells, events, known, err
}

// withNewest adds what the history, which is written behind, does not have yet: who
// hears of a transition may ask at once.
func (d *Dashboard) withNewest(events []report.Event, circuit string, s span) []report.Event {
	had := make(map[string]bool, len(events))
	for i := range events {
		had[idOf(&events[i])] = true
	}
	for _, e := range d.cfg.Live.recent.all() {
		if e.Kind == report.CircuitEvent && e.Circuit == circuit && !e.At.Before(s.from) && e.At.Before(s.to) && !had[idOf(&e)] {
			events = append(events, e)
		}
	}
	return events
}

func cellsOf(ctx context.Context, p Past, b *breaker.Breaker, s span) ([]report.Cell, error) {
	if b.Parent() != nil {
		return p.Cells(ctx, s.from, s.to, 0, b.Name())
	}
	cells, err := p.Cells(ctx, s.from, s.to, coarse(s), "") // of all circuits, and so not finer than it shows
	return slices.DeleteFunc(cells, func(c report.Cell) bool {
		return c.Circuit != b.Name() && !strings.HasPrefix(c.Circuit, b.Name()+"/")
	}), err
}

// coarse is the longest span of cells of which there are enough to show s.
func coarse(s span) time.Duration {
	step, best := stepOf(s, 0), time.Duration(0)
	for _, span := range [...]time.Duration{10 * time.Second, time.Minute, time.Hour, day} {
		if span <= step {
			best = span
		}
	}
	return best
}

func longest(cells []report.Cell) (d time.Duration) {
	for i := range cells {
		d = max(d, cells[i].Span)
	}
	return d
}

// transitions returns the latest ones in the span, the newest first.
func transitions(events []report.Event, s span) []transition {
	list := []transition{}
	for i := len(events) - 1; i >= 0 && len(list) < maxTransitions; i-- {
		if e := &events[i]; e.Kind == report.CircuitEvent && !e.At.Before(s.from) {
			list = append(list, newTransition(e))
		}
	}
	return list
}

// phase is a time in which a circuit was in one state and mode.
type phase struct {
	From  instant `json:"from"`
	To    instant `json:"to"`
	State string  `json:"state"`
	Mode  string  `json:"mode"`
}

// phases are those of the span. Of a circuit of which nothing was written down in it,
// nor before, the present is all that is known.
func phases(events []report.Event, s span, b *breaker.Breaker) []phase {
	now := phase{instant(s.from), instant(s.to), b.State().String(), b.Mode().String()}
	begun := false
	var list []phase
	for i := range events {
		e := &events[i]
		switch {
		case e.Kind != report.CircuitEvent:
			continue
		case !begun: // it was what the first one says that it changed
			begun, now.State, now.Mode = true, e.From, e.Mode
			if e.Reason == string(breaker.ModeSet) {
				now.Mode = breaker.Normal.String()
			}
		}
		if e.To == now.State && e.Mode == now.Mode {
			continue
		}
		if at := e.At; at.After(time.Time(now.From)) {
			now.To = instant(at)
			list = append(list, now)
			now.From = instant(at)
		}
		now.State, now.Mode = e.To, e.Mode
	}
	now.To = instant(s.to)
	return append(list, now)
}

// outage is a time in which a circuit was open.
type outage struct {
	Start  instant         `json:"start"`
	End    instant         `json:"end"` // null: not yet
	Length *report.Seconds `json:"length"`
	Cause  string          `json:"cause"`
	Detect *report.Seconds `json:"detect"`
}

// outages are those of the report, which knows how they are told.
func outages(events []report.Event, s span) []outage {
	list := []outage{}
	for _, o := range report.Make(report.Input{From: s.from, To: s.to, Events: events}).Outages {
		one := outage{Start: instant(o.Start), Length: o.Length, Cause: o.Cause, Detect: o.Detect}
		if o.End != nil {
			one.End = instant(*o.End)
		}
		list = append(list, one)
	}
	return list
}
