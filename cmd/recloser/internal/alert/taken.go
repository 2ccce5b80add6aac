package alert

import (
	"sync"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// awaited is the Mode of the event of a page that a target was to take. That one has is
// an event of its own, so that a new process knows what nobody has heard of. Pages
// without it count as heard of: there was no target, or an older version wrote them.
const awaited = "awaited"

// receipt returns what is called when a target has taken a page. Only the first is
// recorded.
func (e *Engine) receipt(t *trouble, p *Page) func() {
	ev := report.Event{
		Kind: report.TakenEvent, Circuit: t.circuit, Key: p.Key, From: string(p.Severity), To: string(p.State),
		Reason: p.Rule, Openings: p.Number, Until: p.At,
	}
	return sync.OnceFunc(func() {
		ev.At = e.cfg.Now()
		e.cfg.Record(ev)
	})
}

// pageID tells the pages of a history apart: a trouble has one at a time.
type pageID struct {
	key string
	at  int64
}

// takenPages are those that a target has taken. That may have been recorded before the
// page itself was.
func takenPages(events []report.Event) map[pageID]bool {
	taken := make(map[pageID]bool)
	for i := range events {
		if ev := &events[i]; ev.Kind == report.TakenEvent {
			taken[pageID{ev.Key, ev.Until.UnixNano()}] = true
		}
	}
	return taken
}

// restoreEnd takes in that a trouble was said to be over. Those who have heard of the
// trouble, but not of that, are told.
func (e *Engine) restoreEnd(ev *report.Event, heard bool) {
	if t := e.troubles[ev.Key]; t != nil {
		p := past{t, t.since, ev.Until}
		e.past = append(e.past, p)
		delete(e.troubles, ev.Key)
		if t.told != "" {
			e.ends[ev.Key] = p
		}
	}
	if heard {
		delete(e.ends, ev.Key)
	}
}

// tellEnds tells of the ends that nobody has heard of.
func (e *Engine) tellEnds(now time.Time) {
	for _, p := range e.ends {
		e.tellEnd(now, p.trouble, p.to)
	}
	clear(e.ends)
}
