package breaker_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
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

// op is one step of a random history. Fields that a kind does not use are 0.
type op struct {
	kind  string // allow, record, progress, wait
	d     time.Duration
	which int // of the two models; or which call, counted from the newest
	res   breaker.Result
}

func (o op) String() string {
	return fmt.Sprintf("{kind: %q, d: %d, which: %d, res: breaker.Result{Outcome: %d, Reach: %d, RetryAfter: %d}}",
		o.kind, o.d, o.which, o.res.Outcome, o.res.Reach, o.res.RetryAfter)
}

func randomOps(rng *rand.Rand, n int) []op {
	waits := []time.Duration{0, 1, time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second, 11 * time.Second, time.Minute, -500 * time.Millisecond, -10 * time.Second, -time.Hour}
	results := []breaker.Outcome{breaker.Success, breaker.Failure, breaker.Failure, breaker.Failure, breaker.Ignored}
	ops := make([]op, n)
	for i := range ops {
		switch k := rng.IntN(20); {
		case k < 9:
			ops[i] = op{kind: "allow", which: rng.IntN(2)}
		case k < 15:
			ops[i] = op{kind: "record", which: int(rng.ExpFloat64() * 2), res: breaker.Result{
				Outcome: results[rng.IntN(len(results))], Reach: breaker.Reach(rng.IntN(3)),
				RetryAfter: time.Duration(rng.IntN(3)/2) * time.Duration(rng.IntN(40)) * time.Second,
			}}
		case k < 16:
			ops[i] = op{kind: "progress", which: int(rng.ExpFloat64() * 2)}
		default:
			ops[i] = op{kind: "wait", d: waits[rng.IntN(len(waits))]}
		}
	}
	return ops
}

// world plays one history on the real circuits and on their models.
type world struct {
	clock  time.Time
	reals  map[*model]*breaker.Breaker
	models [2]*model
	calls  []struct {
		real  *breaker.Permit
		model *modelCall
		m     *model
	}
	wrong string
}

func newWorld(seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 99))
	cfg := breaker.Config{
		FailureThreshold: 1 + rng.IntN(4), ResetTimeout: time.Duration(1+rng.IntN(20)) * time.Second,
		ProbeLease: time.Duration(1+rng.IntN(5)) * time.Second, Seed: seed + 1,
	}
	if rng.IntN(2) == 0 {
		cfg.StallAfter = time.Duration(5+rng.IntN(20)) * time.Second
	}
	w := &world{clock: start(), reals: map[*model]*breaker.Breaker{}}
	add := func(name string, parent *model) *model {
		m := &model{
			threshold: cfg.FailureThreshold, reset: cfg.ResetTimeout, base: min(time.Second, cfg.ResetTimeout),
			lease: cfg.ProbeLease, stallAfter: cfg.StallAfter, parent: parent, since: w.clock, origin: w.clock, answered: -1,
		}
		c := cfg
		c.Parent = w.reals[parent]
		b, err := breaker.NewAt(w.clock, name, c)
		if err != nil {
			panic(err)
		}
		w.reals[m] = b
		return m
	}
	host := add("host", nil)
	w.models = [2]*model{add("host/a", host), add("host/b", host)}
	if seed%3 == 0 { // a circuit alone
		w.models = [2]*model{host, host}
	}
	return w
}

// adopt checks an open period against its bounds and takes it over.
func (w *world) adopt(m *model) {
	got := w.reals[m].Metrics().Until
	most := m.until.Add(m.base)
	if limit := w.clock.Add(m.reset); most.After(limit) {
		most = limit
	}
	if got.Before(m.until) || got.After(most) {
		w.fail("open period ends %v, want %v to %v", got, m.until, most)
	}
	m.until = got
}

func (w *world) fail(format string, args ...any) {
	if w.wrong == "" {
		w.wrong = fmt.Sprintf(format, args...)
	}
}

func (w *world) step(o op) {
	switch o.kind {
	case "wait":
		if o.d > 0 || w.models[0].stallAfter == 0 { // the window's own tests set its clock back
			w.clock = w.clock.Add(o.d)
		}
	case "allow":
		w.allow(w.models[o.which])
	default:
		i := len(w.calls) - 1 - o.which
		if i < 0 || w.calls[i].model.done {
			return
		}
		if o.kind == "progress" {
			w.progress(i)
		} else {
			w.record(i, o.res)
		}
	}
	for m, b := range w.reals {
		w.compare(m, b.Metrics())
	}
}

func (w *world) allow(m *model) {
	p, err := w.reals[m].AllowAt(w.clock)
	c := &modelCall{own: m, begin: w.clock, epochs: map[*model]int{}, probe: map[*model]bool{}}
	levels := []*model{m}
	if m.parent != nil {
		levels = []*model{m.parent, m}
	}
	how := map[*model]string{}
	for _, l := range levels {
		if how[l] = l.would(w.clock, w.adopt); how[l] == "refused" {
			l.refused++
			if open, ok := err.(*breaker.OpenError); !ok || open.Name != w.reals[l].Name() {
				w.fail("got %v, want a refusal by %s", err, w.reals[l].Name())
			}
			return
		}
	}
	if err != nil {
		w.fail("refused: %v, want a permit", err)
		return
	}
	for _, l := range levels {
		l.let(c, how[l], w.clock)
	}
	w.calls = append(w.calls, struct {
		real  *breaker.Permit
		model *modelCall
		m     *model
	}{&p, c, m})
}

func (w *world) record(i int, r breaker.Result) {
	c := w.calls[i]
	c.model.done = true
	c.real.RecordResultAt(w.clock, r)
	if c.m.parent == nil {
		c.m.record(c.model, w.clock, r.Outcome, r.RetryAfter, w.adopt)
		return
	}
	below, above := r.Outcome, breaker.Ignored
	switch r.Reach {
	case breaker.Unreached:
		below = breaker.Ignored
		if r.Outcome == breaker.Failure {
			above = breaker.Failure
		}
	case breaker.Answered:
		above = breaker.Success
	case breaker.ReachUnknown:
		if r.Outcome == breaker.Success {
			above = breaker.Success
		}
	}
	c.m.record(c.model, w.clock, below, r.RetryAfter, w.adopt)
	c.m.parent.record(c.model, w.clock, above, r.RetryAfter, w.adopt)
}

func (w *world) progress(i int) {
	c := w.calls[i]
	c.real.ProgressAt(w.clock)
	c.m.progress(c.model, w.clock)
	if c.m.parent != nil {
		c.m.parent.progress(c.model, w.clock)
	}
}

// figures are what both sides must agree on.
type figures struct {
	state                     breaker.State
	total, failed, refused    int64
	run, openings             int
	probeOut                  bool
	since, lastFailure, until time.Time
}

func (w *world) compare(m *model, got breaker.Metrics) {
	want := figures{m.state, m.total, m.failed, m.refused, m.run, m.openings, m.holder != nil, m.since, m.lastFailure, time.Time{}}
	if m.state == breaker.Open {
		want.until = m.until
	} else if m.holder != nil {
		want.until = m.holderUntil
	}
	have := figures{
		got.State, got.TotalCalls, got.FailedCalls, got.RefusedCalls, got.ConsecutiveFailures, got.Openings, got.ProbeOut,
		got.Since, got.LastFailure, got.Until,
	}
	if have != want {
		w.fail("%s is      %+v\nreference says %+v", got.Name, have, want)
	}
}

// play returns what went wrong, and after how many steps.
func play(seed uint64, ops []op) (wrong string, after int) {
	w := newWorld(seed)
	for i, o := range ops {
		if w.step(o); w.wrong != "" {
			return w.wrong, i + 1
		}
	}
	return "", len(ops)
}

// shrink drops steps as long as the history still goes wrong.
func shrink(seed uint64, ops []op) []op {
	_, after := play(seed, ops)
	ops = slices.Clone(ops[:after])
	for size := len(ops) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(ops); {
			fewer := slices.Delete(slices.Clone(ops), i, i+size)
			if wrong, after := play(seed, fewer); wrong != "" {
				ops = fewer[:after]
			} else {
				i += size
			}
		}
	}
	return ops
}

func TestAgreesWithTheReferenceModel(t *testing.T) {
	histories := uint64(3000)
	if testing.Short() {
		histories = 300
	}
	for seed := range histories {
		ops := randomOps(rand.New(rand.NewPCG(seed, 1)), 200)
		if wrong, _ := play(seed, ops); wrong != "" {
			ops = shrink(seed, ops)
			wrong, _ = play(seed, ops)
			var list strings.Builder
			for _, o := range ops {
				fmt.Fprintln(&list, "\t", o)
			}
			t.Fatalf("seed %d: %s\nafter %d steps:\n%s", seed, wrong, len(ops), &list)
		}
	}
}
