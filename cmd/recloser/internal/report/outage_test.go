package report_test

import (
	"slices"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// in mode is an event with a mode.
func inMode(e report.Event, mode string) report.Event {
	e.Mode = mode
	return e
}

func because(e report.Event, reason string) report.Event {
	e.Reason = reason
	return e
}

func process(d time.Duration, kind report.EventKind) report.Event {
	return report.Event{At: at(d), Kind: kind}
}

// told is an outage in short.
type told struct {
	start, end          time.Duration // end 0: none
	length              float64       // -1: not known
	recovered, observed bool
	ongoing             bool
}

func TestOutagesFromEvents(t *testing.T) {
	const h = time.Hour
	const c = "h/m"
	open, half, closed := turn(h, c, "closed", "open"), turn(2*h, c, "open", "half-open"), turn(3*h, c, "half-open", "closed")
	for _, row := range []struct {
		name   string
		events []report.Event
		want   []told
	}{
		{"nothing", nil, nil},
		{"one", []report.Event{open, half, closed}, []told{{h, 3 * h, 7200, true, false, false}}},
		{"ongoing, half-open", []report.Event{open, half}, []told{{start: h, length: 23 * 3600, ongoing: true}}},
		{"since before", []report.Event{turn(-5*h, c, "closed", "open"), closed}, []told{{-5 * h, 3 * h, 8 * 3600, true, false, false}}},
		{"over before", []report.Event{turn(-5*h, c, "closed", "open"), turn(-4*h, c, "half-open", "closed")}, nil},
		{"over at the very start", []report.Event{turn(-5*h, c, "closed", "open"), turn(0, c, "half-open", "closed")}, nil},
		{"after the end", []report.Event{turn(25*h, c, "closed", "open")}, nil},
		{"observed", []report.Event{inMode(open, "observe"), inMode(closed, "observe")}, []told{{h, 3 * h, 7200, true, true, false}}},
		{"observed at first", []report.Event{inMode(open, "observe"), turn(2*h, c, "open", "open"), closed}, []told{{h, 3 * h, 7200, true, false, false}}},
		{"taken over by an operator", []report.Event{open, inMode(turn(2*h, c, "open", "open"), "forced-open"), closed},
			[]told{{h, 2 * h, 3600, false, false, false}}},
		{"disabled while open", []report.Event{open, inMode(turn(2*h, c, "open", "open"), "disabled"), turn(4*h, c, "open", "open"), turn(5*h, c, "half-open", "closed")},
			[]told{{h, 2 * h, 3600, false, false, false}, {4 * h, 5 * h, 3600, true, false, false}}},
		{"explained by the host", []report.Event{open, because(turn(2*h, c, "open", "closed"), "explained by the parent")},
			[]told{{h, 2 * h, 3600, false, false, false}}},
		{"restored by a restart", []report.Event{open, process(2*h, report.StartEvent), because(turn(2*h, c, "closed", "open"), "restored"), closed},
			[]told{{h, 3 * h, 7200, true, false, false}}},
		{"forgotten by a restart", []report.Event{open, process(2*h, report.StartEvent), turn(5*h, c, "closed", "open"), turn(6*h, c, "half-open", "closed")},
			[]told{{h, 2 * h, 3600, false, false, false}, {5 * h, 6 * h, 3600, true, false, false}}},
		{"the clock goes back", []report.Event{turn(5*h, c, "closed", "open"), turn(4*h, c, "half-open", "closed"), turn(3*h, c, "closed", "open"), turn(6*h, c, "half-open", "closed")},
			[]told{{5 * h, 5 * h, -1, true, false, false}, {5 * h, 6 * h, 3600, true, false, false}}},
		{"the clock leaps and comes back", []report.Event{turn(99*h, c, "closed", "open"), open, closed}, []told{{h, 3 * h, 7200, true, false, false}}},
		{"down before the last end", []report.Event{open, closed, opening(4*h, c, "", 2*h), turn(5*h, c, "half-open", "closed")},
			[]told{{h, 3 * h, 7200, true, false, false}, {3 * h, 5 * h, 7200, true, false, false}}},
		{"down after it opened", []report.Event{opening(h, c, "", -h), closed}, []told{{h, 3 * h, 7200, true, false, false}}},
	} {
		r := report.Make(report.Input{From: at(0), To: at(24 * h), Events: row.events})
		var got []told
		for _, o := range r.Outages {
			one := told{start: o.Start.Sub(at(0)), length: -1, recovered: o.Recovered, observed: o.Observed, ongoing: o.Ongoing}
			if o.End != nil {
				one.end = o.End.Sub(at(0))
			}
			if o.Length != nil {
				one.length = float64(*o.Length)
			}
			got = append(got, one)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s:\n got %v\nwant %v", row.name, got, row.want)
		}
	}
}

func TestAnOutageSinceBeforeIsClipped(t *testing.T) {
	r := report.Make(report.Input{From: at(0), To: at(24 * time.Hour), Events: []report.Event{
		turn(-time.Hour, "c", "closed", "open"), turn(time.Hour, "c", "half-open", "closed"),
	}})
	o := r.Outages[0]
	same(t, "start", o.Start, at(-time.Hour))
	near(t, "length", o.Length, 7200)
	same(t, "in the span", o.InSpan, 3600)
	same(t, "down", r.Total.Outages.Down, 3600)
	near(t, "MTTR", r.Total.Outages.MTTR, 7200)
}

func TestGaps(t *testing.T) {
	const h = time.Hour
	cell := report.Cell{Circuit: "c", Start: at(2 * h), Span: h}
	for _, row := range []struct {
		name   string
		cells  []report.Cell
		events []report.Event
		want   []report.Gap
	}{
		{"none", nil, []report.Event{turn(h, "c", "closed", "open")}, nil},
		{"the first start", nil, []report.Event{process(5*h, report.StartEvent)},
			[]report.Gap{{at(0), at(5 * h), 5 * 3600, false}}},
		{"killed after a cell", []report.Cell{cell}, []report.Event{process(5*h, report.StartEvent)},
			[]report.Gap{{at(3 * h), at(5 * h), 2 * 3600, false}}},
		{"killed in a cell", []report.Cell{cell}, []report.Event{process(2*h+30*time.Minute, report.StartEvent)},
			[]report.Gap{{at(2 * h), at(2*h + 30*time.Minute), 1800, false}}},
		{"killed after an event", nil, []report.Event{turn(4*h, "c", "closed", "open"), process(5*h, report.StartEvent)},
			[]report.Gap{{at(4 * h), at(5 * h), 3600, false}}},
		{"stopped", []report.Cell{cell}, []report.Event{process(-h, report.StartEvent), process(6*h, report.StopEvent), process(8*h, report.StartEvent)},
			[]report.Gap{{at(6 * h), at(8 * h), 7200, true}}},
		{"stopped for good", nil, []report.Event{process(-h, report.StartEvent), process(23*h, report.StopEvent)},
			[]report.Gap{{at(23 * h), at(24 * h), 3600, true}}},
		{"stopped before", nil, []report.Event{process(-h, report.StopEvent), process(h, report.StartEvent)},
			[]report.Gap{{at(0), at(h), 3600, true}}},
		{"the clock goes back", nil, []report.Event{process(6*h, report.StopEvent), process(4*h, report.StartEvent)}, nil},
	} {
		r := report.Make(report.Input{From: at(0), To: at(24 * h), Cells: row.cells, Events: row.events})
		if !slices.Equal(r.Gaps, row.want) {
			t.Errorf("%s:\n got %v\nwant %v", row.name, r.Gaps, row.want)
		}
	}
}

func TestWhatIsNotRecordedIsNeitherUpNorDown(t *testing.T) {
	const h = time.Hour
	// Open 10:00-16:00, and the process away 12:00-14:00: 22 hours are recorded, 4 of
	// them down.
	r := report.Make(report.Input{From: at(0), To: at(24 * h), Events: []report.Event{
		turn(10*h, "c", "closed", "open"), process(12*h, report.StopEvent), process(14*h, report.StartEvent),
		because(turn(14*h, "c", "closed", "open"), "restored"), turn(16*h, "c", "half-open", "closed"),
	}})
	same(t, "not recorded", r.Outages[0].Unrecorded, 2*3600)
	near(t, "length", r.Outages[0].Length, 6*3600)
	near(t, "MTBF", r.Total.Outages.MTBF, 18*3600)
	near(t, "up", r.Total.Outages.Up, 0.818181818) // 18/22
}

func TestGates(t *testing.T) {
	const h, s = time.Hour, time.Second
	r := report.Make(report.Input{From: at(0), To: at(24 * h), Events: []report.Event{
		gateTurn(-h, "k1", "m", "closed", "rate limit", h+10*s), // 10 s in the span
		gateTurn(h, "k1", "m", "limited", "wait over", 0),
		gateTurn(2*h, "k1", "m", "closed", "rate limit", 20*s),
		gateTurn(2*h+5*s, "k1", "m", "closed", "rate limit", 20*s), // 25 s in all
		gateTurn(3*h, "k1", "m", "open", "wait over", 0),           // noticed late
		gateTurn(4*h, "k2", "m", "parked", "quota exhausted", 60*s),
		gateTurn(5*h, "k2", "m", "parked", "quota exhausted", 60*s), // a test was refused
		gateTurn(6*h, "k2", "m", "open", "test call answered", 0),
		gateTurn(23*h, "k2", "m", "parked", "key refused", 60*s),
		gateTurn(7*h, "k3", "m", "limited", "overload", 0), // nothing to tell
	}})
	same(t, "gates", len(r.Gates), 2)
	same(t, "waits", r.Gates[0].Waits, 3)
	same(t, "waited", r.Gates[0].Waited, 35)
	parked := r.Gates[1].Parked
	same(t, "parked", len(parked), 2)
	near(t, "parked", parked[0].Length, 2*3600)
	same(t, "reason", parked[1].Reason, "key refused")
	same(t, "goes on", parked[1].End == nil, true)
	same(t, "no outage", len(r.Outages), 0)
}
