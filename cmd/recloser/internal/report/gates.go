package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/recloser/recloser/gate"
)

// Gate tells what the rate limits of a key and model came to.
type Gate struct {
	Key   string `json:"key"` // its label
	Model string `json:"model"`
	// Waits are the times that the gate was closed, until a moment that the service
	// gave, and Waited how long that was in the report's span.
	Waits  int     `json:"waits"`
	Waited Seconds `json:"waited_s"`
	// Parked are the times without quota, or with a key that was refused.
	Parked []Park `json:"parked"`
}

// Park is a time in which only test calls went out.
type Park struct {
	Reason string `json:"reason"`
	Period
}

// gateCourse follows one gate through its events.
type gateCourse struct {
	Gate
	span  interval
	last  time.Time
	state Event // that it is in; At is put right
	waits []interval
}

func (g *gateCourse) see(e *Event) {
	at := later(e.At, g.last)
	g.last = at
	if g.state.To == gate.Parked.String() && e.To == g.state.To {
		return // a test was refused: still the same
	}
	g.leave(at)
	g.state = *e
	g.state.At = at
}

// leave closes the state that the gate was in. That a wait is over is noticed with
// the next call only, so what counts is when it was due.
func (g *gateCourse) leave(at time.Time) {
	switch g.state.To {
	case gate.Closed.String():
		end := at
		if !g.state.Until.IsZero() {
			end = later(g.state.At, earlier(at, g.state.Until))
		}
		g.waits = append(g.waits, interval{g.state.At, end})
	case gate.Parked.String():
		g.park(at)
	}
}

func (g *gateCourse) park(end time.Time) {
	p := Park{g.state.Reason, newPeriod(g.state.At, end, g.span)}
	if p.touches(g.span) {
		g.Parked = append(g.Parked, p)
	}
}

// finish closes what is still so at the end.
func (g *gateCourse) finish() Gate {
	if g.state.To == gate.Parked.String() {
		g.park(time.Time{})
	} else {
		g.leave(later(g.span.to, g.last))
	}
	for _, w := range g.waits {
		if w.to.After(g.span.from) && w.from.Before(g.span.to) {
			g.Waits++
		}
	}
	g.Waited = seconds(union(g.waits).within(g.span))
	return g.Gate
}

type gateName struct{ key, model string }

// gates are those that had anything to tell.
func gates(in *Input) []Gate {
	courses := make(map[gateName]*gateCourse)
	for i := range in.Events {
		e := &in.Events[i]
		if e.Kind != GateEvent || e.At.After(in.To) {
			continue
		}
		name := gateName{e.Key, e.Circuit}
		if courses[name] == nil {
			courses[name] = &gateCourse{
				Gate: Gate{Key: e.Key, Model: e.Circuit, Parked: []Park{}},
				span: interval{in.From, in.To},
			}
		}
		courses[name].see(e)
	}
	out := []Gate{}
	byName := func(a, b gateName) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.model, b.model)) }
	for _, name := range slices.SortedFunc(maps.Keys(courses), byName) {
		if g := courses[name].finish(); g.Waits > 0 || len(g.Parked) > 0 {
			out = append(out, g)
		}
	}
	return out
}
