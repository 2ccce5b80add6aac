package demo

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// event is something worth a line.
type event struct {
	at   time.Duration // since the beginning
	kind string        // the name of a circuit's new state, or whom it is about
	text string
}

// Kinds of events beside the names of states.
const (
	aboutService = "service"
	aboutUsers   = "users"
	aboutTrace   = "trace"
)

const (
	kindColumns = 9
	textIndent  = 6 + 2 + kindColumns + 2 // where the text of an event begins
)

// lines writes the event in so many columns. The first line begins with the
// time and the kind.
func (e event) lines(columns int) []line {
	var out []line
	for i, part := range wrap(e.text, columns-textIndent) {
		l := text(strings.Repeat(" ", textIndent))
		if i == 0 {
			l = line{{clock(e.at) + "  ", faint}, {fmt.Sprintf("%-*s  ", kindColumns, e.kind), bold}}
		}
		out = append(out, l.and(part, plain))
	}
	return out
}

// String is the event in one line.
func (e event) String() string { return e.lines(math.MaxInt)[0].paint(false) }

// diary collects events from several goroutines, and gives them out in the
// order of their times.
type diary struct {
	mu      sync.Mutex
	pending []event
}

func (d *diary) add(at time.Duration, kind, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending = append(d.pending, event{at, kind, text})
}

// take returns the events up to the given time, each once.
func (d *diary) take(until time.Duration) []event {
	d.mu.Lock()
	defer d.mu.Unlock()
	slices.SortStableFunc(d.pending, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	n := 0
	for n < len(d.pending) && d.pending[n].at <= until {
		n++
	}
	due := slices.Clone(d.pending[:n])
	d.pending = slices.Delete(d.pending, 0, n)
	return due
}
