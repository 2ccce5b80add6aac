package breaker

import (
	"math"
	"time"
)

// orderSlot is how finely the order of starts is judged.
const orderSlot = instant(250 * time.Millisecond)

// stallSlots is how finely StallAfter is watched: a call is noticed to hang
// at most StallAfter/stallSlots late.
const stallSlots = 32

// run is a row of failures that no success has ended.
type run struct {
	failures int
	first    instant // when the call of the first failure began
	stalled  int     // calls that hung when the circuit was last judged
}

// add takes in a failure of a call begun at begin.
func (r *run) add(begin instant) {
	if r.failures == 0 {
		r.first = begin
	}
	r.failures++
}

// endedBy reports whether a success begun at begin ends the run: not if it
// began in an earlier slot than the first failure, since it then says nothing
// about the time after.
func (r *run) endedBy(begin instant) bool { return slotOf(begin) >= slotOf(r.first) }

func slotOf(t instant) int64 {
	slot := int64(t / orderSlot)
	if t%orderSlot < 0 {
		slot-- // a division that rounds down, also before the epoch
	}
	return slot
}

// judge trips a closed circuit when its run of failures, and the calls that
// hang, have reached the threshold.
func (b *Breaker) judge(t instant, retryAfter time.Duration) (tripped bool) {
	b.run.stalled = 0
	if b.win != nil {
		b.win.Turn(b.win.Slot(int64(t)))
		b.run.stalled = b.win.Stalled(b.win.Slot(int64(t)-int64(b.cfg.StallAfter)) - 1)
	}
	if b.run.failures+b.run.stalled < b.cfg.FailureThreshold {
		return false
	}
	reason := ConsecutiveFailures
	if b.run.stalled > 0 {
		reason = StalledCalls
	}
	b.open(t, reason, retryAfter)
	return true
}

// period is the length of the n-th open period in a row, before the cap:
// 2^(n-1)·base + U(0, base).
func (b *Breaker) period(n int) time.Duration {
	base := b.cfg.BaseTimeout
	jitter := time.Duration(b.rand.Float64() * float64(base))
	growth := math.Ldexp(float64(base), n-1)
	if growth >= float64(b.cfg.ResetTimeout) {
		return b.cfg.ResetTimeout
	}
	return time.Duration(growth) + jitter
}
