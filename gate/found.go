package gate

import "math"

// found is what a gate finds out of the rate at which the service's bucket fills.
// A 429 says that the bucket is empty, so from one to another as many calls are
// answered as come back in that time. It has no clock and no lock.
type found struct {
	marked  bool
	mark    instant // when the service would have taken a call, after the last 429
	passed  float64 // calls let through since, but for those refused
	calls   float64 // answered between 429s, and
	seconds float64 // between them; both fade
	told    float64 // calls a second, by the headers of the last 429; 0: it did not tell
	most    float64 // calls a second, by its Retry-After
}

const (
	fading = 30 // seconds, over which calls and seconds fade
	enough = 3  // calls, for a rate
)

// limited takes in a 429 of a call that began at begun and was told to wait so
// long, or 0.
func (f *found) limited(begun, wait instant, rate, told float64) {
	if told > 0 || wait > 0 {
		f.told = told
	}
	f.most = 0
	if wait > second {
		f.most = 1 / wait.seconds()
	}
	if rate > 0 {
		wait = min(wait, span(1/rate))
	}
	next := begun + wait
	f.passed--
	if f.marked && next-f.mark > repeats*2 {
		*f = found{told: f.told, most: f.most}
	}
	if !f.marked {
		f.marked, f.mark, f.passed = true, next, 0
		return
	}
	if next <= f.mark {
		return
	}
	gap := (next - f.mark).seconds()
	fade := math.Exp(-gap / fading)
	f.calls, f.seconds = max(f.calls*fade+f.passed, 0), f.seconds*fade+gap
	f.mark, f.passed = next, 0
}

// rate is the service's, as far as it is known, or 0.
func (f *found) rate() float64 {
	switch {
	case f.told > 0:
		return f.told
	case f.calls >= enough:
		return f.calls / f.seconds
	}
	return 0
}
