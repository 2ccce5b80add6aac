package breaker

import (
	"errors"
	"time"

	"github.com/recloser/recloser/breaker/internal/window"
)

// Mode is what an operator has set over the state.
type Mode uint8

// The modes.
const (
	Normal     Mode = iota // refuse as the state says
	Observe                // decide and count, but refuse nothing
	ForcedOpen             // refuse everything
	Disabled               // refuse nothing and decide nothing; the state stays as it is
)

// String returns "normal", "observe", "forced-open" or "disabled".
func (m Mode) String() string {
	switch m {
	case Normal:
		return "normal"
	case Observe:
		return "observe"
	case ForcedOpen:
		return "forced-open"
	case Disabled:
		return "disabled"
	}
	return "invalid"
}

// MarshalText returns what String does.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (m *Mode) UnmarshalText(text []byte) error {
	for known := Normal; known <= Disabled; known++ {
		if string(text) == known.String() {
			*m = known
			return nil
		}
	}
	return errors.New("breaker: a mode is normal, observe, forced-open or disabled")
}

// SetMode sets the mode. The state goes on beneath it: when a circuit that was
// observed returns to Normal, it is as open as it would have been. OnTransition
// is told. A mode that does not exist is a *ConfigError.
func (b *Breaker) SetMode(m Mode) error { return b.setMode(b.now(), m) }

// SetModeAt is SetMode at the instant now.
func (b *Breaker) SetModeAt(now time.Time, m Mode) error { return b.setMode(b.at(now), m) }

func (b *Breaker) setMode(t instant, m Mode) error {
	if m > Disabled {
		return &ConfigError{"Mode", uint8(m), "Normal, Observe, ForcedOpen or Disabled"}
	}
	b.mu.Lock()
	b.reanchor(t)
	b.changeMode(t, m)
	b.mu.Unlock()
	b.deliver()
	return nil
}

func (b *Breaker) changeMode(t instant, m Mode) {
	if b.mode == m {
		return
	}
	if b.mode == Disabled { // what was not judged then is no evidence now
		w := b.window(t)
		w.Turn(int64(t))
		w.Forget()
	}
	b.mode = m
	b.publish()
	b.prepareRefusals()
	b.announce(Transition{
		Name: b.name, From: b.state, To: b.state, At: b.time(t), Reason: ModeSet, Mode: m, Openings: b.openings,
	})
}

// Reset closes the circuit and forgets what spoke against the service. Its
// counters and its mode stay.
func (b *Breaker) Reset() { b.reset(b.now()) }

// ResetAt is Reset at the instant now.
func (b *Breaker) ResetAt(now time.Time) { b.reset(b.at(now)) }

func (b *Breaker) reset(t instant) {
	b.mu.Lock()
	b.reanchor(t)
	if b.state == Closed {
		b.forget(t)
		b.renew() // so that calls that are out no longer count
	} else {
		b.reclose(t, WasReset)
	}
	b.ramp = nil
	b.publish()
	b.prepareRefusals()
	b.mu.Unlock()
	b.deliver()
}

// Trip opens the circuit, until the given time or for ResetTimeout, whichever
// is sooner; then a probe is due. If it is open already, it stays so for the
// longer of both. It is for those who know more than one circuit sees: an
// operator, or other replicas.
func (b *Breaker) Trip(reason Reason, until time.Time) { b.tripUntil(b.now(), reason, b.at(until)) }

// TripAt is Trip at the instant now.
func (b *Breaker) TripAt(now time.Time, reason Reason, until time.Time) {
	b.tripUntil(b.at(now), reason, b.at(until))
}

func (b *Breaker) tripUntil(t instant, reason Reason, until instant) {
	b.mu.Lock()
	b.reanchor(t)
	until = min(until, t+instant(b.cfg().ResetTimeout))
	switch {
	case b.state != Open:
		b.open(t, reason, Evidence{}, 0, max(time.Duration(until-t), 1))
	case until > b.until:
		b.until = until
		b.prepareRefusals()
	}
	b.mu.Unlock()
	b.deliver()
}

// Merge takes in what others have seen of the same service since they last
// told: calls answered, failed and slow, as if they had ended now. They count
// for the rates; failures lengthen the run if no answer came with them, and
// end it otherwise. They are not in the circuit's own counters.
func (b *Breaker) Merge(c Counts) { b.merge(b.now(), c) }

// MergeAt is Merge at the instant now.
func (b *Breaker) MergeAt(now time.Time, c Counts) { b.merge(b.at(now), c) }

func (b *Breaker) merge(t instant, c Counts) {
	b.mu.Lock()
	b.reanchor(t)
	w := b.window(t)
	w.Turn(int64(t))
	w.Add(window.Ended{Answered: c.Answered, Failed: c.Failed, Slow: c.Slow})
	if b.state == Closed && b.mode != Disabled {
		switch {
		case c.Answered > 0:
			b.run = run{}
		case c.Failed > 0:
			b.run.add(t)
			b.run.failures += int(min(c.Failed, maxThreshold)) - 1
			for range min(c.Failed, int64(b.keep())) {
				b.remember(FailedCall{Begin: b.time(t), Class: QuickFailure, Cause: "elsewhere"})
			}
		}
		if c.Failed > 0 || c.Slow > 0 {
			e := Event{Kind: Recorded, Outcome: Success, Class: Answer, Begin: b.time(t), Slow: c.Slow > 0}
			if c.Failed > 0 {
				e.Outcome, e.Class = Failure, QuickFailure
			}
			b.heed(t, b.tell(t, e), 0)
		}
		b.publish()
	}
	b.mu.Unlock()
	b.deliver()
}

// SetConfig replaces the configuration. Counters, state, mode and the run of
// failures stay; an open period is shortened to a new ResetTimeout; rates start
// anew if their window changes. Parent cannot be changed and is left aside. A
// Mode other than that of the configuration before is set. A configuration that
// cannot be used changes nothing; the error names its fields.
func (b *Breaker) SetConfig(cfg Config) error { return b.setConfig(b.now(), cfg) }

// SetConfigAt is SetConfig at the instant now.
func (b *Breaker) SetConfigAt(now time.Time, cfg Config) error { return b.setConfig(b.at(now), cfg) }

func (b *Breaker) setConfig(t instant, cfg Config) error {
	cfg.Parent = nil
	if err := cfg.Validate(); err != nil {
		return err
	}
	b.replace(t, newSettings(cfg))
	return nil
}

func (b *Breaker) replace(t instant, set *settings) {
	b.mu.Lock()
	defer b.deliver()
	defer b.mu.Unlock()
	b.reanchor(t)
	old, policy := b.set.Load(), b.policy
	b.adopt(set)
	inherit(b.policy, policy)
	if w := b.win.Load(); w != nil && (old.width != set.width || w.Marked() != (set.needs.Span > 0)) {
		b.retire(w)
	}
	b.until = min(b.until, t+instant(set.ResetTimeout))
	if !set.Ramp {
		b.ramp = nil
	}
	if old.Mode != set.Mode {
		b.changeMode(t, set.Mode)
	}
	b.publish()
	b.prepareRefusals()
}

// retire takes a window out of use. Calls that are out no longer count as such.
func (b *Breaker) retire(w *window.Window) {
	b.win.Store(nil)
	begun, e := w.Close()
	b.base.begun += begun
	b.base.ended = b.base.ended.Plus(e)
}
