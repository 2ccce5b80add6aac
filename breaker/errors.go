package breaker

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// ErrOpen is matched, by errors.Is, by every refusal.
var ErrOpen = errors.New("breaker: circuit is open")

// OpenError is the refusal of a call. It is shared between callers: do not
// change it.
type OpenError struct {
	Name  string    // the circuit that refused: the parent, if that did
	State State     // Open, or HalfOpen while a probe is out
	Until time.Time // when the next probe is due; half-open: at the latest

	stretch float64 // of the time told, drawn from [1, 1.2)
}

// Error names the circuit and its state, and not the remaining time, which
// changes.
func (e *OpenError) Error() string {
	return fmt.Sprintf("breaker: circuit %q is %s", e.Name, e.State)
}

// Is reports whether target is ErrOpen.
func (e *OpenError) Is(target error) bool { return target == ErrOpen }

// RetryIn is how long to wait from now before it makes sense to call again:
// the rest of the open period, lengthened by up to 20 % so that those who were
// refused do not come back together. It is 0 once that has passed. While a
// probe is out nobody knows, and it is at least one second.
func (e *OpenError) RetryIn() time.Duration { return e.RetryInAt(time.Now()) }

// RetryInAt is RetryIn at the instant now.
func (e *OpenError) RetryInAt(now time.Time) time.Duration {
	left := e.Until.Sub(now)
	if e.State == HalfOpen {
		left = time.Second
	}
	return time.Duration(float64(max(left, 0)) * e.stretch)
}

// refusals are the errors of one period in which every call is refused, made
// in advance so that refusing neither allocates nor takes the lock. There are
// several so that callers are told different times.
type refusals struct {
	from, until instant
	next        atomic.Uint32
	errs        [16]OpenError
}

// prepareRefusals publishes the refusals for the time from t to b.until.
func (b *Breaker) prepareRefusals(t instant) {
	r := &refusals{from: t, until: b.until}
	for i := range r.errs {
		r.errs[i] = OpenError{
			Name: b.name, State: b.state, Until: b.time(b.until),
			stretch: 1 + 0.2*b.rand.Float64(),
		}
	}
	b.refusal.Store(r)
}

// refuse is the fast path of an open circuit. It returns nil where the lock
// has to be taken: not open, a probe due, the clock stepped back, or observed.
func (b *Breaker) refuse(t instant) *OpenError {
	r := b.refusal.Load()
	if r == nil || b.cfg.Mode == Observe {
		return nil
	}
	if t >= r.until || r.from-t > instant(time.Second) {
		return nil
	}
	b.refused.Add(1)
	return r.take()
}

// refuseNow refuses under the lock.
func (b *Breaker) refuseNow() *OpenError {
	b.refused.Add(1)
	return b.refusal.Load().take()
}

func (r *refusals) take() *OpenError {
	return &r.errs[r.next.Add(1)%uint32(len(r.errs))]
}
