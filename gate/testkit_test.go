package gate_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/recloser/recloser/gate"
)

// start is where the tests' time begins.
func start() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }

// after is the instant so many seconds after start.
func after(seconds float64) time.Time {
	return start().Add(time.Duration(math.Round(seconds * 1e9)))
}

// rig is a gate with a clock that stands still unless it is moved.
type rig struct {
	*testing.T
	g     *gate.Gate
	clock time.Time
	seen  []gate.Transition
}

func newRig(t *testing.T, cfg gate.Config) *rig {
	t.Helper()
	r := &rig{T: t, clock: start()}
	cfg.Seed = 1
	if cfg.OnTransition == nil {
		cfg.OnTransition = func(tr gate.Transition) { r.seen = append(r.seen, tr) }
	}
	g, err := gate.NewAt(r.clock, "key", "gpt", cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.g = g
	return r
}

// to moves the clock to so many seconds after start.
func (r *rig) to(seconds float64) { r.clock = after(seconds) }

func (r *rig) wait(d time.Duration) { r.clock = r.clock.Add(d) }

func (r *rig) report(rep gate.Report) { r.g.ReportAt(r.clock, rep) }

// limited reports a 429 that asks to wait.
func (r *rig) limited(d time.Duration) {
	r.report(gate.Report{Kind: gate.RateLimit, RetryAfter: d})
}

func (r *rig) is(want gate.State) {
	r.Helper()
	if got := r.g.StateAt(r.clock); got != want {
		r.Fatalf("%v: state is %v, want %v", r.clock.Sub(start()), got, want)
	}
}

// allow fails the test if the call is refused.
func (r *rig) allow() {
	r.Helper()
	if err := r.g.AllowAt(r.clock); err != nil {
		r.Fatalf("%v: refused: %v", r.clock.Sub(start()), err)
	}
}

// refusal fails the test if the call is let through.
func (r *rig) refusal() *gate.ClosedError {
	r.Helper()
	return r.refused(r.g.AllowAt(r.clock))
}

func (r *rig) refused(err error) *gate.ClosedError {
	r.Helper()
	closed, ok := errors.AsType[*gate.ClosedError](err)
	if !ok {
		r.Fatalf("%v: got %v, want a refusal", r.clock.Sub(start()), err)
	}
	return closed
}

// readyIn fails the test if the key is parked.
func (r *rig) readyIn() time.Duration {
	r.Helper()
	d, ok := r.g.ReadyInAt(r.clock)
	if !ok {
		r.Fatalf("%v: parked", r.clock.Sub(start()))
	}
	return d
}

// closedFor is how long the gate stays closed from now.
func (r *rig) closedFor() time.Duration {
	m := r.g.MetricsAt(r.clock)
	if m.State != gate.Closed {
		return 0
	}
	return m.Until.Sub(r.clock)
}

func near(got, want, by float64) bool { return math.Abs(got-want) <= by }
