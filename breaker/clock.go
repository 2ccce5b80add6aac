package breaker

import "time"

// instant is a time as nanoseconds since a breaker's epoch: a number that can
// be compared and packed without allocation, and whose clock, read through
// now, is monotonic.
type instant int64

// now reads the clock: the only place of this package that does, beside New.
func (b *Breaker) now() instant { return instant(time.Since(b.epoch)) }

// farthest is how far an instant may be from the epoch, 73 years, so that sums
// of them do not overflow.
const farthest = instant(1 << 61)

func (b *Breaker) at(now time.Time) instant {
	return min(max(instant(now.Sub(b.epoch)), -farthest), farthest)
}

func (b *Breaker) time(t instant) time.Time { return b.epoch.Add(time.Duration(t)) }

// clock yields the instants of one call: read from b's clock, or from source
// where the caller brings its own.
type clock struct {
	b      *Breaker
	source func() time.Time
}

func (c clock) now() instant {
	if c.source == nil {
		return c.b.now()
	}
	return c.b.at(c.source())
}
