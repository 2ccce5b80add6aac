package gate

import "math"

// memory is the time, in seconds, over which a meter takes its mean.
const memory = 20

// meter is an exponential mean of how many events come in a second, from the first
// one on. The zero value has seen none.
type meter struct {
	rate float64 // at the instant at, if there had been none before since
	at   instant
	from instant // of the first event
	seen bool
}

// idle is after how long without an event a meter begins anew.
const idle = 3 * memory * second

// youngest is the time, in seconds, that a meter takes its mean over at least.
const youngest = 2

// add counts n events at t. One that comes late counts as much less as it is
// late.
func (m *meter) add(t instant, n float64) {
	if !m.seen || t > m.at+idle {
		m.from, m.seen = t, true
	}
	if t < m.at {
		m.rate += n / memory * decay(m.at-t)
		return
	}
	m.rate, m.at = m.rate*decay(t-m.at)+n/memory, t
}

// takeBack undoes that one event was added at t.
func (m *meter) takeBack(t instant) {
	m.add(t, -1)
	m.rate = max(m.rate, 0) // the add may have been a little earlier
}

// see is the mean at t.
func (m *meter) see(t instant) float64 {
	return m.rate * decay(max(t-m.at, 0)) / m.share(t)
}

// share is the part of the memory that the time since the first event fills.
func (m *meter) share(t instant) float64 {
	return 1 - decay(max(t-m.from, youngest*second))
}

func decay(d instant) float64 { return math.Exp(-d.seconds() / memory) }

// notFarOff is for a clock that was set back.
func (m *meter) notFarOff(t instant) {
	if m.at > t+second {
		m.at = t
	}
	m.from = min(m.from, m.at)
}
