package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Input is what a report is made of.
type Input struct {
	From, To time.Time // the span reported on
	// Cells of any length; those of a circuit do not overlap. One that began before
	// From counts, as a whole, if at least half of it lies in the span.
	Cells []Cell
	// Events in the order of recording; also, of each circuit and gate, the last one
	// before From, if there is one, for the state that it was in then.
	Events []Event
	SLO    float64 // the share of calls to be answered, e.g. 0.999; not in (0, 1]: no target
	Lost   int64   // roll-ups that were dropped before they were recorded
}

// Report holds the figures of a span of time. It is plain data: as JSON, names are
// stable, lengths of time are seconds (names that end in _s), shares are from 0 to
// 1, moments RFC 3339 in UTC, and what is not known or has no meaning is null.
type Report struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Span Seconds   `json:"span_s"`
	// Recorded is the span without the gaps.
	Recorded Seconds `json:"recorded_s"`
	SLO      float64 `json:"slo"` // 0: no target
	Lost     int64   `json:"lost_rollups"`

	Total    Figures   `json:"total"`
	Circuits []Figures `json:"circuits"` // by name: a host stands before its models

	Outages []Outage  `json:"outages"` // by start
	Planned []Planned `json:"planned"` // kept open by an operator: no outages
	Gates   []Gate    `json:"gates"`   // by key and model
	Gaps    []Gap     `json:"gaps"`

	Hours Hours    `json:"hours"`
	Step  Seconds  `json:"step_s"` // of the series
	Slots []Slot   `json:"series"` // in order; none where there was nothing
	Notes []string `json:"notes"`  // how the figures are made, and what they lack
}

// Make computes the report. It reads no clock and keeps nothing of in.
func Make(in Input) *Report {
	in.normalize()
	r := &Report{
		From: in.From, To: in.To, Span: seconds(in.To.Sub(in.From)),
		SLO: in.SLO, Lost: in.Lost,
		Gates: gates(&in), Circuits: []Figures{}, Outages: []Outage{}, Planned: []Planned{},
	}
	span := interval{in.From, in.To}
	r.Gaps = gaps(&in, span)
	c := &clock{span: span}
	for _, g := range r.Gaps {
		c.gaps = append(c.gaps, interval{g.From, g.To})
	}
	r.Recorded = seconds(c.recorded())
	courses := follow(&in, c)
	r.collect(courses)
	cells := inSpan(in.Cells, span)
	r.Step = seconds(stepOf(cells, span))
	r.count(cells, courses, c)
	r.Slots = slots(cells, r.Step.Duration())
	r.Hours = hours(cells)
	r.Notes = r.notes(cells)
	return r
}

// normalize makes what is given usable: times in UTC, and a span that is none empty.
func (in *Input) normalize() {
	in.From, in.To = in.From.UTC(), in.To.UTC()
	in.To = later(in.From, in.To)
	if !(in.SLO > 0 && in.SLO <= 1) { // nor a number that is none
		in.SLO = 0
	}
}

// inSpan selects the cells that count. One that is not over at the end does.
func inSpan(all []Cell, span interval) []*Cell {
	var out []*Cell
	for i := range all {
		c := &all[i]
		end := earlier(c.Start.Add(c.Span), span.to)
		half := c.Start.Add(end.Sub(c.Start) / 2)
		if c.Start.Before(span.to) && !half.Before(span.from) {
			out = append(out, c)
		}
	}
	return out
}

// follow replays the events of circuits.
func follow(in *Input, c *clock) map[string]*course {
	courses := make(map[string]*course)
	var started time.Time
	for i := range in.Events {
		e := &in.Events[i]
		switch {
		case e.At.After(in.To):
		case e.Kind == StartEvent:
			started = e.At
		case e.Kind == CircuitEvent:
			if courses[e.Circuit] == nil {
				courses[e.Circuit] = &course{circuit: e.Circuit, span: c.span}
			}
			courses[e.Circuit].see(e, started)
		}
	}
	for _, one := range courses {
		one.finish(c.gaps, started)
	}
	return courses
}

// collect lists the outages of all circuits.
func (r *Report) collect(courses map[string]*course) {
	for _, c := range courses {
		r.Outages = append(r.Outages, c.outages...)
		r.Planned = append(r.Planned, c.planned...)
	}
	slices.SortFunc(r.Outages, func(a, b Outage) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Circuit, b.Circuit), a.Opened.Compare(b.Opened))
	})
	slices.SortFunc(r.Planned, func(a, b Planned) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Circuit, b.Circuit))
	})
}

// count makes the figures of each circuit, and of all together.
func (r *Report) count(cells []*Cell, courses map[string]*course, c *clock) {
	tallies := make(map[string]*tally)
	for _, cell := range cells {
		if tallies[cell.Circuit] == nil {
			tallies[cell.Circuit] = &tally{}
		}
		tallies[cell.Circuit].take(cell)
	}
	for name := range courses { // also those without a call
		if tallies[name] == nil {
			tallies[name] = &tally{}
		}
	}
	var total tally
	var saved int64
	for _, name := range slices.Sorted(maps.Keys(tallies)) {
		t := tallies[name]
		f := t.figures(name, r.SLO)
		f.Outages = outageFigures(outagesOf(courses[name]), hostTimes(name, courses, c.span), c)
		r.Circuits = append(r.Circuits, f)
		saved += f.Saved.Attempts
		total.Add(&t.Counts)
		total.latency.Merge(&t.latency)
		total.content.Merge(&t.content)
	}
	r.Total = total.figures("", r.SLO)
	r.Total.Saved.Attempts = saved
	r.Total.Outages = outageFigures(joined(r.Outages, c.span), nil, c)
}

func outagesOf(c *course) []Outage {
	if c == nil {
		return nil
	}
	return c.outages
}

// hostTimes are the outages of the circuit above. A circuit is called HOST or
// HOST/MODEL.
func hostTimes(name string, courses map[string]*course, span interval) intervals {
	host, _, isModel := strings.Cut(name, "/")
	if !isModel {
		return nil
	}
	var times intervals
	for _, o := range outagesOf(courses[host]) {
		times = append(times, o.interval(span).within(span))
	}
	return times
}
