package breaker

import (
	"time"

	"github.com/recloser/recloser/breaker/internal/window"
)

// What those do who know more than one circuit sees: an operator, or other
// processes that guard the same thing.

// Trip opens the circuit, until the given time or for ResetTimeout, whichever
// is sooner; then a probe is due. If it is open already, it stays so for the
// longer of both. While the circuit is disabled that is so beneath, and nothing
// is refused.
func (b *Breaker) Trip(reason Reason, until time.Time) { b.tripUntil(b.now(), reason, b.at(until)) }

// TripAt is Trip at the instant now.
func (b *Breaker) TripAt(now time.Time, reason Reason, until time.Time) {
	b.tripUntil(b.at(now), reason, b.at(until))
}

func (b *Breaker) tripUntil(t instant, reason Reason, until instant) {
	b.operate(t, func() {
		until = min(until, t+instant(b.cfg().ResetTimeout))
		switch {
		case b.state != Open:
			b.enterOpen(opening{at: t, reason: reason, exactly: max(time.Duration(until-t), 1)})
		case until > b.until:
			b.until = until
			b.prepareRefusals()
		}
	})
}

// Reclose closes the circuit as a good probe does, ramp included: somebody else
// has found that the service is back. A closed one stays as it is.
func (b *Breaker) Reclose(reason Reason) { b.recloseFor(b.now(), reason) }

// RecloseAt is Reclose at the instant now.
func (b *Breaker) RecloseAt(now time.Time, reason Reason) { b.recloseFor(b.at(now), reason) }

func (b *Breaker) recloseFor(t instant, reason Reason) {
	b.operate(t, func() {
		if b.state != Closed {
			b.reclose(t, reason)
			b.prepareRefusals()
		}
	})
}

// Merge takes in what others have seen of the same service since they last
// told: calls answered, failed and slow, as if they had ended now. They count
// for the rates and not for failures in a row, since nobody knows their order;
// they are in no counter of the circuit. What to tell others is the change of
// [Metrics].Calls.
func (b *Breaker) Merge(c Counts) { b.merge(b.now(), c) }

// MergeAt is Merge at the instant now.
func (b *Breaker) MergeAt(now time.Time, c Counts) { b.merge(b.at(now), c) }

func (b *Breaker) merge(t instant, c Counts) {
	e := window.Ended{Answered: max(c.Answered, 0), Failed: max(c.Failed, 0), Slow: max(c.Slow, 0)}
	b.operate(t, func() {
		w := b.window(t)
		w.Turn(int64(t))
		w.Add(e)
		b.merged = b.merged.Plus(e)
		if b.state == Closed && b.mode != Disabled {
			b.heed(t, b.tell(t, Event{Kind: Merged, Merged: c}), 0)
		}
	})
}
