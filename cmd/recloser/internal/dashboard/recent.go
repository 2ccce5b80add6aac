package dashboard

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// Past answers questions about what has happened, as a history does.
type Past interface {
	// Cells returns what happened at a circuit, of "" at each, in the slots of a span
	// that touch [from, to); of a span of 0, in the finest that there are.
	Cells(ctx context.Context, from, to time.Time, span time.Duration, circuit string) ([]report.Cell, error)
	// Events returns those of [from, to) in their order, and before them such as tell
	// how it was at from.
	Events(ctx context.Context, from, to time.Time, kinds ...report.EventKind) ([]report.Event, error)
	// Bounds returns when what is known begins and ends; zero: nothing is.
	Bounds(ctx context.Context) (first, last time.Time, err error)
}

// maxRecent bounds the events that are kept in memory.
const maxRecent = 2000

// recent holds the latest events. It is safe for concurrent use.
type recent struct {
	mu     sync.Mutex
	events []report.Event
	first  int // once it is full
}

func (r *recent) add(e report.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) < maxRecent {
		r.events = append(r.events, e)
		return
	}
	r.events[r.first] = e
	r.first = (r.first + 1) % maxRecent
}

func (r *recent) all() []report.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(slices.Clone(r.events[r.first:]), r.events[:r.first]...)
}

// memory is the Past that a Live has: an hour.
type memory struct{ live *Live }

// Cells have always a minute.
func (m memory) Cells(_ context.Context, from, to time.Time, _ time.Duration, circuit string) (list []report.Cell, _ error) {
	last := m.live.now().Unix() / minuteSpan
	first := max(last-hourSlots+1, from.Unix()/minuteSpan)
	last = min(last, to.Add(-1).Unix()/minuteSpan)
	m.live.meter.all(func(name string, c *cells) {
		if circuit != "" && name != circuit {
			return
		}
		for n := first; n <= last; n++ {
			if cell, ok := c.cell(n); ok {
				cell.Circuit = name
				list = append(list, cell)
			}
		}
	})
	slices.SortStableFunc(list, func(a, b report.Cell) int { return strings.Compare(a.Circuit, b.Circuit) })
	return list, nil
}

// Events returns all that are kept from before to.
func (m memory) Events(_ context.Context, _, to time.Time, kinds ...report.EventKind) ([]report.Event, error) {
	return slices.DeleteFunc(m.live.recent.all(), func(e report.Event) bool {
		return !e.At.Before(to) || len(kinds) > 0 && !slices.Contains(kinds, e.Kind)
	}), nil
}

// Bounds are those of the hour, as far as the process has run.
func (m memory) Bounds(context.Context) (first, last time.Time, err error) {
	last = m.live.now()
	first = last.Add(-hourSlots * time.Minute)
	if m.live.begun.After(first) {
		first = m.live.begun
	}
	return first, last, nil
}
