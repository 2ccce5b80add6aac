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
	// Zero means 5, Off none.
	FailureThreshold int

	// FailureSpan is the longest time that those failures may be spread over,
	// from the begin of the first call to that of the last. Zero or Off means any.
	FailureSpan time.Duration

	// FailureRate trips the circuit when that share of the calls which ended
	// within RateWindow has failed. Above 0, up to 1; zero or Off switches it off.
	FailureRate float64

	// SlowRate trips the circuit when that share of the calls which ended within
	// RateWindow took longer than SlowAfter. Above 0, up to 1; zero or Off switches
	// it off.
	SlowRate float64

	// SlowAfter is when a call is slow; needed by SlowRate.
	SlowAfter time.Duration

	// RateWindow is the time that both rates look back. Zero means 10 s.
	RateWindow time.Duration

	// RateMinCalls is how many calls must have ended within RateWindow before
	// their rates say anything. Zero means 20.
	RateMinCalls int

	// StallAfter is how long a call may be out without an answer before it
	// weighs as a failure while it still hangs. It is noticed when another
	// call asks, up to 250 ms or StallAfter/200 late. It is judged in
	// the call's own circuit, not in its parent. Zero or Off switches it off, and so
	// does a policy that finds out by itself, such as [Adaptive].
	StallAfter time.Duration

	// NewPolicy makes the policy of a circuit, in place of the thresholds above
	// (StallAfter aside, which it may use). Nil means those thresholds, any of
	// which trips.
	NewPolicy func() Policy

	// ResetTimeout is the most that an open period lasts; the first ones are
	// shorter, see BaseTimeout. It wins over everything, also over the
	// service's own Retry-After. Zero means 30 s, or what the policy needs.
	ResetTimeout time.Duration

	// BaseTimeout sets the length of open periods: the n-th in a row lasts
	// 2^(n-1)·BaseTimeout plus a random part of up to one BaseTimeout, capped
	// by ResetTimeout. Zero means 1 s, or ResetTimeout if that is shorter.
	BaseTimeout time.Duration

	// Probes is how many test calls may be out at once when the open period is
	// over. Zero means 1.
	Probes int

	// ProbeSuccesses is how many of them must succeed before the circuit
	// recloses. The first that fails opens it again. Zero means 1.
	ProbeSuccesses int

	// ProbeLease is how long a probe may keep its place before another call
	// may probe instead; what it answers later still counts. Zero means 30 s.
	ProbeLease time.Duration

	// MayProbe, if set, is asked before a probe of the named circuit goes out, at
	// most once a second while it says no. Now and then the probe that it was asked
	// for does not go out, because the call is refused by its model's circuit. It
	// runs under the lock: it must not block, nor use the breaker.
	MayProbe func(circuit string) bool

	// Ramp lets calls back in step by step after a reclose: at most two at once
	// at first, then twice as many each time that all of them have been answered,
	// half as many when one fails, until nobody has to be held back any more, and
	// for ResetTimeout at most.
	Ramp bool

	// Mode is what the circuit starts in; see [Breaker.SetMode].
	Mode Mode

	// Parent is a circuit that each call needs besides this one: a host for
	// its models. The parent is asked first and records with [Reach] whether
	// it was reached at all. It keeps its children for as long as it lives.
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

// Off as FailureThreshold lets consecutive failures alone. In fields whose zero
// means that they are off it says so in an overlay, where a zero changes nothing:
// see [Config.Over].
const Off = -1

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
	maxRun       = 1000 // failures whose begin is kept
	maxProbes    = 1000
	maxDuration  = 24 * time.Hour
	minDuration  = time.Millisecond
)

// Validate returns an error for every field that cannot be used, joined; each
// is a *ConfigError.
func (c Config) Validate() error {
	var errs fieldErrors
	errs.thresholds(c)
	errs.duration("ResetTimeout", c.ResetTimeout, "30s")
	errs.duration("BaseTimeout", c.BaseTimeout, "1s")
	errs.number("Probes", c.Probes, maxProbes, 1)
	errs.number("ProbeSuccesses", c.ProbeSuccesses, maxThreshold, 1)
	errs.duration("ProbeLease", c.ProbeLease, "30s")
	if c.Mode > Disabled {
		errs.add("Mode", uint8(c.Mode), "Normal, Observe, ForcedOpen or Disabled")
	}
	if c.Parent != nil && c.Parent.parent != nil {
		errs.add("Parent", c.Parent.name, "a circuit without a parent of its own")
	}
	if err := errors.Join(append(errs, c.validatePolicy())...); err != nil {
		return err
	}
	if limit := newSettings(c).ResetTimeout; c.BaseTimeout > limit {
		errs.add("BaseTimeout", c.BaseTimeout, "at most ResetTimeout, which is %v", limit)
	}
	return errors.Join(errs...)
}

// fieldErrors collects what is wrong with fields.
type fieldErrors []error

func (e *fieldErrors) add(field string, value any, format string, args ...any) {
	*e = append(*e, &ConfigError{field, value, fmt.Sprintf(format, args...)})
}

func (e *fieldErrors) number(field string, n, most, zero int) {
	if n < 0 || n > most {
		e.add(field, n, "1 to %d, or 0 for %d", most, zero)
	}
}

func (e *fieldErrors) rate(field string, x float64) {
	if !(x >= 0 && x <= 1) && x != Off { // so that NaN is wrong too
		e.add(field, x, "above 0 to 1, or 0 for off")
	}
}

func (e *fieldErrors) duration(field string, d time.Duration, zero string) {
	if d != 0 && (d < minDuration || d > maxDuration) {
		e.add(field, d, "%v to %v, or 0 for %s", minDuration, maxDuration, zero)
	}
}

func (e *fieldErrors) durationOrOff(field string, d time.Duration, zero string) {
	if d != Off {
		e.duration(field, d, zero)
	}
}

func (e *fieldErrors) thresholds(c Config) {
	if c.FailureThreshold < Off || c.FailureThreshold > maxThreshold {
		e.add("FailureThreshold", c.FailureThreshold, "1 to %d, 0 for 5, or Off", maxThreshold)
	}
	if c.FailureSpan > 0 && c.FailureThreshold > maxRun {
		e.add("FailureThreshold", c.FailureThreshold, "at most %d with a FailureSpan", maxRun)
	}
	e.durationOrOff("FailureSpan", c.FailureSpan, "any")
	e.rate("FailureRate", c.FailureRate)
	e.rate("SlowRate", c.SlowRate)
	e.duration("SlowAfter", c.SlowAfter, "off")
	if c.SlowRate > 0 && c.SlowAfter == 0 {
		e.add("SlowAfter", c.SlowAfter, "a duration: SlowRate needs it")
	}
	e.duration("RateWindow", c.RateWindow, "10s")
	e.number("RateMinCalls", c.RateMinCalls, maxThreshold, 20)
	e.durationOrOff("StallAfter", c.StallAfter, "off")
}

func (c Config) validatePolicy() error {
	if c.NewPolicy == nil {
		if c.FailureThreshold == Off && c.FailureRate <= 0 && c.SlowRate <= 0 {
			return &ConfigError{"FailureThreshold", "Off", "a FailureRate, a SlowRate or a NewPolicy with it: nothing else would trip the circuit"}
		}
		return nil
	}
	if c.FailureThreshold != 0 || c.FailureSpan > 0 || c.FailureRate > 0 || c.SlowRate > 0 || c.RateWindow != 0 || c.RateMinCalls != 0 || c.SlowAfter != 0 {
		return &ConfigError{"NewPolicy", "set", "either NewPolicy or FailureThreshold, FailureSpan, FailureRate, SlowRate, SlowAfter, RateWindow and RateMinCalls"}
	}
	p := c.NewPolicy()
	if p == nil {
		return &ConfigError{"NewPolicy", "a function that returns nil", "one that returns a Policy"}
	}
	if span := p.Needs().Span; span < 0 || span > maxDuration {
		return &ConfigError{"NewPolicy", span, "a policy whose Needs().Span is at most " + maxDuration.String()}
	}
	return validate(p)
}

// settings are a valid Config with its defaults filled in, and what follows
// from it. They do not change, and circuits share them.
type settings struct {
	Config
	needs Needs
	width time.Duration // of a slot
	flags uint32        // for Breaker.word
}

func newSettings(c Config) *settings {
	c.Parent = nil
	c.FailureSpan, c.StallAfter = max(c.FailureSpan, 0), max(c.StallAfter, 0)
	c.FailureRate, c.SlowRate = max(c.FailureRate, 0), max(c.SlowRate, 0)
	set := func(d *time.Duration, fallback time.Duration) {
		if *d == 0 {
			*d = fallback
		}
	}
	one := func(n *int) {
		if *n == 0 {
			*n = 1
		}
	}
	if c.FailureThreshold == 0 {
		c.FailureThreshold = 5
	}
	set(&c.RateWindow, 10*time.Second)
	if c.RateMinCalls == 0 {
		c.RateMinCalls = 20
	}
	if c.NewPolicy == nil {
		c.NewPolicy = c.thresholds
	}
	needs := c.NewPolicy().Needs()
	needs.AnswerTimes = needs.AnswerTimes || c.Ramp
	if needs.OwnStalls {
		c.StallAfter = 0
	}
	set(&c.ResetTimeout, needs.ResetTimeout)
	set(&c.ResetTimeout, 30*time.Second)
	set(&c.BaseTimeout, min(time.Second, c.ResetTimeout))
	one(&c.Probes)
	one(&c.ProbeSuccesses)
	set(&c.ProbeLease, 30*time.Second)
	own := c.Classify != nil
	if !own {
		c.Classify = DefaultClassify
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	s := &settings{Config: c, needs: needs, width: slotWidth(max(needs.Span, c.StallAfter))}
	if own {
		s.flags |= classifyBit
	}
	if needs.SlowAfter > 0 {
		s.flags |= timedBit
	}
	if needs.AnswerTimes {
		s.flags |= measuredBit
	}
	if needs.Span > 0 || needs.EveryCall {
		s.flags |= slottedBit
	}
	return s
}

// thresholds is the policy that the fields of Config describe.
func (c Config) thresholds() Policy {
	var all anyOf
	if c.FailureThreshold != Off {
		all = append(all, Consecutive{c.FailureThreshold, c.FailureSpan})
	}
	if c.FailureRate > 0 {
		all = append(all, FailureRate{c.FailureRate, c.RateWindow, c.RateMinCalls})
	}
	if c.SlowRate > 0 {
		all = append(all, SlowRate{c.SlowRate, c.SlowAfter, c.RateWindow, c.RateMinCalls})
	}
	return AnyOf(all...)
}

// slotWidth is how finely time is divided, for a policy that looks back over
// span: 250 ms, or less if that were less than 32 slots, or more if they were too
// many to keep.
func slotWidth(span time.Duration) time.Duration {
	const usual, fine, most = 250 * time.Millisecond, 32, 224
	switch {
	case span == 0:
		return usual
	case span < fine*usual:
		return max(span/fine, time.Millisecond)
	case span > most*usual:
		return (span + most - 1) / most
	}
	return usual
}
