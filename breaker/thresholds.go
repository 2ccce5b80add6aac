package breaker

import (
	"errors"
	"fmt"
	"time"
)

// Consecutive trips after so many failures without a success between them.
// Calls that have been out for longer than Config.StallAfter weigh as failures.
type Consecutive struct {
	Failures int
	// Within is the longest time from the begin of the first of those calls to
	// the begin of the last. Zero means any: five failures of which each comes
	// six minutes after the other are then an outage too.
	Within time.Duration
}

// Needs asks for the failures that have to fit into Within.
func (c Consecutive) Needs() Needs {
	if c.Within == 0 {
		return Needs{}
	}
	return Needs{Run: 2 * c.Failures} // twice, for those that are too old
}

// Judge trips on the last failure, or on calls that hang.
func (c Consecutive) Judge(v *View, e Event) (d Decision) {
	if !e.Failed() && e.Kind != Turned {
		return d
	}
	if c.run(v)+v.Stalled() >= c.Failures {
		d.Trip, d.Reason = true, ConsecutiveFailures
		if v.Stalled() > 0 {
			d.Reason = StalledCalls
		}
	}
	return d
}

// run is how many failures in a row began within the span before the newest of
// them. In between may be older ones: time-outs of calls sent long ago.
func (c Consecutive) run(v *View) (n int) {
	if c.Within == 0 {
		return v.Run()
	}
	latest := v.Failures()
	latest = latest[max(len(latest)-v.Run(), 0):]
	var newest time.Time
	for _, f := range latest {
		if f.Begin.After(newest) {
			newest = f.Begin
		}
	}
	for _, f := range latest {
		if newest.Sub(f.Begin) <= c.Within {
			n++
		}
	}
	return n
}

// Why tells a run that has begun.
func (c Consecutive) Why(v *View) string {
	if n := c.run(v) + v.Stalled(); n > 0 && v.b.state == Closed {
		return fmt.Sprintf("%d of %d consecutive failures", n, c.Failures)
	}
	return ""
}

// Validate names the field that cannot be used.
func (c Consecutive) Validate() error {
	most := maxThreshold
	if c.Within > 0 {
		most = maxRun
	}
	return errors.Join(
		inRange("Consecutive.Failures", c.Failures, 1, most),
		duration("Consecutive.Within", c.Within, 0),
	)
}

// FailureRate trips when, of the calls that ended within Window, at least
// MinCalls in number, a share of Rate or more has failed. Calls that have been
// out for longer than Config.StallAfter weigh as failures.
type FailureRate struct {
	Rate     float64 // above 0, up to 1
	Window   time.Duration
	MinCalls int
}

// Needs asks for the calls that ended in the window.
func (f FailureRate) Needs() Needs { return Needs{Span: f.Window} }

// Judge looks at the rate when a call has failed, or hangs.
func (f FailureRate) Judge(v *View, e Event) (d Decision) {
	if !e.Failed() && e.Kind != Merged && (e.Kind != Turned || v.Stalled() == 0) {
		return d
	}
	failed, calls := f.count(v)
	if calls >= int64(f.MinCalls) && float64(failed) >= f.Rate*float64(calls) {
		d.Trip, d.Reason = true, FailureRateReached
		d.Evidence = Evidence{Calls: calls, Failed: failed, Rate: f.Rate, Window: f.Window}
	}
	return d
}

func (f FailureRate) count(v *View) (failed, calls int64) {
	ended := v.Ended(f.Window)
	failed = ended.Failed + int64(v.Stalled())
	return failed, failed + ended.Answered
}

// Why tells the rate, once there is one.
func (f FailureRate) Why(v *View) string {
	if failed, calls := f.count(v); failed > 0 && v.b.state == Closed {
		return fmt.Sprintf("%d of %d calls failed in %v (trips at %.3g %% of at least %d)", failed, calls, f.Window, 100*f.Rate, f.MinCalls)
	}
	return ""
}

// Validate names the field that cannot be used.
func (f FailureRate) Validate() error {
	return errors.Join(
		share("FailureRate.Rate", f.Rate),
		duration("FailureRate.Window", f.Window, minDuration),
		inRange("FailureRate.MinCalls", f.MinCalls, 1, maxThreshold),
	)
}

// SlowRate trips when, of the calls that ended within Window, at least MinCalls
// in number, a share of Rate or more took longer than After, whether they
// failed or not. A call with a first content, such as a stream, is as slow as
// that was, and counts when it ends. Calls that have been out for longer than Config.StallAfter weigh as
// slow.
type SlowRate struct {
	Rate     float64 // above 0, up to 1
	After    time.Duration
	Window   time.Duration
	MinCalls int
}

// Needs asks for timed calls, and for those that ended in the window.
func (s SlowRate) Needs() Needs { return Needs{Span: s.Window, SlowAfter: s.After} }

// Judge looks at the rate when a call was slow, or hangs.
func (s SlowRate) Judge(v *View, e Event) (d Decision) {
	slow := e.Kind == Recorded && e.Slow || e.Kind == Merged
	if !slow && (e.Kind != Turned && !e.Failed() || v.Stalled() == 0) {
		return d
	}
	n, calls := s.count(v)
	if calls >= int64(s.MinCalls) && float64(n) >= s.Rate*float64(calls) {
		d.Trip, d.Reason = true, SlowRateReached
		d.Evidence = Evidence{Calls: calls, Slow: n, Rate: s.Rate, Window: s.Window, After: s.After}
	}
	return d
}

func (s SlowRate) count(v *View) (slow, calls int64) {
	ended, stalled := v.Ended(s.Window), int64(v.Stalled())
	return ended.Slow + stalled, ended.Answered + ended.Failed + stalled
}

// Why tells the rate, once there is one.
func (s SlowRate) Why(v *View) string {
	if slow, calls := s.count(v); slow > 0 && v.b.state == Closed {
		return fmt.Sprintf("%d of %d calls took over %v in %v (trips at %.3g %% of at least %d)", slow, calls, s.After, s.Window, 100*s.Rate, s.MinCalls)
	}
	return ""
}

// Validate names the field that cannot be used.
func (s SlowRate) Validate() error {
	return errors.Join(
		share("SlowRate.Rate", s.Rate),
		duration("SlowRate.After", s.After, minDuration),
		duration("SlowRate.Window", s.Window, minDuration),
		inRange("SlowRate.MinCalls", s.MinCalls, 1, maxThreshold),
	)
}

func inRange(field string, n, least, most int) error {
	if n < least || n > most {
		return &ConfigError{field, n, fmt.Sprintf("%d to %d", least, most)}
	}
	return nil
}

func share(field string, x float64) error {
	if !(x > 0 && x <= 1) { // so that NaN is wrong too
		return &ConfigError{field, x, "more than 0 and at most 1"}
	}
	return nil
}

func duration(field string, d, least time.Duration) error {
	if d < least || d > maxDuration {
		return &ConfigError{field, d, fmt.Sprintf("%v to %v", least, maxDuration)}
	}
	return nil
}
