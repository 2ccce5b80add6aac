package breaker

import (
	"errors"
	"time"
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
	b.operate(t, func() { b.changeMode(t, m) })
	return nil
}

// operate does what somebody wants who is no call, under the lock.
func (b *Breaker) operate(t instant, do func()) {
	b.mu.Lock()
	defer b.deliver()
	defer b.mu.Unlock()
	b.heedClock(t)
	do()
}

func (b *Breaker) changeMode(t instant, m Mode) {
	if b.mode == m {
		return
	}
	from := b.mode
	b.mode, b.held = m, nil
	if from == Disabled && b.state == Closed { // what was not judged then is no evidence now
		b.startOver(t, ModeSet)
	}
	b.publish()
	b.prepareRefusals()
	b.announce(Transition{From: b.state, To: b.state, At: b.time(t), Reason: ModeSet})
}

// startOver forgets, in the closed state, what would speak against the service.
// Permits given out so far are those of an older state.
func (b *Breaker) startOver(t instant, reason Reason) {
	b.ramp = nil
	b.forget(t)
	b.renew()
	b.heed(t, b.tell(t, Event{Kind: StartedOver, Reason: reason}), 0)
}

// Reset closes the circuit and forgets what spoke against the service. Its
// counters and its mode stay.
func (b *Breaker) Reset() { b.reset(b.now()) }

// ResetAt is Reset at the instant now.
func (b *Breaker) ResetAt(now time.Time) { b.reset(b.at(now)) }

func (b *Breaker) reset(t instant) {
	b.operate(t, func() {
		if b.state != Closed {
			b.reclose(t, WasReset)
		}
		b.startOver(t, WasReset)
		b.prepareRefusals()
	})
}
