package gate

import "math"

// found is what a gate finds out of the rate at which the service's bucket fills.
// A 429 says that the bucket is empty, so from one to a later one no more calls
// are answered than come back in that time. It has no clock and no lock.
type found struct {
	marked bool
	mark   instant // when the service would have taken a call, after a 429
	at     instant // when the last 429 came
	before instant // when the one before came
	passed float64 // calls let through since mark that were not refused
	low    float64 // the lowest rate of the limit since
	spare  float64 // calls that it would have let through besides
	lost   float64 // seconds since in which the bucket may have been full

	most   float64 // it cannot be more; 0: not known

	told   float64 // calls a second, by headers; 0: they did not tell
	toldAt instant
}

const (
	toldFor = 30 * second
	sure    = 4 // times the error that a number of calls may have
)

// tell takes in what headers tell of the rate. They tell too much if a call has
// come back in part, so it is the least of what was told lately that counts.
func (f *found) tell(t instant, rate float64) {
	if rate <= 0 {
		return
	}
	if f.told <= 0 || rate <= f.told*1.01 || t-f.toldAt > max(toldFor, span(3/f.told)) {
		f.told, f.toldAt = rate, t
	}
}

// limited takes in a 429 at t, under a limit of rate, of a call that began at
// begun and was told to wait so long, or 0. It returns the service's rate if it
// can be told from that, and whether it may be higher.
func (f *found) limited(t, begun, wait, closed instant, rate float64) (measured float64, atLeast bool) {
	if f.marked && begun <= f.at { // it was out together with the last one
		if begun > f.before {
			f.passed = max(f.passed-1, 0)
		}
		return 0, false
	}
	// Who knows what was in the bucket? Less than a call. Of a wait in whole seconds a
	// part may be rounding, in which calls are lost.
	next, off, lost := begun+wait, 1., 0.
	switch {
	case wait%second != 0:
		off = 0.1
	case wait == second:
		next = begun + min(wait, span(1/max(rate, 1)))
		lost = 1
	case wait > 0:
		lost = 1
	default:
		lost = closed.seconds()
	}
	if !f.marked || next-f.mark > 3*repeats {
		f.marked, f.before = true, t
		f.begin(next, t, rate)
		f.lost = lost
		return 0, false
	}
	f.before, f.at = f.at, t
	f.passed = max(f.passed-1, 0) // but for this one
	gap := (next - f.mark).seconds()
	if gap <= 0 {
		return 0, false
	}
	measured = f.passed / gap
	if wait >= second {
		off = min(1, measured)
	}
	off = max(off, measured*(t-begun).seconds())
	if f.passed < max(1, sure*off) {
		f.lost += lost
		f.most = (f.passed + 1) / gap
		return 0, false
	}
	f.most = 0
	if most := f.passed / max(gap-f.lost, gap/2); math.Sqrt(measured*most) < 0.95*f.low && f.spare < 0.1*f.passed {
		measured = math.Sqrt(measured * most)
	} else {
		atLeast = true
	}
	f.begin(next, t, rate)
	f.lost = lost
	return measured, atLeast
}

// begin begins to measure.
func (f *found) begin(next, t instant, rate float64) {
	f.mark, f.at, f.passed, f.spare, f.low = next, t, 0, 0, rate
	if rate <= 0 {
		f.low = math.Inf(1)
	}
}
