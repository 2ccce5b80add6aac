package report

import (
	"slices"
	"time"
)

// Gap is a time in the report's span in which nothing was recorded, because the
// process did not run.
type Gap struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Length is at most that where the process did not stop in order: it then ended
	// at some time after From, the last that was recorded.
	Length  Seconds `json:"length_s"`
	Stopped bool    `json:"stopped"` // in order: From is exact
}

// gaps finds the times between a stop, or the last thing recorded, and the start
// after it. What was recorded is told by all events and by the ends of cells.
func gaps(in *Input, span interval) []Gap {
	g := gapFinder{span: span, cells: in.Cells, found: []Gap{}}
	for i := range in.Events {
		g.see(&in.Events[i])
	}
	if !g.stopped.IsZero() {
		g.add(g.stopped, span.to, true)
	}
	return g.found
}

type gapFinder struct {
	span    interval
	cells   []Cell
	moments []time.Time // bounds of cells, in order; made when first needed
	last    time.Time   // recorded, of the events
	stopped time.Time   // in order, and not started again
	found   []Gap
}

func (g *gapFinder) see(e *Event) {
	if e.At.After(g.span.to) {
		return
	}
	switch {
	case e.Kind == StopEvent:
		g.stopped = later(e.At, g.last)
	case e.Kind == StartEvent && !g.stopped.IsZero():
		g.add(g.stopped, e.At, true)
		g.stopped = time.Time{}
	case e.Kind == StartEvent:
		g.add(later(g.last, g.recordedBefore(e.At)), e.At, false)
	default:
		g.stopped = time.Time{} // it runs, whatever was said
	}
	g.last = later(g.last, e.At)
}

// recordedBefore is the last bound of a cell by then. When in a cell something
// happened is not known: of one that was not over, its start counts.
func (g *gapFinder) recordedBefore(at time.Time) time.Time {
	if g.moments == nil {
		for i := range g.cells {
			g.moments = append(g.moments, g.cells[i].Start, g.cells[i].Start.Add(g.cells[i].Span))
		}
		slices.SortFunc(g.moments, time.Time.Compare)
	}
	n, _ := slices.BinarySearchFunc(g.moments, at.Add(1), time.Time.Compare)
	if n == 0 {
		return time.Time{}
	}
	return g.moments[n-1]
}

func (g *gapFinder) add(from, to time.Time, stopped bool) {
	i := interval{from, to}.within(g.span)
	if n := len(g.found); n > 0 && i.from.Before(g.found[n-1].To) {
		i.from = earlier(g.found[n-1].To, i.to)
	}
	if i.length() > 0 {
		g.found = append(g.found, Gap{i.from.UTC(), i.to.UTC(), seconds(i.length()), stopped})
	}
}
