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
		got.State, got.TotalCalls, got.FailedCalls, got.RefusedCalls, got.ConsecutiveFailures, got.Openings, got.Probes > 0,
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
