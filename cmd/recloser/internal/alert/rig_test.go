package alert

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
)

// rig is an engine with a clock that is set, and with what it tells.
type rig struct {
	t          *testing.T
	now        time.Time
	engine     *Engine
	counts     map[string]*Counts
	components []Component
	pages      []Page
	awaits     bool // there is a target, which takes no page by itself
	events     []report.Event
}

// common are rules such as the command has by default.
func common() Rules {
	return Rules{
		OpenFor: time.Minute, Trips: 3, TripsWithin: 30 * time.Minute, Flaps: 5, FlapsWithin: 10 * time.Minute,
		Brownout: 0.1, BrownoutFor: 15 * time.Minute, SLO: 0.99, MinCalls: 20, Quota: true, BadKeys: 5,
		DegradedFor: time.Minute, Repeat: 4 * time.Hour, Settle: 2 * time.Minute, Link: "https://recloser.example/",
	}
}

var start = time.Date(2026, 11, 26, 14, 0, 0, 0, time.UTC)

func newRig(t *testing.T, r Rules) *rig {
	g := &rig{t: t, now: start, counts: make(map[string]*Counts)}
	g.begin(r)
	return g
}

// begin is also what a restart is: nothing but the record is left.
func (g *rig) begin(r Rules) {
	g.counts = make(map[string]*Counts)
	g.engine = New(Config{
		Rules: r, Now: func() time.Time { return g.now },
		Deliver:    g.deliver,
		Record:     func(e report.Event) { g.events = append(g.events, e) },
		Components: func() []Component { return g.components },
		Counts: func(yield func(string, Counts)) {
			for name, c := range g.counts {
				yield(name, *c)
			}
		},
	})
}

func (g *rig) deliver(p Page) bool {
	g.pages = append(g.pages, p)
	return g.awaits
}

// pass lets time pass, with a look each second.
func (g *rig) pass(d time.Duration) {
	for end := g.now.Add(d); g.now.Before(end); {
		g.now = g.now.Add(lookTime)
		g.engine.look(g.now)
	}
}

const model = "api.openai.com/gpt-5"

func (g *rig) transition(from, to breaker.State, reason breaker.Reason) {
	g.engine.Transition(breaker.Transition{
		Name: model, Parent: "api.openai.com", From: from, To: to, At: g.now, Reason: reason, Until: g.now.Add(7 * time.Second),
		Evidence: breaker.Evidence{Failures: 5, Causes: "5 × 503"},
	})
}

func (g *rig) trip()    { g.transition(breaker.Closed, breaker.Open, breaker.ConsecutiveFailures) }
func (g *rig) reclose() { g.transition(breaker.HalfOpen, breaker.Closed, breaker.ProbeSucceeded) }

// calls counts calls and attempts, so many of each good and failed.
func (g *rig) calls(good, failed int64) {
	c := g.counts[model]
	if c == nil {
		c = &Counts{}
		g.counts[model] = c
	}
	c.Attempts[fault.Success] += good
	c.Attempts[fault.Service] += failed
	c.Calls[fault.Success] += good
	c.Calls[fault.Service] += failed
}

// traffic is calls each second, of a minute a share failed.
func (g *rig) traffic(d time.Duration, failedOfTen int64) {
	for end := g.now.Add(d); g.now.Before(end); {
		g.calls(10-failedOfTen, failedOfTen)
		g.pass(time.Second)
	}
}

func (g *rig) answer(key string, status int) {
	g.engine.Observe(context.Background(), guard.Event{Type: guard.AttemptEnded, Key: key, Status: status, Circuit: model})
}

func (g *rig) park(label string, to gate.State, why gate.Reason) {
	from := gate.Open
	if to != gate.Parked {
		from, to = gate.Parked, gate.Open
	}
	g.engine.GateTransition(gate.Transition{Label: label, From: from, To: to, At: g.now, Reason: why, ParkedFor: why, Until: g.now.Add(5 * time.Minute)})
}

// sent demands these pages and no others since it was last asked: "firing critical
// circuit-open".
func (g *rig) sent(want ...string) {
	g.t.Helper()
	var got []string
	for _, p := range g.pages {
		got = append(got, fmt.Sprintf("%s %s %s", p.State, p.Severity, p.Rule))
	}
	g.pages = nil
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		g.t.Errorf("at %v pages:\n%s\nwanted:\n%s", g.now.Sub(start), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (g *rig) sentInAnyOrder(want ...string) {
	g.t.Helper()
	slices.SortFunc(g.pages, func(a, b Page) int { return -strings.Compare(a.Rule, b.Rule) })
	slices.Sort(want)
	slices.Reverse(want)
	g.sent(want...)
}

// seedCells are those of a circuit that has failed a fifth of its calls for an hour.
func seedCells(end time.Time) (cells []report.Cell) {
	for i := range 60 {
		c := report.Cell{Circuit: model, Start: end.Add(time.Duration(i-60) * time.Minute), Span: time.Minute}
		c.Calls[fault.Success], c.Calls[fault.Service] = 80, 20
		cells = append(cells, c)
	}
	return cells
}
