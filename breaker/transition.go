package breaker

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Reason is why a circuit changed state.
type Reason string

// The reasons. A policy or an operator may bring others.
const (
	ConsecutiveFailures Reason = "consecutive failures"
	StalledCalls        Reason = "calls without an answer"
	FailureRateReached  Reason = "failure rate"
	SlowRateReached     Reason = "slow-call rate"
	ProbeDue            Reason = "open period over"
	ProbeFailed         Reason = "probe failed"
	ProbeSucceeded      Reason = "probe succeeded"
	ProbeSurvived       Reason = "probe outlived what failures take"
	ParentExplains      Reason = "explained by the parent"
	ModeSet             Reason = "mode set"
	WasReset            Reason = "reset"
	Restored            Reason = "restored"
)

// Evidence is what led to an opening. Fields that the reason does not need are
// zero.
type Evidence struct {
	Failures int           // in a row, up to now
	Lasted   time.Duration // since the call of the first of them began
	Stalled  int           // calls out for longer than StallAfter
	Causes   string        // of the failures in a row: "3 × 503, 2 × timeout"

	// Of the rate that was reached: Failed or Slow of Calls, at least Rate, ended
	// within Window; slow calls took longer than After.
	Calls, Failed, Slow int64
	Rate                float64
	Window, After       time.Duration

	Note string // the policy's own words
}

// text tells a reason with its numbers.
func (r Reason) text(e Evidence) string {
	switch r {
	case ConsecutiveFailures, StalledCalls:
		var parts []string
		if e.Failures > 0 {
			parts = append(parts, plural(e.Failures, "consecutive failure")+causes(e))
		}
		if e.Stalled > 0 {
			parts = append(parts, plural(e.Stalled, "call")+" without an answer")
		}
		return strings.Join(parts, " and ")
	case FailureRateReached:
		return fmt.Sprintf("%d of %d calls failed within %v (%.3g %%, limit %.3g %%)%s",
			e.Failed, e.Calls, e.Window, percent(e.Failed, e.Calls), 100*e.Rate, causes(e))
	case SlowRateReached:
		return fmt.Sprintf("%d of %d calls took over %v within %v (%.3g %%, limit %.3g %%)",
			e.Slow, e.Calls, e.After, e.Window, percent(e.Slow, e.Calls), 100*e.Rate)
	default:
		if e.Note != "" {
			return string(r) + ": " + e.Note
		}
		return string(r)
	}
}

func causes(e Evidence) string {
	if e.Causes == "" {
		return ""
	}
	return " (" + e.Causes + ")"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func percent(n, of int64) float64 { return 100 * float64(n) / float64(max(of, 1)) }

// Transition is one change of a circuit's state, or of its mode.
type Transition struct {
	Name     string
	Parent   string // "" if the circuit has none
	Seq      uint64 // counts the circuit's transitions, from 1
	From, To State  // the same, if only the mode changed
	At       time.Time
	Reason   Reason
	Mode     Mode
	Evidence           // of an opening
	Openings int       // which open period in a row this is, or ends
	Until    time.Time // of an opening: when the probe is due
}

// String tells what has changed and why.
func (t Transition) String() string {
	return fmt.Sprintf("%s: %s to %s: %s", t.Name, t.From, t.To, t.Why())
}

// Why tells the reason in words, with its numbers: "5 consecutive failures (3 ×
// 503, 2 × timeout)".
func (t Transition) Why() string { return t.Reason.text(t.Evidence) }

// announce completes a transition and queues it for the observer, under the lock.
func (b *Breaker) announce(tr Transition) {
	b.transitions++
	tr.Name, tr.Seq, tr.Mode, tr.Openings = b.name, b.transitions, b.mode, b.openings
	if b.parent != nil {
		tr.Parent = b.parent.name
	}
	if b.cfg().OnTransition != nil {
		b.outbox.post(tr)
	}
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

// deliver tells the observer what is pending, outside the lock; also for the
// children, if they may have changed state with this circuit.
func (b *Breaker) deliver() {
	if b.nudged.Load() && b.nudged.CompareAndSwap(true, false) {
		b.mu.Lock()
		children := slices.Clone(b.children)
		b.mu.Unlock()
		for _, c := range children {
			defer c.deliver()
		}
	}
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
		b.show(next)
	}
	b.outbox.pending = nil
	b.outbox.waiting.Store(false)
}

// show lets go of the lock while the observer is told.
func (b *Breaker) show(tr Transition) {
	b.mu.Unlock()
	defer func() {
		panicked := recover() != nil
		b.mu.Lock()
		if panicked {
			b.outbox.panics++
		}
	}()
	if observe := b.cfg().OnTransition; observe != nil { // nil: the configuration was replaced
		observe(tr)
	}
}
