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
	cfg    breaker.Config // with no zero that means something
	parent *model

	state    breaker.State
	mode     breaker.Mode
	epoch    int // of the state
	run      int
	runFirst time.Time
	begins   []time.Time // of the failures in the run
	openings int
	since    time.Time
	until    time.Time
	probes   []modelProbe
	good     int

	total, failed, refused, spared int64
	lastFailure                    time.Time

	out      []*modelCall // calls that may hang
	ended    []modelEnd   // since the circuit last reclosed
	current  int          // slot when the circuit was last judged
	answered int          // slot of the newest answered call
	origin   time.Time

	seen     time.Time // the newest at which a call was asked for
	from     time.Time // calls asked for long before it make the circuit look
	head     int       // slot in which calls are counted now
	counting bool      // there is one
}

type modelProbe struct {
	call  *modelCall
	until time.Time
}

type modelEnd struct {
	slot                   int
	answered, failed, slow bool
}

type modelCall struct {
	own     *model // where it may be found to hang
	begin   time.Time
	epochs  map[*model]int // missing: it proves nothing there
	probe   map[*model]bool
	slow    map[*model]bool // its first content was
	done    bool
	content bool // its first content has come
}

func (m *model) rates() bool { return m.cfg.FailureRate > 0 || m.cfg.SlowRate > 0 }

func slotAt(origin, t time.Time, width time.Duration) int {
	d := t.Sub(origin)
	n := int(d / width)
	if d%width < 0 {
		n--
	}
	return n
}

// slot is the one that t is in; slots are as wide as the longest look back
// demands.
func (m *model) slot(t time.Time) int {
	span := m.cfg.StallAfter
	if m.rates() {
		span = max(span, m.cfg.RateWindow)
	}
	width := 250 * time.Millisecond
	if span > 0 && span < 8*time.Second {
		width = span / 32
	}
	return slotAt(m.origin, t, width)
}

// turn brings the current slot up to t and reports whether it is a new one.
func (m *model) turn(t time.Time) bool {
	if m.cfg.StallAfter == 0 {
		return false
	}
	before := m.current
	m.current = m.slot(t)
	return m.current != before
}

func (m *model) stalled(t time.Time) (n int) {
	if m.cfg.StallAfter == 0 {
		return 0
	}
	for _, c := range m.out {
		if s := m.slot(c.begin); s < m.slot(t.Add(-m.cfg.StallAfter)) && s > m.answered {
			n++
		}
	}
	return n
}

// back heeds, when a call is asked for, a clock that was set back by more than a
// second: nothing lasts longer for it.
func (m *model) back(t time.Time) {
	step := m.seen.Sub(t)
	if step <= time.Second {
		if t.After(m.seen) {
			m.seen = t
		}
		return
	}
	m.seen = t
	m.since, m.until, m.runFirst = m.since.Add(-step), m.until.Add(-step), m.runFirst.Add(-step)
	for i := range m.probes {
		m.probes[i].until = m.probes[i].until.Add(-step)
	}
	for i := range m.begins {
		m.begins[i] = m.begins[i].Add(-step)
	}
	m.refuseFrom()
}

// refuseFrom notes since when calls are refused without a look at the clock.
func (m *model) refuseFrom() {
	m.from = m.since
	if m.seen.After(m.from) {
		m.from = m.seen
	}
}

// endOf is when the end of a call counts: not before its begin, unless the clock
// was set back meanwhile.
func (m *model) endOf(c *modelCall, t time.Time) time.Time {
	begin := c.begin
	if m.seen.Before(begin) {
		begin = m.seen
	}
	if t.Before(begin) {
		return begin
	}
	return t
}

// advance makes t's slot the current one, of those in which calls are counted,
// unless it is an earlier one.
func (m *model) advance(t time.Time) {
	if s := m.slot(t); !m.counting || s > m.head {
		m.head, m.counting = s, true
	}
}

// looks reports whether a call that is asked for at t makes the circuit look at
// the clock, and not only at what is known.
func (m *model) looks(t time.Time, own bool) bool {
	switch {
	case m.state == breaker.Closed && m.run == 0 && m.mode != breaker.ForcedOpen, m.mode == breaker.Disabled:
		return own && (!m.counting || m.slot(t) != m.head) || !own && m.rates()
	case m.from.Sub(t) > time.Second:
		return true
	case m.state == breaker.Open:
		return !t.Before(m.until)
	case m.state == breaker.HalfOpen:
		return m.places(t) > 0
	}
	return true
}

// would says what a call at t would meet; stalled calls may trip the circuit.
func (m *model) would(t time.Time, own bool, adopt func(*model)) string {
	if m.mode == breaker.ForcedOpen {
		return "refused" // whatever would be found to hang
	}
	if m.looks(t, own) || m.mode == breaker.Observe && m.state != breaker.Closed {
		m.back(t)
		if s := m.slot(t); !m.counting || s > m.head || m.head-s >= 128 {
			m.head, m.counting = s, true
		}
	}
	if m.turn(t) {
		m.look(t, adopt)
	}
	switch {
	case m.mode == breaker.Disabled:
		return "unjudged"
	case m.state == breaker.Closed:
		return "call"
	case m.state == breaker.Open && !t.Before(m.until):
		return "probe"
	case m.state == breaker.HalfOpen && m.places(t) > 0:
		return "probe"
	case m.mode == breaker.Observe:
		return "spared"
	}
	return "refused"
}

func (m *model) places(t time.Time) int {
	n := m.cfg.Probes
	for _, p := range m.probes {
		if t.Before(p.until) {
			n--
		}
	}
	return n
}

// look is for calls that hang, in a new slot.
func (m *model) look(t time.Time, adopt func(*model)) {
	if m.state == breaker.Closed && m.mode != breaker.Disabled && m.trips(t, false, false, true) {
		m.open(t, 0, adopt)
	}
}

// trips is what any of the thresholds says of a failure, a slow call, or
// a new slot, in which calls may be found to hang.
func (m *model) trips(t time.Time, failed, slow, turned bool) bool {
	hang := m.stalled(t)
	bad := failed || turned && hang > 0
	if limit := m.cfg.FailureThreshold; limit > 0 && bad && m.runWithin()+hang >= limit {
		return true
	}
	var answers, failures, slows int
	for _, e := range m.ended {
		if e.slot >= m.slot(t.Add(-m.cfg.RateWindow)) {
			if e.answered {
				answers++
			}
			if e.failed {
				failures++
			}
			if e.slow {
				slows++
			}
		}
	}
	calls := answers + failures + hang
	if calls < m.cfg.RateMinCalls {
		return false
	}
	return m.cfg.FailureRate > 0 && bad && float64(failures+hang) >= m.cfg.FailureRate*float64(calls) ||
		m.cfg.SlowRate > 0 && (slow || bad && hang > 0) && float64(slows+hang) >= m.cfg.SlowRate*float64(calls)
}

// runWithin is how many failures in a row began within the span before the
// newest of them.
func (m *model) runWithin() (n int) {
	if m.cfg.FailureSpan == 0 {
		return m.run
	}
	for _, begin := range m.begins {
		if slices.MaxFunc(m.begins, time.Time.Compare).Sub(begin) <= m.cfg.FailureSpan {
			n++
		}
	}
	return n
}

func (m *model) let(c *modelCall, how string, t time.Time) {
	m.total++
	if c.own == m {
		m.out = append(m.out, c)
	}
	switch how {
	case "spared":
		m.spared++
		return
	case "unjudged":
		return
	case "probe":
		if m.state == breaker.Open {
			m.enter(breaker.HalfOpen, t)
			m.good = 0
		}
		m.probes = slices.DeleteFunc(m.probes, func(p modelProbe) bool { return !t.Before(p.until) })
		m.probes = append(m.probes, modelProbe{c, t.Add(m.cfg.ProbeLease)})
		c.probe[m] = true
		m.refuseFrom()
	}
	c.epochs[m] = m.epoch
}

func (m *model) enter(s breaker.State, t time.Time) {
	m.state, m.since, m.probes = s, t, nil
	m.epoch++
}

func (m *model) open(t time.Time, retryAfter time.Duration, adopt func(*model)) {
	m.openings++
	m.enter(breaker.Open, t)
	m.refuseFrom()
	m.until = t.Add(min(max(m.cfg.BaseTimeout<<min(m.openings-1, 20), retryAfter), m.cfg.ResetTimeout)) // the least
	adopt(m)
}

func (m *model) land(c *modelCall) {
	m.out = slices.DeleteFunc(m.out, func(o *modelCall) bool { return o == c })
}

func (m *model) answer(c *modelCall) {
	if m.cfg.StallAfter > 0 && slices.Contains(m.out, c) && m.judges(c) {
		m.answered = max(m.answered, m.slot(c.begin), m.current-256)
	}
}

// judges reports whether the state that admitted the call still lasts.
func (m *model) judges(c *modelCall) bool {
	epoch, ok := c.epochs[m]
	return ok && epoch == m.epoch && m.mode != breaker.Disabled
}

func (m *model) reclose(t time.Time) {
	m.forget(t)
	m.enter(breaker.Closed, t)
}

func (m *model) forget(t time.Time) {
	m.run, m.begins, m.openings, m.ended = 0, nil, 0, nil
	m.turn(t)
	m.answered = m.current
}

func (m *model) slow(c *modelCall, t time.Time) bool {
	return m.cfg.SlowRate > 0 && t.Sub(c.begin) > m.cfg.SlowAfter
}

func (m *model) record(c *modelCall, t time.Time, o breaker.Outcome, retryAfter time.Duration, adopt func(*model)) {
	calm := m.state == breaker.Closed && m.run == 0
	if calm && m.judges(c) && c.content && o == breaker.Ignored {
		return // there is nothing left to say
	}
	if m == c.own && (!calm || !m.judges(c) || o != breaker.Success || m.slot(t) != m.head) || m != c.own && (!calm || !m.judges(c) || o == breaker.Failure || m.rates()) {
		t = m.endOf(c, t)
		m.advance(t)
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
	if !m.judges(c) {
		return
	}
	slow := o != breaker.Ignored && (m.slow(c, t) && !c.content || c.slow[m])
	m.ended = append(m.ended, modelEnd{m.slot(t), o == breaker.Success, o == breaker.Failure, slow})
	switch {
	case m.state == breaker.HalfOpen && o == breaker.Success:
		if !c.content {
			m.proven(c, t)
		}
	case m.state == breaker.HalfOpen && o == breaker.Failure:
		m.fail(c)
		m.open(t, retryAfter, adopt)
	case m.state == breaker.HalfOpen:
		m.giveBack(c)
	case o == breaker.Success:
		quarter := 250 * time.Millisecond
		if m.run > 0 && slotAt(m.origin, c.begin, quarter) >= slotAt(m.origin, m.runFirst, quarter) {
			m.run, m.begins = 0, nil
		}
	case o == breaker.Failure:
		m.fail(c)
	}
	if m.state == breaker.Closed && m.trips(t, o == breaker.Failure, slow, false) {
		m.open(t, retryAfter, adopt)
	}
}

func (m *model) fail(c *modelCall) {
	if m.run == 0 {
		m.runFirst = c.begin
	}
	m.run++
	m.begins = append(m.begins, c.begin)
}

func (m *model) proven(c *modelCall, t time.Time) {
	m.good++
	m.giveBack(c)
	if m.good >= m.cfg.ProbeSuccesses {
		m.reclose(t)
	}
}

func (m *model) giveBack(c *modelCall) {
	m.probes = slices.DeleteFunc(m.probes, func(p modelProbe) bool { return p.call == c })
}

func (m *model) progress(c *modelCall, t time.Time, adopt func(*model)) {
	if calm := m.state == breaker.Closed && m.run == 0; m == c.own && (!calm || !m.judges(c) || m.slot(t) != m.head) || m != c.own && (!calm || !m.judges(c) || m.rates()) {
		t = m.endOf(c, t)
		m.advance(t)
	}
	if m.turn(t) {
		defer m.look(t, adopt)
	}
	m.answer(c)
	m.land(c)
	c.slow[m] = m.slow(c, t)
	if !m.judges(c) {
		return
	}
	if m.state == breaker.HalfOpen {
		if m.proven(c, t); m.state == breaker.Closed {
			c.epochs[m] = m.epoch
		}
	}
}

func (m *model) setMode(mode breaker.Mode, t time.Time) {
	m.back(t)
	if m.mode == breaker.Disabled && mode != breaker.Disabled && m.state == breaker.Closed {
		m.forget(t)
		m.epoch++
	}
	m.mode = mode
}

func (m *model) reset(t time.Time) {
	m.back(t)
	if m.state != breaker.Closed {
		m.reclose(t)
	}
	m.forget(t)
	m.epoch++
}

func (m *model) tripUntil(t, until time.Time) {
	m.back(t)
	if limit := t.Add(m.cfg.ResetTimeout); until.After(limit) {
		until = limit
	}
	switch {
	case m.state != breaker.Open:
		m.openings++
		m.enter(breaker.Open, t)
		m.until = until
		if least := t.Add(1); until.Before(least) {
			m.until = least
		}
	case until.After(m.until):
		m.until = until
	}
}
