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
	generationShift = 8
)

// publish makes the state visible to those who do not take the lock.
func (b *Breaker) publish() {
	set := b.set.Load()
	word := uint64(b.state) | set.flags | uint64(b.mode)<<modeShift
	if b.mode != Disabled { // else results are of generation 0, and judge nothing
		word |= uint64(b.generation) << generationShift
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
func (b *Breaker) enter(to State, t instant, reason Reason, evidence Evidence) {
	from := b.state
	b.state, b.since = to, t
	b.probes, b.held = b.probes[:0], nil
	b.renew()
	tr := Transition{
		Name: b.name, From: from, To: to, At: b.time(t), Reason: reason, Mode: b.mode,
		Evidence: evidence, Openings: b.openings,
	}
	if to == Open {
		tr.Until = b.time(b.until)
	}
	b.announce(tr)
}

// renew makes the permits given out so far those of an older state.
func (b *Breaker) renew() {
	b.generation = max(b.generation+1, 1) // 0 is nobody's
	b.publish()
}

// open trips the circuit, or opens it again after a failed probe: for the
// period that the policy wants, or else for one of its own; at least for
// atLeast (the service's own Retry-After), and at most for ResetTimeout.
func (b *Breaker) open(t instant, reason Reason, evidence Evidence, atLeast, wanted time.Duration) {
	if b.openings == 0 {
		b.down = t
	}
	b.openings++
	if wanted <= 0 {
		wanted = b.period(b.openings)
	}
	period := min(max(wanted, atLeast), b.cfg().ResetTimeout)
	b.until = t + instant(period)
	evidence.Failures, evidence.Causes = b.run.failures, b.causes()
	if evidence.Stalled == 0 {
		evidence.Stalled = b.view(t).Stalled()
	}
	if reason != ProbeFailed || b.trip.reason == "" {
		b.trip = trip{t, reason, evidence}
	}
	b.run.stalled = evidence.Stalled
	b.ramp, b.limit = nil, 0
	b.enter(Open, t, reason, evidence)
	b.prepareRefusals()
	b.tellPolicy(t, Opened)
}

// reclose lets everybody back in. Calls begun before are no evidence any more.
func (b *Breaker) reclose(t instant, reason Reason) {
	b.ramp = nil
	if b.cfg().Ramp {
		b.ramp = newRamp(t + instant(b.cfg().ResetTimeout))
	}
	b.forget(t)
	b.enter(Closed, t, reason, Evidence{})
	b.openings = 0
	b.tellPolicy(t, Reclosed)
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

// tellPolicy tells of a change of state, and a parent its children if its
// policy explains their calls too.
func (b *Breaker) tellPolicy(t instant, kind EventKind) {
	b.heed(t, b.tell(t, Event{Kind: kind}), 0)
	if !b.everyCall() {
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
	case b.state == Closed:
		b.ramp = nil
		b.forget(t)
		b.renew()
	default:
		b.reclose(t, ParentExplains)
	}
}

func (b *Breaker) everyCall() bool { return b.set.Load().needs.EveryCall }

// reanchor keeps a clock that steps backwards from prolonging a period or a run:
// what was left of it at most stays left. Steps of less than a second are the usual
// disorder of concurrent callers.
func (b *Breaker) reanchor(t instant) {
	if b.run.first-t > instant(time.Second) {
		b.run.first = t
	}
	step := b.since - t
	if step <= instant(time.Second) {
		return
	}
	b.since -= step
	b.until -= step
	if b.planned != 0 {
		b.planned -= step
	}
	for i := range b.probes {
		b.probes[i].shift(-step)
	}
	if b.refusal.Load() != nil {
		b.prepareRefusals()
	}
}
