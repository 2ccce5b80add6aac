package breaker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Config sets up a Breaker. The zero value is usable; each field says what its
// zero means.
type Config struct {
	// FailureThreshold is how many consecutive failures trip the circuit.
	// Zero means 5.
	FailureThreshold int

	// ResetTimeout is the most that an open period lasts; the first ones are
	// shorter, see BaseTimeout. It wins over everything, also over the
	// service's own Retry-After. Zero means 30 s.
	ResetTimeout time.Duration

	// BaseTimeout sets the length of open periods: the n-th in a row lasts
	// 2^(n-1)·BaseTimeout plus a random part of up to one BaseTimeout, capped
	// by ResetTimeout. Zero means 1 s, or ResetTimeout if that is shorter.
	BaseTimeout time.Duration

	// ProbeLease is how long a probe may keep its place before another call
	// may probe instead; what it answers later still counts. Zero means 30 s.
	ProbeLease time.Duration

	// StallAfter is how long a call may be out without an answer before it
	// counts as a failure while it still hangs. It is noticed when another
	// call asks, up to StallAfter/32, or a millisecond, late. It is judged in
	// the call's own circuit, not in its parent. Zero switches it off.
	StallAfter time.Duration

	// Mode is Normal, or Observe to refuse nothing.
	Mode Mode

	// Parent is a circuit that each call needs besides this one: a host for
	// its models. The parent is asked first and records with [Reach] whether
	// it was reached at all.
	Parent *Breaker

	// Classify tells the outcome of a call from its error, nil included.
	// Nil means DefaultClassify. It runs outside the lock.
	Classify func(context.Context, error) Outcome

	// OnTransition is told every change of state, in order and outside the
	// lock, on the goroutine of a call; it may use the breaker. A panic in it
	// is contained and counted in Metrics.
	OnTransition func(Transition)

	// Seed makes the random parts repeatable. Zero draws one.
	Seed uint64
}

// Mode is what an operator has set over the state.
type Mode uint8

// The modes.
const (
	Normal  Mode = iota // refuse as the state says
	Observe             // decide and count, but refuse nothing
)

// String returns "normal" or "observe".
func (m Mode) String() string {
	switch m {
	case Normal:
		return "normal"
	case Observe:
		return "observe"
	}
	return "invalid"
}

// MarshalText returns what String does.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (m *Mode) UnmarshalText(text []byte) error {
	for _, known := range []Mode{Normal, Observe} {
		if string(text) == known.String() {
			*m = known
			return nil
		}
	}
	return errors.New("breaker: a mode is normal or observe")
}

// ConfigError names one field of a configuration that cannot be used.
type ConfigError struct {
	Field string // as in Config
	Value any
	Range string // what would be accepted
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("breaker: %s is %v: use %s", e.Field, e.Value, e.Range)
}

const (
	maxThreshold = 1_000_000
	maxDuration  = 24 * time.Hour
	minDuration  = time.Millisecond
)

// Validate returns an error for every field that cannot be used, joined; each
// is a *ConfigError.
func (c Config) Validate() error {
	var errs []error
	wrong := func(field string, value any, format string, args ...any) {
		errs = append(errs, &ConfigError{field, value, fmt.Sprintf(format, args...)})
	}
	if c.FailureThreshold < 0 || c.FailureThreshold > maxThreshold {
		wrong("FailureThreshold", c.FailureThreshold, "1 to %d, or 0 for 5", maxThreshold)
	}
	duration := func(field string, d time.Duration, zero string) {
		if d != 0 && (d < minDuration || d > maxDuration) {
			wrong(field, d, "%v to %v, or 0 for %s", minDuration, maxDuration, zero)
		}
	}
	duration("ResetTimeout", c.ResetTimeout, "30s")
	duration("BaseTimeout", c.BaseTimeout, "1s")
	duration("ProbeLease", c.ProbeLease, "30s")
	duration("StallAfter", c.StallAfter, "off")
	if limit := c.withDefaults().ResetTimeout; len(errs) == 0 && c.BaseTimeout > limit {
		wrong("BaseTimeout", c.BaseTimeout, "at most ResetTimeout, which is %v", limit)
	}
	if c.Mode > Observe {
		wrong("Mode", uint8(c.Mode), "Normal or Observe")
	}
	if c.Parent != nil && c.Parent.parent != nil {
		wrong("Parent", c.Parent.name, "a circuit without a parent of its own")
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	or := func(d *time.Duration, fallback time.Duration) {
		if *d == 0 {
			*d = fallback
		}
	}
	if c.FailureThreshold == 0 {
		c.FailureThreshold = 5
	}
	or(&c.ResetTimeout, 30*time.Second)
	or(&c.BaseTimeout, min(time.Second, c.ResetTimeout))
	or(&c.ProbeLease, 30*time.Second)
	if c.Classify == nil {
		c.Classify = DefaultClassify
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	return c
}
