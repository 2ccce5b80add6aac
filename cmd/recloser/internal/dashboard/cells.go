package dashboard

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/internal/sketch"
)

// The rings of a circuit. Times are in seconds since 1970.
const (
	fineSpan   = 5  // seconds
	fineSlots  = 12 // of them: the last minute
	minuteSpan = 60
	hourSlots  = 60 // minutes
	timeSlots  = 5  // minutes of which answer times are known
)

// cells is what is counted for one circuit, in rings whose slots are used again.
type cells struct {
	version atomic.Uint64 // changes with all below

	mu      sync.Mutex
	fine    [fineSlots]fineSlot
	minutes [hourSlots]minuteSlot
	times   [timeSlots]timeSlot
	open    bool  // refuses, or did not know better than to
	since   int64 // when open last changed
}

type fineSlot struct {
	at                         int64 // the slot's number
	attempts, judged, bad, out int64 // out: refused calls
}

type minuteSlot struct {
	at   int64
	open bool // at any time
	report.Counts
}

type timeSlot struct {
	at               int64
	latency, content sketch.Sketch
}

// fineAt is the slot of a moment, empty if it had been another's.
func (c *cells) fineAt(now int64) *fineSlot {
	n := now / fineSpan
	s := &c.fine[uint64(n)%fineSlots] //nolint:gosec // any place will do for times before 1970
	if s.at != n {
		*s = fineSlot{at: n}
	}
	return s
}

func (c *cells) minuteAt(now int64) *minuteSlot {
	n := now / minuteSpan
	s := &c.minutes[uint64(n)%hourSlots] //nolint:gosec // likewise
	if s.at != n {
		*s = minuteSlot{at: n}
	}
	return s
}

func (c *cells) timesAt(now int64) *timeSlot {
	n := now / minuteSpan
	s := &c.times[uint64(n)%timeSlots] //nolint:gosec // likewise
	if s.at != n {
		s.at = n
		s.latency.Reset()
		s.content.Reset()
	}
	return s
}

// attempt counts an HTTP exchange where it was made.
func (c *cells) attempt(now int64, e *guard.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version.Add(1)
	kind := known(e.Kind)
	f := c.fineAt(now)
	f.attempts++
	if judged(kind) {
		f.judged++
	}
	if bad(kind) {
		f.bad++
	}
	m := c.minuteAt(now)
	m.Attempts[kind]++
	m.InputTokens += max(e.InputTokens, 0)
	m.OutputTokens += max(e.OutputTokens, 0)
	if e.Retries > 0 {
		m.Retries++
	}
	if e.Fallbacks > 0 {
		m.Fallbacks++
	}
	if kind != fault.Success {
		return
	}
	t := c.timesAt(now)
	t.latency.Add(e.Duration)
	if e.Content > 0 {
		t.content.Add(e.Content)
	}
}

// call counts what a caller asked for, at the circuit of its first target.
func (c *cells) call(now int64, e *guard.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version.Add(1)
	m := c.minuteAt(now)
	m.SavedTokens += max(e.RequestTokens, 0)
	kind := known(e.Kind)
	switch {
	case e.Refused:
		m.Refused++
		c.fineAt(now).out++
		return
	case kind == fault.Success && e.Fallbacks > 0:
		m.ByFallback++
	case kind == fault.Success && e.Retries > 0:
		m.ByRetry++
	}
	m.Calls[kind]++
}

// changed notes that the circuit is open from now on, or is not any more.
func (c *cells) changed(now int64, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version.Add(1)
	if c.open {
		first := max(c.since/minuteSpan, now/minuteSpan-hourSlots+1)
		for n := first; n <= now/minuteSpan; n++ {
			c.minuteAt(n * minuteSpan).open = true
		}
	}
	if open {
		c.minuteAt(now).open = true
	}
	c.open, c.since = open, now
}

// seed takes in a cell of a minute from before.
func (c *cells) seed(cell *report.Cell) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := cell.Start.Unix()
	c.minuteAt(at).Add(&cell.Counts)
	t := c.timesAt(at)
	t.latency.Merge(&cell.Latency)
	t.content.Merge(&cell.Content)
}

// cell returns what is known of a minute as a history tells it; ok: there is something.
func (c *cells) cell(n int64) (_ report.Cell, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &c.minutes[uint64(n)%hourSlots] //nolint:gosec // see fineAt
	if m.at != n || m.Counts == (report.Counts{}) {
		return report.Cell{}, false
	}
	cell := report.Cell{Start: time.Unix(n*minuteSpan, 0).UTC(), Span: time.Minute, Counts: m.Counts}
	if t := &c.times[uint64(n)%timeSlots]; t.at == n { //nolint:gosec // see fineAt
		cell.Latency.Merge(&t.latency)
		cell.Content.Merge(&t.content)
	}
	return cell, true
}

// known is k, or what comes nearest to a kind that does not exist.
func known(k fault.Kind) fault.Kind {
	if int(k) >= len(report.Kinds{}) {
		return fault.Service
	}
	return k
}

// bad are the kinds of failure that are the service's.
func bad(k fault.Kind) bool {
	return k == fault.Service || k == fault.Overload || k == fault.Timeout
}

// judged are those that say something about the service.
func judged(k fault.Kind) bool { return k != fault.Caller && k != fault.Cancelled }
