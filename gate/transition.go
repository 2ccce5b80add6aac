package gate

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Reason is why a gate changed state.
type Reason string

// The reasons.
const (
	WasRateLimited Reason = "rate limit"
	WasOverloaded  Reason = "overload"
	LittleRemains  Reason = "little remains of a limit"
	OutOfQuota     Reason = "quota exhausted"
	KeyRefused     Reason = "key refused"
	WaitOver       Reason = "wait over"
	DemandMet      Reason = "calls stay under the rate"
	TestAnswered   Reason = "test call answered"
	CallersInLine  Reason = "callers wait in line"
	WasReset       Reason = "reset"
	NewConfig      Reason = "new configuration"
	Restored       Reason = "restored"
)

// Transition is one change of a gate's state. It never holds the key.
type Transition struct {
	Label     string // stands for the key
	Model     string
	From, To  State
	At        time.Time // when it was noticed: what time alone brings, when the next call asks
	Reason    Reason
	Until     time.Time // to Closed: when it opens; to Parked: when a test is due
	Rate      float64   // calls a second, if limited
	ParkedFor Reason    // to Parked: OutOfQuota or KeyRefused, whatever the Reason
}

// String tells what has changed and why.
func (t Transition) String() string {
	s := fmt.Sprintf("key %s, model %s: %s to %s: %s", t.Label, t.Model, t.From, t.To, t.Reason)
	if !t.Until.IsZero() {
		s += fmt.Sprintf(", for %v", t.Until.Sub(t.At).Round(time.Millisecond))
	}
	if t.Rate > 0 {
		s += fmt.Sprintf(", %.3g calls/s", t.Rate)
	}
	return s
}

// outbox hands transitions to the observer in order and outside the lock: the
// caller that finds it idle delivers, also what others add meanwhile.
type outbox struct {
	waiting atomic.Bool // something is pending
	pending []Transition
	busy    bool
	panics  int64
}

// announce queues a transition for the observer, under the lock.
func (g *Gate) announce(tr Transition) {
	if g.cfg().OnTransition != nil {
		g.outbox.pending = append(g.outbox.pending, tr)
		g.outbox.waiting.Store(true)
	}
}

// deliver tells the observer what is pending, outside the lock.
func (g *Gate) deliver() {
	if !g.outbox.waiting.Load() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	o := &g.outbox
	if o.busy {
		return
	}
	o.busy = true
	defer func() { o.busy = false }() // also if the observer ends this goroutine
	for len(o.pending) > 0 {
		next := o.pending[0]
		o.pending = o.pending[1:]
		g.tell(next)
	}
	o.pending = nil
	o.waiting.Store(false)
}

// tell lets go of the lock while the observer is told.
func (g *Gate) tell(tr Transition) {
	g.mu.Unlock()
	defer func() {
		panicked := recover() != nil
		g.mu.Lock()
		if panicked {
			g.outbox.panics++
		}
	}()
	if f := g.cfg().OnTransition; f != nil { // it was not when tr was queued
		f(tr)
	}
}
