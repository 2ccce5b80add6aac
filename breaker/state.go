package breaker

import (
	"errors"
	"time"
)

// State is where a circuit stands.
type State uint8

// The three states. An operator's mode is not a state: see Mode.
const (
	Closed   State = iota // calls go through
	Open                  // calls are refused
	HalfOpen              // one probe is out or due, all other calls are refused
)

// String returns "closed", "open" or "half-open".
func (s State) String() string {
	switch s {
	case Closed:
		return "closed"
	case Open:
		return "open"
	case HalfOpen:
		return "half-open"
	}
	return "invalid"
}

// MarshalText returns what String does, for JSON and flags.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *State) UnmarshalText(text []byte) error {
	for _, known := range []State{Closed, Open, HalfOpen} {
		if string(text) == known.String() {
			*s = known
			return nil
		}
	}
	return errors.New("breaker: a state is closed, open or half-open")
}

// The layout of Breaker.word.
const (
	stateMask       = 1<<2 - 1
	calmBit         = 1 << 2
	generationShift = 3
)

// publish makes the state visible to those who do not take the lock.
func (b *Breaker) publish() {
	word := b.generation<<generationShift | uint64(b.state)
	if b.state == Closed && b.run.failures == 0 {
		word |= calmBit
	}
	b.word.Store(word)
}

// enter changes state. Permits of the old state no longer count.
func (b *Breaker) enter(to State, t instant, reason Reason) {
	from := b.state
	b.state, b.since, b.lease = to, t, 0
	b.generation++
	b.publish()
	tr := Transition{
		Name: b.name, From: from, To: to, At: b.time(t), Reason: reason,
		Failures: b.run.failures, Stalled: b.run.stalled, Openings: b.openings,
	}
	if to == Open {
		tr.Until = b.time(b.until)
	}
	if b.cfg.OnTransition != nil {
		b.outbox.post(tr)
	}
}

// open trips the circuit, or opens it again after a failed probe, for a period
// of at least atLeast (the service's own Retry-After) and at most ResetTimeout.
func (b *Breaker) open(t instant, reason Reason, atLeast time.Duration) {
	b.openings++
	period := max(b.period(b.openings), atLeast)
	b.until = t + instant(min(period, b.cfg.ResetTimeout))
	b.enter(Open, t, reason)
	b.prepareRefusals(t)
}

// lend gives the one probe's place to a caller, until its lease ends.
func (b *Breaker) lend(t instant) (lease uint64) {
	if b.state == Open {
		b.enter(HalfOpen, t, ProbeDue)
	}
	b.leases++
	b.lease = b.leases
	b.until = t + instant(b.cfg.ProbeLease)
	b.prepareRefusals(t)
	return b.lease
}

// giveBack frees the place of a probe that proved nothing, for the next caller.
func (b *Breaker) giveBack(lease uint64) {
	if b.lease == lease {
		b.lease = 0
		b.refusal.Store(nil)
	}
}

// reclose lets everybody back in. Calls begun before are no evidence any more.
func (b *Breaker) reclose(t instant) {
	b.run, b.openings, b.until = run{}, 0, 0
	if b.win != nil {
		b.win.Turn(b.win.Slot(int64(t)))
		b.win.Forget()
	}
	b.refusal.Store(nil)
	b.enter(Closed, t, ProbeSucceeded)
}

// reanchor keeps a clock that steps backwards from prolonging a period or a run:
// what was left of it at most stays left. Steps of less than a second are the usual
// disorder of concurrent callers.
func (b *Breaker) reanchor(t instant) {
	if b.run.first-t > instant(time.Second) {
		b.run.first = t
	}
	if step := b.since - t; step > instant(time.Second) {
		b.since -= step
		b.until -= step
		if b.refusal.Load() != nil {
			b.prepareRefusals(t)
		}
	}
}
