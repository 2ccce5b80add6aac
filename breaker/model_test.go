package breaker_test

import (
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
)

// model is the breaker as its documentation tells it: slow, obvious, and with
// nothing of the real one's code. It does not know the random part of an open
// period: it checks the bounds and takes the period over.
type model struct {
	threshold          int
	reset, base, lease time.Duration
	stallAfter         time.Duration
	parent             *model

	state       breaker.State
	epoch       int // of the state
	run         int
	runFirst    time.Time
	openings    int
	since       time.Time
	until       time.Time
	holder      *modelCall // who has the probe's place
	holderUntil time.Time

	total, failed, refused int64
	lastFailure            time.Time

	out      []*modelCall // calls that may hang
	current  int          // slot when the circuit was last judged
	answered int          // slot of the newest answered call
	origin   time.Time
}

type modelCall struct {
	own     *model // where it may be found to hang
	begin   time.Time
	epochs  map[*model]int
	probe   map[*model]bool
	done    bool
	content bool // its first content has come
}

func (m *model) slot(t time.Time, width time.Duration) int {
	d := t.Sub(m.origin)
	n := int(d / width)
	if d%width < 0 {
		n--
	}
	return n
}

// width is that of the slots in which calls that hang are counted.
func (m *model) width() time.Duration {
	if m.stallAfter < 8*time.Second {
		return m.stallAfter / 32
	}
	return 250 * time.Millisecond
}

// turn brings the current slot up to t and reports whether it is a new one.
func (m *model) turn(t time.Time) bool {
	if m.stallAfter == 0 {
		return false
	}
	before := m.current
	m.current = m.slot(t, m.width())
	return m.current != before
}

func (m *model) stalled(t time.Time) (n int) {
	if m.stallAfter == 0 {
		return 0
	}
	width := m.width()
	for _, c := range m.out {
		if s := m.slot(c.begin, width); s < m.slot(t.Add(-m.stallAfter), width) && s > m.answered {
			n++
		}
	}
	return n
}

// back heeds a clock that was set back by more than a second: nothing lasts
// longer for it.
func (m *model) back(t time.Time) {
	if m.runFirst.Sub(t) > time.Second {
		m.runFirst = t
	}
	if step := m.since.Sub(t); step > time.Second {
		m.since, m.until, m.holderUntil = m.since.Add(-step), m.until.Add(-step), m.holderUntil.Add(-step)
	}
}

// would says what a call at t would meet; stalled calls may trip the circuit.
func (m *model) would(t time.Time, own bool, adopt func(*model)) string {
	if own || m.state != breaker.Closed || m.run > 0 { // else nobody looks at the clock
		m.back(t)
	}
	if m.turn(t) {
		m.look(t, adopt)
	}
	switch {
	case m.state == breaker.Closed:
		return "call"
	case m.state == breaker.Open && !t.Before(m.until):
		return "probe"
	case m.state == breaker.HalfOpen && (m.holder == nil || !t.Before(m.holderUntil)):
		return "probe"
	}
	return "refused"
}

// look is for calls that hang, in a new slot.
func (m *model) look(t time.Time, adopt func(*model)) {
	if m.state == breaker.Closed && m.run+m.stalled(t) >= m.threshold {
		m.open(t, 0, adopt)
	}
}

func (m *model) let(c *modelCall, how string, t time.Time) {
	m.total++
	if how == "probe" {
		if m.state == breaker.Open {
			m.enter(breaker.HalfOpen, t)
		}
		m.holder, m.holderUntil = c, t.Add(m.lease)
		c.probe[m] = true
	}
	c.epochs[m] = m.epoch
	if c.own == m {
		m.out = append(m.out, c)
	}
}

func (m *model) enter(s breaker.State, t time.Time) {
	m.state, m.since, m.holder = s, t, nil
	m.epoch++
}

func (m *model) open(t time.Time, retryAfter time.Duration, adopt func(*model)) {
	m.openings++
	m.enter(breaker.Open, t)
	m.until = t.Add(min(max(m.base<<min(m.openings-1, 20), retryAfter), m.reset)) // the least
	adopt(m)
}

func (m *model) land(c *modelCall) {
	m.out = slices.DeleteFunc(m.out, func(o *modelCall) bool { return o == c })
}

func (m *model) answer(c *modelCall) {
	if m.stallAfter > 0 && slices.Contains(m.out, c) && c.epochs[m] == m.epoch {
		m.answered = max(m.answered, m.slot(c.begin, m.width()), m.current-256)
	}
}

func (m *model) reclose(t time.Time) {
	m.run, m.openings = 0, 0
	m.turn(t)
	m.answered = m.current
	m.enter(breaker.Closed, t)
}

func (m *model) record(c *modelCall, t time.Time, o breaker.Outcome, retryAfter time.Duration, adopt func(*model)) {
	calm := m.state == breaker.Closed && m.run == 0
	if calm && c.epochs[m] == m.epoch && c.content && o != breaker.Failure {
		return // there is nothing left to say
	}
	if m == c.own || o == breaker.Failure || !calm || c.epochs[m] != m.epoch {
		m.back(t)
	}
	if m.turn(t) {
		defer m.look(t, adopt)
	}
	if o == breaker.Success {
		m.answer(c)
	}
	m.land(c)
	if o == breaker.Failure {
		m.failed++
		m.lastFailure = t
	}
	if c.epochs[m] != m.epoch {
		return
	}
	switch {
	case m.state == breaker.HalfOpen && o == breaker.Success:
		if !c.content {
			m.reclose(t)
		}
	case m.state == breaker.HalfOpen && o == breaker.Failure:
		m.run++
		m.open(t, retryAfter, adopt)
	case m.state == breaker.HalfOpen && m.holder == c:
		m.holder = nil
	case m.state == breaker.Closed && o == breaker.Success:
		quarter := 250 * time.Millisecond
		if m.run > 0 && m.slot(c.begin, quarter) >= m.slot(m.runFirst, quarter) {
			m.run = 0
		}
	case m.state == breaker.Closed && o == breaker.Failure:
		if m.run == 0 {
			m.runFirst = c.begin
		}
		m.run++
		if m.run+m.stalled(t) >= m.threshold {
			m.open(t, retryAfter, adopt)
		}
	}
}

func (m *model) progress(c *modelCall, t time.Time, adopt func(*model)) {
	if m == c.own || m.state != breaker.Closed || m.run > 0 || c.epochs[m] != m.epoch {
		m.back(t)
	}
	if m.turn(t) {
		defer m.look(t, adopt)
	}
	m.answer(c)
	m.land(c)
	if c.probe[m] && c.epochs[m] == m.epoch && m.state == breaker.HalfOpen {
		m.reclose(t)
		c.epochs[m] = m.epoch
	}
	delete(c.probe, m)
}
