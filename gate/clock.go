package gate

import "time"

// instant is a time as nanoseconds since a gate's epoch.
type instant int64

const second = instant(time.Second)

// farthest is how far an instant may be from the epoch, 73 years, so that sums
// of them do not overflow.
const farthest = instant(1 << 61)

// now reads the clock: the only place of this package that does, beside the
// short forms that make a gate or wait.
func (g *Gate) now() instant { return instant(time.Since(g.epoch)) }

func (g *Gate) at(now time.Time) instant {
	return min(max(instant(now.Sub(g.epoch)), -farthest), farthest)
}

func (g *Gate) time(t instant) time.Time { return g.epoch.Add(time.Duration(t)) }

// timeOf is the time of t, or the zero time if there is none.
func (g *Gate) timeOf(t instant, is bool) time.Time {
	if !is {
		return time.Time{}
	}
	return g.time(t)
}

// seconds is how long a span between two instants is.
func (t instant) seconds() float64 { return time.Duration(t).Seconds() }

// span is so many seconds, rounded up.
func span(seconds float64) instant {
	if ns := seconds * 1e9; ns < float64(farthest) {
		return instant(ns) + 1
	}
	return farthest
}
