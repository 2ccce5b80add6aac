package breaker

import (
	"cmp"
	"errors"
	"time"
)

// State is where a circuit stands.
type State uint8

// The three states. An operator's mode is not a state: see Mode.
const (
	Closed   State = iota // calls go through
	Open                  // calls are refused
	HalfOpen              // probes are out or due, all other calls are refused
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
	calmBit         = 1 << 2 // nothing that a success could change
	timedBit        = 1 << 3 // each call has to be timed
	measuredBit     = 1 << 4 // some answers have to be timed
	slottedBit      = 1 << 5 // a parent's slots have to turn, not only its children's
	modeShift       = 6
	modeMask        = 1<<2 - 1
	classifyBit     = 1 << 8 // what an error means is not up to DefaultClassify
	generationShift = 9
	maxGeneration   = 1<<(32-generationShift) - 1
)

// publish makes the state visible to those who do not take the lock.
func (b *Breaker) publish() {
	set := b.set.Load()
	word := uint32(b.state) | set.flags | uint32(b.mode)<<modeShift
	if b.mode != Disabled { // else results are of generation 0, and judge nothing
		word |= b.generation << generationShift
	}
	switch {
	case b.mode == Disabled:
		word |= calmBit
	case b.mode == ForcedOpen:
	case b.state == Closed && b.run.failures == 0 && b.ramp == nil && b.limit == 0 && !b.attend:
		word |= calmBit
	}
	if b.word.Load() != word {
		b.word.Store(word)
	}
}

// enter changes state. Permits of the old state no longer count.
func (b *Breaker) enter(to State, t instant) {
	b.state, b.since = to, t
	b.probes, b.held = b.probes[:0], nil
	b.renew()
}

// renew makes the permits given out so far those of an older state.
func (b *Breaker) renew() {
	b.generation = b.generation%maxGeneration + 1 // 0 is nobody's
	b.publish()
}

// opening is how a circuit is to be opened.
type opening struct {
	at       instant
	reason   Reason
	evidence Evidence
	wanted   time.Duration // the period that the policy wants; 0: one of our own
	atLeast  time.Duration // the service's own Retry-After
	exactly  time.Duration // the period that somebody demands; 0: nobody does
}

// enterOpen trips the circuit, or opens it again after a failed probe. Whatever
// is wanted, the period is at most ResetTimeout.
func (b *Breaker) enterOpen(o opening) {
	t, from := o.at, b.state
	if b.openings == 0 {
		b.down = t
	}
	b.openings++
	o.evidence.Failures, o.evidence.Causes = b.run.failures, b.causes()
	if b.run.failures > 0 {
		o.evidence.Lasted = time.Duration(t - b.run.first)
	}
	if o.evidence.Stalled == 0 {
		o.evidence.Stalled = b.view(t).Stalled()
	}
	if o.reason == "" {
		o.reason = "tripped"
	}
	if o.reason != ProbeFailed || b.trip.reason == "" {
		b.trip = trip{t, o.reason, o.evidence}
	}
	b.run.stalled = o.evidence.Stalled
	b.ramp, b.limit = nil, 0
	b.enter(Open, t)
	period := o.exactly
	d := b.tell(t, Event{Kind: Opened, Reason: o.reason})
	if period == 0 {
		if period = cmp.Or(max(d.NextProbe, 0), max(o.wanted, 0)); period == 0 {
			period = b.period(b.openings)
		}
		period = max(period, o.atLeast)
	}
	b.until = t + instant(min(period, b.cfg().ResetTimeout))
	b.announce(Transition{
		From: from, To: Open, At: b.time(t), Reason: o.reason, Evidence: o.evidence, Until: b.time(b.until),
	})
	b.prepareRefusals()
	b.tellChildren(t)
}

// reclose lets everybody back in. Calls begun before are no evidence any more.
func (b *Breaker) reclose(t instant, reason Reason) {
	from := b.state
	b.ramp = nil
	if b.cfg().Ramp {
		b.ramp = newRamp(t + instant(b.cfg().ResetTimeout))
	}
	b.forget(t)
	b.enter(Closed, t)
	b.announce(Transition{From: from, To: Closed, At: b.time(t), Reason: reason})
	b.openings = 0
	b.prepareRefusals()
	d := b.tell(t, Event{Kind: Reclosed, Reason: reason})
	d.Trip = false // it may look again at the next event
	b.heed(t, d, 0)
	b.tellChildren(t)
}

// forget drops all that would speak against the service.
func (b *Breaker) forget(t instant) {
	b.run, b.until, b.good, b.attend, b.limit = run{}, 0, 0, false, 0
	b.reclosedAt = t
	w := b.window(t)
	w.Turn(int64(t))
	w.Forget()
	b.refusal.Store(nil)
}

// tellChildren tells a parent's children of its change of state, if its policy
// explains their calls too.
func (b *Breaker) tellChildren(t instant) {
	if !b.everyCall() || len(b.children) == 0 {
		return
	}
	b.nudged.Store(true)
	for _, c := range b.children {
		c.mu.Lock()
		c.parentChanged(t)
		c.mu.Unlock()
	}
}

// parentChanged lets the policy start anew if it wants to: the parent explains
// what has happened here.
func (b *Breaker) parentChanged(t instant) {
	d := b.tell(t, Event{Kind: ParentChanged})
	switch {
	case !d.Reclose:
		d.Trip = false
		b.heed(t, d, 0)
	case b.state == Closed:
		b.startOver(t, ParentExplains)
	default:
		b.reclose(t, ParentExplains)
		b.ramp = nil
		b.publish()
	}
}

func (b *Breaker) everyCall() bool { return b.set.Load().needs.EveryCall }
