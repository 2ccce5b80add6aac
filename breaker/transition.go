package breaker

import (
	"sync/atomic"
	"time"
)

// Reason is why a circuit changed state.
type Reason string

// The reasons.
const (
	ConsecutiveFailures Reason = "consecutive failures"
	StalledCalls        Reason = "calls without an answer"
	ProbeDue            Reason = "open period over"
	ProbeFailed         Reason = "probe failed"
	ProbeSucceeded      Reason = "probe succeeded"
)

// Transition is one change of a circuit's state.
type Transition struct {
	Name     string
	From, To State
	At       time.Time
	Reason   Reason
	Failures int       // consecutive failures that led to it
	Stalled  int       // calls without an answer that led to it
	Openings int       // which open period in a row this is, or ends
	Until    time.Time // of an opening: when the probe is due
}

// outbox hands transitions to the observer in order and outside the lock: the
// caller that finds it idle delivers, also what others add meanwhile, so that
// an observer may itself use the breaker.
type outbox struct {
	waiting atomic.Bool // something is pending
	pending []Transition
	busy    bool
	panics  int64
}

// post queues a transition, under the lock.
func (o *outbox) post(tr Transition) {
	o.pending = append(o.pending, tr)
	o.waiting.Store(true)
}

// deliver tells the observer what is pending, outside the lock.
func (b *Breaker) deliver() {
	if !b.outbox.waiting.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.outbox.busy {
		return
	}
	b.outbox.busy = true
	defer func() { b.outbox.busy = false }() // also if the observer ends this goroutine
	for len(b.outbox.pending) > 0 {
		next := b.outbox.pending[0]
		b.outbox.pending = b.outbox.pending[1:]
		b.tell(next)
	}
	b.outbox.pending = nil
	b.outbox.waiting.Store(false)
}

// tell lets go of the lock while the observer is told.
func (b *Breaker) tell(tr Transition) {
	b.mu.Unlock()
	defer func() {
		panicked := recover() != nil
		b.mu.Lock()
		if panicked {
			b.outbox.panics++
		}
	}()
	b.cfg.OnTransition(tr)
}
