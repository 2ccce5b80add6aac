package gate

import "math"

// found is what a gate finds out of the rate at which the service's bucket fills.
// A 429 says that the bucket is empty, so between two of them no more calls are
// answered than come back in that time. It has no clock and no lock.
type found struct {
	marked bool
	mark   instant // when the service would have taken a call, after the 429 from which on is measured
	at     instant // when the last 429 came
	before instant // when the one before came
	passed float64 // calls let through since mark that were not refused
	lost   float64 // seconds since in which the bucket may have been full
	low    float64 // the lowest rate of the limit since
	spare  float64 // calls that the limit would have let through besides

	told   float64 // calls a second, by headers; 0: they did not tell
	toldAt instant
}

// sight is what one 429 says of the service's rate, in calls a second; 0: nothing.
type sight struct {
	rate    float64 // it was measured
	atLeast bool    // and may be more, since no more was tried
	sure    float64 // calls that were counted, for each that may have been miscounted
	most    float64 // it is not yet measured, but is no more than that
}

const (
	// A rate is measured when so many times as many calls were answered as may have
	// been miscounted.
	plenty = 4
	// What headers have told holds for that time, or that of three calls.
	toldFor = 30 * second
)

// tell takes in what headers tell of the rate. They tell too much while a call has
// come back in part, so it is the least of what was told lately that counts.
func (f *found) tell(t instant, rate float64) {
	if rate > 0 && (rate <= f.told*1.01 || f.lately(t) == 0) {
		f.told, f.toldAt = rate, t
	}
}

// lately is the rate that headers have told lately, or 0.
func (f *found) lately(t instant) float64 {
	if f.told <= 0 || t-f.toldAt > max(toldFor, span(3/f.told)) {
		return 0
	}
	return f.told
}

// limited takes in a 429 at t of a call that was let through at begun. The service
// asked to wait for asked, or 0, the gate closes for wait, and its limit is rate.
func (f *found) limited(t, begun, asked, wait instant, rate float64) sight {
	if f.marked && begun <= f.at { // it was out together with the last one
		if begun > f.before {
			f.passed = max(f.passed-1, 0)
		}
		return sight{}
	}
	next, lost := begun+asked, wait.seconds()
	switch {
	case asked == second: // it may be anything, rounded up
		next = begun + min(second, span(1/max(rate, 1)))
	case asked%second != 0:
		lost = 0
	case asked > 0:
		lost = 1
	}
	if !f.marked {
		f.marked, f.before = true, t
		f.begin(next, t, lost, rate)
		return sight{}
	}
	f.before, f.at = f.at, t
	f.passed = max(f.passed-1, 0) // but for this one
	gap := (next - f.mark).seconds()
	if gap <= 0 {
		return sight{}
	}
	s := sight{rate: f.passed / gap}
	missed := miscounted(asked, t-begun, s.rate)
	if f.passed < max(1, plenty*missed) {
		f.lost += lost
		return sight{most: (f.passed + 1) / gap}
	}
	// Calls may have been lost to a full bucket, or not. The truth is between.
	between := s.rate * math.Sqrt(gap/max(gap-f.lost, gap/2))
	if s.atLeast = between > 0.95*f.low || f.spare > 0.1*f.passed; !s.atLeast {
		s.rate = between
	}
	s.sure = f.passed / max(missed, 1)
	f.begin(next, t, lost, rate)
	return s
}

// miscounted is how many calls may be miscounted: less than one is in the bucket
// that refuses, less still if it is known when there will be one, but those on
// their way are counted too.
func miscounted(asked, took instant, rate float64) float64 {
	n := 1.
	switch {
	case asked%second != 0:
		n = min(0.5, rate)
	case asked > 0: // it was rounded up to a second
		n = min(1, rate)
	}
	return max(n, rate*took.seconds())
}

// begin begins to measure.
func (f *found) begin(next, t instant, lost, rate float64) {
	f.mark, f.at, f.lost, f.passed, f.spare, f.low = next, t, lost, 0, 0, rate
	if rate <= 0 {
		f.low = math.Inf(1)
	}
}

// notFarOff is for a clock that was set back.
func (f *found) notFarOff(t, longest instant) {
	f.marked = f.marked && f.at <= t && f.mark <= longest
	f.toldAt = min(f.toldAt, t)
}
