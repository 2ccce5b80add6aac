package breaker_test

import (
	"errors"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

var errService = errors.New("503")

// start is where the tests' time begins.
func start() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }

// rig is a circuit with a clock that stands still unless it is moved.
type rig struct {
	*testing.T
	b     *breaker.Breaker
	clock time.Time
	seen  []breaker.Transition
}

func newRig(t *testing.T, cfg breaker.Config) *rig {
	t.Helper()
	r := &rig{T: t, clock: start()}
	if cfg.Seed == 0 {
		cfg.Seed = 1
	}
	if cfg.OnTransition == nil {
		cfg.OnTransition = func(tr breaker.Transition) { r.seen = append(r.seen, tr) }
	}
	b, err := breaker.NewAt(r.clock, "db", cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.b = b
	return r
}

func (r *rig) wait(d time.Duration) { r.clock = r.clock.Add(d) }

// allow asks for a permit and fails the test if it is refused.
func (r *rig) allow() *breaker.Permit {
	r.Helper()
	p, err := r.b.AllowAt(r.clock)
	if err != nil {
		r.Fatalf("refused: %v", err)
	}
	return &p
}

// refusal asks for a permit and fails the test if it is given.
func (r *rig) refusal() *breaker.OpenError {
	r.Helper()
	_, err := r.b.AllowAt(r.clock)
	open, ok := errors.AsType[*breaker.OpenError](err)
	if !ok {
		r.Fatalf("got %v, want a refusal", err)
	}
	return open
}

// call makes a call that ends at once.
func (r *rig) call(o breaker.Outcome) {
	r.Helper()
	r.allow().RecordAt(r.clock, o)
}

func (r *rig) calls(n int, o breaker.Outcome) {
	r.Helper()
	for range n {
		r.call(o)
	}
}

// trip fails until the circuit opens and returns the length of the period.
func (r *rig) trip() time.Duration {
	r.Helper()
	for range 1000 {
		if r.b.State() == breaker.Open {
			break
		}
		r.call(breaker.Failure)
	}
	r.is(breaker.Open)
	return r.b.Metrics().Until.Sub(r.clock)
}

// untilDue moves the clock to the moment the probe is due.
func (r *rig) untilDue() { r.clock = r.b.Metrics().Until }

func (r *rig) is(want breaker.State) {
	r.Helper()
	if got := r.b.State(); got != want {
		r.Fatalf("state is %v, want %v", got, want)
	}
}

func (r *rig) between(what string, got, low, high time.Duration) {
	r.Helper()
	if got < low || got > high {
		r.Errorf("%s is %v, want %v to %v", what, got, low, high)
	}
}
