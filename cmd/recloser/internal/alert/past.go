package alert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// Muted is the To of the event that a trouble is muted, or no longer.
const Muted = "muted"

// Restore takes in what earlier processes have recorded, the oldest first: what people
// were told then they are not told again, but for what no target has taken. Call it
// before Run.
func (e *Engine) Restore(events []report.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	taken := takenPages(events)
	for i := range events {
		ev := &events[i]
		if ev.Kind != report.AlertEvent || ev.Key == "" {
			continue
		}
		heard := ev.Mode != awaited || taken[pageID{ev.Key, ev.At.UnixNano()}]
		if ev.To == string(Resolved) {
			e.restoreEnd(ev, heard)
		} else {
			e.restore(ev, heard)
		}
	}
	maps.DeleteFunc(e.troubles, func(_ string, t *trouble) bool { return t.told == "" && !t.late && !e.begun.Before(t.muted) })
}

// restore takes in a page or a mute. A page that nobody has heard of leaves a trouble
// as it was told before; if it said that something began or got worse, it is late.
func (e *Engine) restore(ev *report.Event, heard bool) {
	t := e.troubles[ev.Key]
	if t == nil {
		t = newTrouble(ev.Key, ev.Down)
		e.troubles[ev.Key] = t
		t.unheard = t.label != ""
	}
	t.since = ev.Down // of one that nobody was told of, it is not recorded that it is over
	t.severity, t.rule, t.outage = Severity(ev.From), ev.Reason, ev.Reason != ErrorBudget
	t.words = words{title: ev.Why, why: ev.Cause}
	if ev.To == Muted {
		t.muted = ev.Until
		return
	}
	t.muted = time.Time{}
	delete(e.ends, ev.Key) // it is there again
	if t.late = !heard && worse(t.severity, t.told); !t.late {
		t.told, t.toldRule, t.last, t.number = t.severity, t.rule, ev.At, ev.Openings
	}
}

// past is a time in which people knew of a trouble.
type past struct {
	trouble  *trouble
	from, to time.Time
}

// Seed takes in what a history knows of calls before the process: cells of a minute for
// the last hour and more, of longer spans for the time before, none twice. Call it before Run, and after Restore, which says what people knew.
func (e *Engine) Seed(cells []report.Cell) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range cells {
		cell := &cells[i]
		c := e.circuit(cell.Circuit)
		c.calls.seed(e.begun, cell.Start, tallyOf(cell.Calls, cell.Refused))
		if age := e.begun.Sub(cell.Start); age >= 0 && age < (ringSlots-1)*time.Minute && cell.Span <= time.Minute {
			c.attempted(cell.Start, tallyOf(cell.Attempts, 0))
		}
	}
	for _, p := range e.past {
		e.explain(p.trouble, p.from, p.to)
	}
	for _, t := range e.troubles {
		e.explain(t, t.since, e.begun)
	}
}

// Alert is a trouble as it is.
type Alert struct {
	Page
	Circuit string    // that it is about; "": about none
	Told    Severity  // the worst that people were told of; "": of nothing
	Last    time.Time // when they were last told
	Muted   time.Time // until then they are not; zero: they are
	Calm    time.Time // since when nothing is found any more; zero: something is
}

// Alerts returns the troubles that there are, the worst first, and of those the oldest.
func (e *Engine) Alerts() []Alert {
	now := e.cfg.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]Alert, 0, len(e.troubles))
	for _, t := range e.troubles {
		a := Alert{Page: t.page(now, &e.rules), Circuit: t.circuit, Told: t.told, Last: t.last, Calm: t.calm}
		if m := later(t.muted, e.rules.MuteUntil); now.Before(m) {
			a.Muted = m
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b Alert) int {
		return cmp.Or(cmp.Compare(rank(b.Severity), rank(a.Severity)), a.Since.Compare(b.Since), cmp.Compare(a.Key, b.Key))
	})
	return list
}

// Firing returns the pages of the troubles of which people were told, such as they were
// told. One that is muted since is among them: a service that is no longer told that it
// goes on takes it to be over, and says so.
func (e *Engine) Firing() (pages []Page) {
	now := e.cfg.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.troubles {
		if t.told != "" {
			pages = append(pages, t.toldPage(now, &e.rules))
		}
	}
	slices.SortFunc(pages, func(a, b Page) int { return cmp.Compare(a.Key, b.Key) })
	return pages
}

// Mute sends no pages of a trouble until then, but that it is over; the zero time ends
// that. The error says that there is no such trouble.
func (e *Engine) Mute(key string, until time.Time, actor string) error {
	now := e.cfg.Now()
	e.mu.Lock()
	t := e.troubles[key]
	if t == nil {
		e.mu.Unlock()
		return fmt.Errorf("there is no trouble %q: it may be over", key)
	}
	t.muted = until
	ev := t.event(now)
	e.mu.Unlock()
	ev.To, ev.Until, ev.Actor = Muted, until, actor
	e.cfg.Record(ev)
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
