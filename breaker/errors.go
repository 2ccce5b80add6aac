package breaker

import (
	"errors"
	"fmt"
	"time"
)

// ErrOpen is matched, by errors.Is, by every refusal.
var ErrOpen = errors.New("breaker: circuit is open")

// OpenError is the refusal of a call. It is shared between callers: do not
// change it.
type OpenError struct {
	Name  string    // the circuit that refused: the parent, if that did
	State State     // Open; HalfOpen while probes are out; Closed while calls are let back in step by step
	Mode  Mode      // ForcedOpen if an operator wants it so
	Until time.Time // Open: when the next probe is due; HalfOpen: at the latest; else zero

	wait    time.Duration // told where nobody knows when
	stretch float64       // of the time told, drawn from [1, 1.2)
}

// Error names the circuit and its state, and not the remaining time, which
// changes.
func (e *OpenError) Error() string {
	switch {
	case e.Mode == ForcedOpen:
		return fmt.Sprintf("breaker: circuit %q is forced open", e.Name)
	case e.State == Closed:
		return fmt.Sprintf("breaker: circuit %q is letting calls back in step by step", e.Name)
	}
	return fmt.Sprintf("breaker: circuit %q is %s", e.Name, e.State)
}

// Is reports whether target is ErrOpen.
func (e *OpenError) Is(target error) bool { return target == ErrOpen }

// RetryIn is how long to wait from now before it makes sense to call again:
// the rest of the open period, lengthened by up to 20 % so that those who were
// refused do not come back together. It is 0 once that has passed. While a
// probe is out, or calls are let back in, nobody knows, and it is at least one
// second; of a circuit that is forced open it is about ResetTimeout.
func (e *OpenError) RetryIn() time.Duration { return e.RetryInAt(time.Now()) }

// RetryInAt is RetryIn at the instant now.
func (e *OpenError) RetryInAt(now time.Time) time.Duration {
	left := e.wait
	if left == 0 {
		left = e.Until.Sub(now)
	}
	return time.Duration(float64(max(left, 0)) * e.stretch)
}

// refusals are the errors of one period in which every call is refused, made
// in advance so that refusing neither allocates nor takes the lock. There are
// several so that callers are told different times.
type refusals struct {
	from, until instant
	errs        [16]OpenError
}

// prepareRefusals publishes the refusals for the rest of the open period, or of
// the mode.
func (b *Breaker) prepareRefusals() {
	switch {
	case b.mode == ForcedOpen:
		b.refuseUntil(2 * farthest)
	case b.state == Open:
		b.refuseUntil(b.until)
	case b.state == HalfOpen:
		b.refreshRefusals()
	default:
		b.refusal.Store(nil)
	}
}

// refuseUntil publishes refusals that hold to the instant until.
func (b *Breaker) refuseUntil(until instant) {
	if b.mode == Observe || b.mode == Disabled {
		b.refusal.Store(nil)
		return
	}
	b.refusal.Store(b.newRefusals(until))
}

func (b *Breaker) newRefusals(until instant) *refusals {
	model := OpenError{Name: b.name, State: b.state, Mode: b.mode}
	switch {
	case b.mode == ForcedOpen:
		model.wait = b.cfg().ResetTimeout
	case b.state == Open && until <= b.until:
		model.Until = b.time(until)
	case b.state == Closed:
		model.wait = time.Second
	default:
		model.wait, model.Until = time.Second, b.time(until)
	}
	r := &refusals{from: max(b.since, b.seen), until: until}
	for i := range r.errs {
		r.errs[i] = model
		r.errs[i].stretch = 1 + 0.2*b.rand.Float64()
	}
	return r
}

// refuse is the fast path of an open circuit. It returns nil where the lock
// has to be taken: not open, a probe due, the clock stepped back, or lenient.
func (b *Breaker) refuse(t instant) *OpenError {
	r := b.refusal.Load()
	if r == nil || t >= r.until || r.from-t > instant(time.Second) || b.common.bypass.Load() {
		return nil
	}
	return &r.errs[uint64(b.refused.Add(1))%uint64(len(r.errs))]
}

// refuseNow refuses under the lock.
func (b *Breaker) refuseNow() *OpenError {
	r := b.refusal.Load()
	if r == nil { // of a ramp: who comes next may find room
		if b.held == nil {
			b.held = b.newRefusals(b.until)
		}
		r = b.held
	}
	return &r.errs[uint64(b.refused.Add(1))%uint64(len(r.errs))]
}
