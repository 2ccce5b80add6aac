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

// heedClock notices, when a call is asked for at t, that the clock was set back:
// then what is kept of the time before is moved along, so that nothing lasts
// longer for it. Steps of less than a second are the usual disorder of
// concurrent callers.
func (b *Breaker) heedClock(t instant) {
	step := b.seen - t
	if step <= instant(time.Second) {
		b.seen = max(b.seen, t)
		return
	}
	b.seen = t
	for _, at := range []*instant{&b.since, &b.until, &b.down, &b.askAgain, &b.run.first, &b.base.answered} {
		*at = max(*at-step, -farthest)
	}
	if b.planned != 0 {
		b.planned -= step
	}
	b.reclosedAt = max(b.reclosedAt-step, -farthest)
	for i := range b.probes {
		b.probes[i].shift(-step)
	}
	if b.ramp != nil {
		b.ramp.halved = max(b.ramp.halved-step, -farthest)
		b.ramp.end -= step
	}
	for i := range b.latest {
		b.latest[i].Begin = b.latest[i].Begin.Add(-time.Duration(step))
	}
	if b.refusal.Load() != nil {
		b.prepareRefusals()
	}
}

// endOf is the instant at which the end of a call is told, never before its
// begin; unless the clock was set back in between.
func (b *Breaker) endOf(p *Permit, t instant) instant { return max(t, min(p.begin, b.seen)) }

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
