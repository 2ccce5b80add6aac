package gate

import (
	"errors"
	"fmt"
	"time"
)

// ErrClosed is matched, by errors.Is, by every refusal.
var ErrClosed = errors.New("gate: closed")

// ErrParked is also matched by the refusals of a key whose quota is exhausted or
// that the service does not take: waiting does not help, somebody has to act.
var ErrParked = errors.New("gate: key parked")

// Refusal is why a call is not let through.
type Refusal string

// The reasons of refusals.
const (
	NotNow        Refusal = "not now"
	LineFull      Refusal = "the line is full"
	DeadlineFirst Refusal = "the caller would have to wait too long"
	KeyParked     Refusal = "the key is parked"
)

// ClosedError is the refusal of a call.
type ClosedError struct {
	Label, Model string // of the gate
	State        State  // Closed, Limited or Parked
	Why          Refusal
	ParkedFor    Reason    // OutOfQuota or KeyRefused; "": not parked
	Until        time.Time // when a call that came next would be let through, as far as is known

	stretch float64 // of the time told, drawn from [1, 1.2)
}

// Error names the gate and its state, and not the remaining time, which changes.
func (e *ClosedError) Error() string {
	var what string
	switch {
	case e.State == Parked && e.ParkedFor == KeyRefused:
		what = "is parked, the service does not take the key"
	case e.State == Parked:
		what = "is parked, its quota is exhausted"
	case e.State == Limited:
		what = "lets calls through one by one after a rate limit"
	default: // open: others wait in line
		what = "is closed by a rate limit"
	}
	if e.Why == LineFull || e.Why == DeadlineFirst {
		what += ": " + string(e.Why)
	}
	return fmt.Sprintf("gate: key %s, model %q %s", e.Label, e.Model, what)
}

// Is reports whether target is ErrClosed or, of a parked key, ErrParked.
func (e *ClosedError) Is(target error) bool {
	return target == ErrClosed || target == ErrParked && e.State == Parked
}

// RateLimited reports whether the service has said when to come back, or that
// there is too much at present. A parked key's refusal is none of a rate.
func (e *ClosedError) RateLimited() bool { return e.State != Parked }

// RetryIn is how long to wait from now before it makes sense to call again:
// until Until, lengthened by up to 20 % so that those who were refused do not
// come back together. It is 0 once that has passed.
func (e *ClosedError) RetryIn() time.Duration { return e.RetryInAt(time.Now()) }

// RetryInAt is RetryIn at the instant now.
func (e *ClosedError) RetryInAt(now time.Time) time.Duration {
	return time.Duration(float64(max(e.Until.Sub(now), 0)) * e.stretch)
}

// refusal is the error for a caller who could be let through at until.
func (g *Gate) refusal(until instant, why Refusal) *ClosedError {
	g.refused++
	return &ClosedError{
		Label: g.label, Model: g.model, State: g.state, Why: why, ParkedFor: g.park.why,
		Until: g.time(until), stretch: 1 + 0.2*g.rand.Float64(),
	}
}
