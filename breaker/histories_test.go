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

// op is one step of a random history. Fields that a kind does not use are 0.
type op struct {
	kind  string // allow, record, progress, wait, mode, reset, trip
	d     time.Duration
	which int // of the two models; or which call, counted from the newest; or the mode
	res   breaker.Result
}

func (o op) String() string {
	return fmt.Sprintf("{kind: %q, d: %d, which: %d, res: breaker.Result{Outcome: %d, Reach: %d, RetryAfter: %d}}",
		o.kind, o.d, o.which, o.res.Outcome, o.res.Reach, o.res.RetryAfter)
}

func randomOps(rng *rand.Rand, n int) []op {
	waits := []time.Duration{0, 1, time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second, 11 * time.Second, time.Minute, -500 * time.Millisecond, -10 * time.Second, -time.Hour}
	results := []breaker.Outcome{breaker.Success, breaker.Failure, breaker.Failure, breaker.Failure, breaker.Ignored}
	operator := []string{"mode", "mode", "mode", "reset", "trip"}
	ops := make([]op, n)
	for i := range ops {
		switch k := rng.IntN(40); {
		case k < 18:
			ops[i] = op{kind: "allow", which: rng.IntN(2)}
		case k < 30:
			ops[i] = op{kind: "record", which: int(rng.ExpFloat64() * 2), res: breaker.Result{
				Outcome: results[rng.IntN(len(results))], Reach: breaker.Reach(rng.IntN(3)),
				RetryAfter: time.Duration(rng.IntN(3)/2) * time.Duration(rng.IntN(40)) * time.Second,
			}}
		case k < 32:
			ops[i] = op{kind: "progress", which: int(rng.ExpFloat64() * 2)}
		case k < 39:
			ops[i] = op{kind: "wait", d: waits[rng.IntN(len(waits))]}
		default:
			ops[i] = op{kind: operator[rng.IntN(len(operator))], which: rng.IntN(8), d: waits[rng.IntN(len(waits))]}
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
	forward bool // the clock is not set back, and operators intervene
	wrong   string
}

// randomConfig has every field that the model knows.
func randomConfig(rng *rand.Rand, seed uint64, forward bool) breaker.Config {
	maybe := func(d time.Duration) time.Duration { return d * time.Duration(rng.IntN(2)) }
	seconds := func(n int) time.Duration { return time.Duration(1+rng.IntN(n)) * time.Second }
	cfg := breaker.Config{
		FailureThreshold: 1 + rng.IntN(4), ResetTimeout: seconds(20), BaseTimeout: time.Second,
		Probes: 1 + rng.IntN(3)/2, ProbeSuccesses: 1 + rng.IntN(3)/2, ProbeLease: seconds(5), Seed: seed + 1,
	}
	if !forward {
		return cfg
	}
	cfg.StallAfter = maybe(4*time.Second + seconds(20))
	cfg.FailureSpan = maybe(seconds(15))
	if rng.IntN(2) == 0 {
		cfg.FailureRate = 0.2 + 0.8*rng.Float64()
	}
	if rng.IntN(3) == 0 {
		cfg.SlowRate, cfg.SlowAfter = 0.2+0.8*rng.Float64(), seconds(8)
	}
	if cfg.FailureRate+cfg.SlowRate > 0 {
		cfg.RateWindow, cfg.RateMinCalls = seconds(30), 1+rng.IntN(6)
		if rng.IntN(2) == 0 {
			cfg.FailureThreshold, cfg.FailureSpan = breaker.Off, 0
		}
	}
	return cfg
}

func newWorld(seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 99))
	w := &world{clock: start(), reals: map[*model]*breaker.Breaker{}, forward: seed%4 != 0}
	cfg := randomConfig(rng, seed, w.forward)
	add := func(name string, parent *model) *model {
		m := &model{cfg: cfg, parent: parent, since: w.clock, origin: w.clock, answered: -1}
		m.seen = w.clock.Add(-100 * 365 * 24 * time.Hour) // nobody has asked yet
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
	most := m.until.Add(m.cfg.BaseTimeout)
	if limit := m.since.Add(m.cfg.ResetTimeout); most.After(limit) {
		most = limit
	}
	if got.Before(m.until) || got.After(most) {
		w.fail("open period ends %v, want %v to %v: %s %s %+v", got, m.until, most, w.reals[m].Name(), w.reals[m].WhyAt(w.clock), m.cfg)
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
		if o.d > 0 || !w.forward { // the window's own tests set its clock back
			w.clock = w.clock.Add(o.d)
		}
	case "mode", "reset", "trip":
		if w.forward {
			w.operate(o)
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

// operate plays what an operator does to one of the circuits.
func (w *world) operate(o op) {
	m := w.models[o.which%2]
	if o.which >= 4 && m.parent != nil {
		m = m.parent
	}
	b := w.reals[m]
	switch o.kind {
	case "mode":
		mode := breaker.Mode(o.which % 4)
		if err := b.SetModeAt(w.clock, mode); err != nil {
			w.fail("%v", err)
		}
		m.setMode(mode, w.clock)
	case "reset":
		b.ResetAt(w.clock)
		m.reset(w.clock)
	case "trip":
		b.TripAt(w.clock, "by hand", w.clock.Add(o.d))
		m.tripUntil(w.clock, w.clock.Add(o.d))
	}
}

func (w *world) allow(m *model) {
	p, err := w.reals[m].AllowAt(w.clock)
	c := &modelCall{own: m, begin: w.clock, epochs: map[*model]int{}, probe: map[*model]bool{}, slow: map[*model]bool{}}
	levels := []*model{m}
	if m.parent != nil {
		levels = []*model{m.parent, m}
	}
	how := map[*model]string{}
	for _, l := range levels {
		if how[l] = l.would(w.clock, l == m, w.adopt); how[l] == "refused" {
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
	switch {
	case r.Outcome == breaker.Failure && r.Reach == breaker.Unreached:
		below, above = breaker.Ignored, breaker.Failure
	case r.Outcome == breaker.Success, r.Reach == breaker.Answered:
		above = breaker.Success
	}
	c.m.record(c.model, w.clock, below, r.RetryAfter, w.adopt)
	if above != breaker.Failure {
		r.RetryAfter = 0 // it is about what is below
	}
	c.m.parent.record(c.model, w.clock, above, r.RetryAfter, w.adopt)
}

func (w *world) progress(i int) {
	c := w.calls[i]
	c.real.ProgressAt(w.clock)
	if c.model.content {
		return
	}
	c.m.progress(c.model, w.clock, w.adopt)
	if c.m.parent != nil {
		c.m.parent.progress(c.model, w.clock, w.adopt)
	}
	c.model.content = true
}

// figures are what both sides must agree on.
type figures struct {
	state                          breaker.State
	mode                           breaker.Mode
	total, failed, refused, spared int64
	run, openings, probes          int
	since, lastFailure, until      time.Time
}

func (w *world) compare(m *model, got breaker.Metrics) {
	want := figures{
		m.state, m.mode, m.total, m.failed, m.refused, m.spared, m.run, m.openings, len(m.probes),
		m.since, m.lastFailure, time.Time{},
	}
	if m.state == breaker.Open {
		want.until = m.until
	}
	for i, p := range m.probes {
		if i == 0 || p.until.Before(want.until) {
			want.until = p.until
		}
	}
	have := figures{
		got.State, got.Mode, got.TotalCalls, got.FailedCalls, got.RefusedCalls, got.WouldRefuse,
		got.ConsecutiveFailures, got.Openings, got.Probes, got.Since, got.LastFailure, got.Until,
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
	for seed := range uint64(histories) {
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
