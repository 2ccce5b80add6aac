package dashboard

import (
	"context"
	"sync"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
)

// Live counts what happens, as an observer of a guard. Make it with NewLive. Its
// methods are safe for concurrent use; those that observe do not block.
type Live struct {
	now    func() time.Time
	begun  time.Time
	meter  *meter
	recent *recent
	news   news
}

// NewLive returns one that has seen nothing. now is its clock; nil: time.Now.
func NewLive(now func() time.Time) *Live {
	if now == nil {
		now = time.Now
	}
	return &Live{now: now, begun: now(), meter: newMeter(), recent: &recent{}, news: news{wake: make(chan struct{}, 1)}}
}

// Observe is a guard.Config.Observe.
func (l *Live) Observe(_ context.Context, e guard.Event) {
	switch e.Type {
	case guard.AttemptEnded:
		if e.Circuit != "" {
			l.meter.of(e.Circuit).attempt(l.now().Unix(), &e)
		}
	case guard.CallEnded:
		if e.Asked != "" {
			l.meter.of(e.Asked).call(l.now().Unix(), &e)
		}
	case guard.AttemptBegun, guard.Retrying, guard.FallingBack, guard.Gated:
	}
}

// Transition is a breaker.Config.OnTransition.
func (l *Live) Transition(tr breaker.Transition) {
	e := report.EventOf(tr)
	l.count(&e)
	l.recent.add(e)
	l.news.add(item{kind: "transition", circuit: tr.Name, data: newTransition(&e)})
}

// GateTransition is a gate.Config.OnTransition.
func (l *Live) GateTransition(gate.Transition) { l.news.gatesChanged() }

// Alert takes in that people were told of a trouble, or are not to be: an event of the
// kind report.AlertEvent.
func (l *Live) Alert(e report.Event) {
	l.recent.add(e)
	l.news.alertsChanged()
}

// Seed takes in what a history knows of the last hour, before anything else happens:
// cells of a minute, and events. No circuit counts as open after it: restoring the
// circuits tells which are.
func (l *Live) Seed(cells []report.Cell, events []report.Event) {
	now := l.now()
	oldest := now.Add(-(hourSlots - 1) * time.Minute)
	for i := range cells {
		if c := &cells[i]; !c.Start.Before(oldest.Truncate(time.Minute)) && !c.Start.After(now) {
			l.meter.of(c.Circuit).seed(c)
		}
	}
	names := make(map[string]bool)
	for _, e := range events {
		l.recent.add(e)
		if e.Kind != report.CircuitEvent || e.At.After(now) {
			continue
		}
		if e.At.Before(oldest) { // it tells how it was then
			e.At = oldest
		}
		names[e.Circuit] = true
		l.count(&e)
	}
	for name := range names {
		l.meter.of(name).changed(now.Unix(), false)
	}
}

// count notes whether a circuit is open from an event on.
func (l *Live) count(e *report.Event) {
	l.meter.of(e.Circuit).changed(e.At.Unix(), e.To != breaker.Closed.String() || e.Mode == breaker.ForcedOpen.String())
}

// audit keeps what somebody did.
func (l *Live) audit(e report.Event) {
	l.recent.add(e)
	l.news.add(item{kind: "audit", circuit: e.Circuit, data: newAudit(&e)})
}

// item is something that viewers are told as it is.
type item struct {
	kind    string
	circuit string // whose row has changed with it; "": none
	data    any
}

// maxNews bounds what waits while nobody looks.
const maxNews = 1000

// news is what has happened since the feed last looked.
type news struct {
	wake chan struct{} // has one element when there is some

	mu sync.Mutex
	is happened
}

// happened is what there is to tell.
type happened struct {
	items  []item
	gates  bool
	alerts bool
	lost   bool // there were too many items
}

func (n *news) add(i item) {
	n.mu.Lock()
	if len(n.is.items) == maxNews {
		n.is.items, n.is.lost = n.is.items[:0], true
	}
	n.is.items = append(n.is.items, i)
	n.mu.Unlock()
	n.notify()
}

func (n *news) gatesChanged() {
	n.mu.Lock()
	n.is.gates = true
	n.mu.Unlock()
	n.notify()
}

func (n *news) alertsChanged() {
	n.mu.Lock()
	n.is.alerts = true
	n.mu.Unlock()
	n.notify()
}

func (n *news) notify() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *news) take() happened {
	n.mu.Lock()
	defer n.mu.Unlock()
	is := n.is
	n.is = happened{}
	return is
}
