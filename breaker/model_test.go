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
	own    *model // where it may be found to hang
	begin  time.Time
	epochs map[*model]int
	probe  map[*model]bool
	done   bool
}

func (m *model) slot(t time.Time, width time.Duration) int {
	d := t.Sub(m.origin)
	n := int(d / width)
	if d%width < 0 {
		n--
	}
	return n
}

// turn brings the current slot up to t.
func (m *model) turn(t time.Time) {
	if m.stallAfter > 0 {
		m.current = m.slot(t, m.stallAfter/32)
	}
}

func (m *model) stalled(t time.Time) (n int) {
	if m.stallAfter == 0 {
		return 0
	}
	m.turn(t)
	width := m.stallAfter / 32
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
func (m *model) would(t time.Time, adopt func(*model)) string {
	if m.state != breaker.Closed || m.run > 0 { // else nobody looks at the clock
		m.back(t)
	}
	if m.state == breaker.Closed && m.run+m.stalled(t) >= m.threshold {
		m.open(t, 0, adopt)
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
	if m.stallAfter > 0 && slices.Contains(m.out, c) {
		m.answered = max(m.answered, m.slot(c.begin, m.stallAfter/32), m.current-64)
	}
}

func (m *model) reclose(t time.Time) {
	m.run, m.openings = 0, 0
	m.turn(t)
	m.answered = m.current
	m.enter(breaker.Closed, t)
}

func (m *model) record(c *modelCall, t time.Time, o breaker.Outcome, retryAfter time.Duration, adopt func(*model)) {
	if o == breaker.Success {
		m.answer(c)
	}
	m.land(c)
	calm := m.state == breaker.Closed && m.run == 0
	if o == breaker.Failure || o == breaker.Success && !calm || o == breaker.Ignored && c.probe[m] {
		m.back(t)
	}
	if o == breaker.Failure {
		m.failed++
		m.lastFailure = t
	}
	if c.epochs[m] != m.epoch {
		return
	}
	switch {
	case m.state == breaker.HalfOpen && o == breaker.Success:
		m.reclose(t)
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

func (m *model) progress(c *modelCall, t time.Time) {
	m.answer(c)
	m.land(c)
	if c.probe[m] && c.epochs[m] == m.epoch && m.state == breaker.HalfOpen {
		m.reclose(t)
		c.epochs[m] = m.epoch
	}
	delete(c.probe, m)
}
