package gate

import "math"

// law is the rate limit that follows from 429s and overloads, here all called
// 429s: a bucket of tokens, one a call, that fills at a rate which is cut by a 429
// and grows from then on. It has no clock and no lock; its verbs take the instant,
// which must not go back.
//
// The time since the last 429 is counted from the moment when calls were let
// through again, since while the gate is closed nothing can be learned.
type law struct {
	rate   float64 // calls a second; 0: no limit
	tokens float64 // below 0: the next call has to wait for more than one
	upTo   instant // rate and tokens are those of this instant
	hit    instant // of the last 429: when calls are let through after it
	struck bool    // there was one
	began  instant // when the limit was started
	cut    instant // when the rate was last set or cut
	base   float64 // the rate then
	trust  trust   // in base
	sure   float64 // of base, if it was measured: how many calls were counted for it
	wait   instant // that the last 429 led to; 0: it was an overload
	found  found
	rivals rivals
}

// trust is where a rate comes from, which decides how it grows.
type trust uint8

const (
	fromAnswers trust = iota // it is a part of what was answered, and grows as demanded
	fromWait                 // nothing is known but how long to wait, and it doubles
	fromShare                // others use up the same bucket, and it grows slowly
	fromSight                // it is near what was measured, and is only probed
	fromHeaders              // the same, but the service has told it
)

const (
	repeats   = 60 * second // a second 429 within this is no accident
	slowest   = 0.1         // calls a second
	ofAnswers = 0.9         // what a limit starts at, of the answers before
	ofRate    = 0.85        // what a 429 leaves of it
	cutEvery  = second
	liftOver  = 1.3 // of the demand
	liftAfter = 5 * second
	whole     = 1 - 1e-6 // a token, but for rounding

	least   = 1. / 60 // calls a second, of a rate that is measured
	ofKnown = 0.98    // what a 429 leaves of a rate near the service's
	ofTold  = 0.99    // of a rate that headers tell, lest a call come a hair too early
	probes  = 16      // for the time of so many calls a known rate is only probed
	probed  = 0.2     // and grows by such a part of it

	ofShare = 0.1 // of the growth that is demanded, beside others
	mostOf  = 2   // of the rate, counts as demanded there
	quiet   = 20  // seconds without a 429 after which it grows as elsewhere
)

// burst is how many tokens the bucket holds.
func (l *law) burst() float64 { return max(1, l.rate) }

// growth is how much the rate has grown s seconds after the last 429, as a part
// of the demand: the integral of min(0.2, 0.02·s) from the first second on.
func growth(s float64) float64 {
	switch {
	case s <= 1:
		return 0
	case s <= 10:
		return 0.01 * (s*s - 1)
	default:
		return 0.99 + 0.2*(s-10)
	}
}

// area is the integral of growth.
func area(s float64) float64 {
	switch {
	case s <= 1:
		return 0
	case s <= 10:
		return 0.01 * (s*s*s/3 - s + 2./3)
	default:
		return 0.01*(1000./3-10+2./3) + 0.99*(s-10) + 0.1*(s-10)*(s-10)
	}
}

// gain is how many tokens come between two instants, neither before upTo, and
// how much the rate grows, at a demand of so many calls a second.
func (l *law) gain(from, to instant, demand float64) (tokens, rate float64) {
	now, begin, end := (l.upTo - l.hit).seconds(), (from - l.hit).seconds(), (to - l.hit).seconds()
	before := l.grown(begin, demand)
	tokens = (l.rate+before-l.grown(now, demand))*(end-begin) + l.area(end, demand) - l.area(begin, demand) - before*(end-begin)
	return tokens, l.grown(end, demand) - before
}

// known reports whether the rate is near the service's.
func (l *law) known() bool { return l.trust >= fromSight }

// unit is the time of a call at the known rate, in seconds, and at least one. If few
// calls were counted for it, it may be too low, and should not stay so for long.
func (l *law) unit() float64 { return max(min(1, l.sure/probes), 1/l.base) }

// share is the part of the demand by which a rate grows beside others. All grow by
// about as much, and a cut takes more from those who have more, so that they come to
// have the same (Chiu and Jain, 1989).
func (l *law) share(demand float64) float64 {
	return ofShare * min(demand, max(mostOf*l.base, demand/4))
}

// grown is how much the rate has grown s seconds after the last 429.
func (l *law) grown(s, demand float64) float64 {
	switch {
	case l.known():
		u := l.unit()
		return l.base*probing(s/u) + demand*growth(s-probes*u)
	case l.trust == fromWait:
		return l.base*doubling(s) + demand*growth(s)
	case l.trust == fromShare:
		return l.share(demand)*growth(s) + demand*growth(s-quiet)
	}
	return demand * growth(s)
}

// area is the integral of grown.
func (l *law) area(s, demand float64) float64 {
	switch {
	case l.known():
		u := l.unit()
		return l.base*u*probingArea(s/u) + demand*area(s-probes*u)
	case l.trust == fromWait:
		return l.base*doublingArea(s) + demand*area(s)
	case l.trust == fromShare:
		return l.share(demand)*area(s) + demand*area(s-quiet)
	}
	return demand * area(s)
}

// doublings are enough for any rate.
const doublings = 20

// doubling is how much a rate has grown that doubles each second, as a part of it.
func doubling(s float64) float64 { return math.Exp2(min(max(s, 0), doublings)) - 1 }

// doublingArea is the integral of doubling.
func doublingArea(s float64) float64 {
	x := min(max(s, 0), doublings)
	return doubling(x)/math.Ln2 - x + doubling(x)*max(s-x, 0)
}

// probing is how much a known rate has grown after the time of x calls, as a part
// of it.
func probing(x float64) float64 {
	y := (min(max(x, 1), probes) - 1) / (probes - 1)
	return probed * y * y * y
}

// probingArea is the integral of probing.
func probingArea(x float64) float64 {
	y := (min(max(x, 1), probes) - 1) / (probes - 1)
	return probed * y * y * y * ((probes-1)*y/4 + max(x-probes, 0))
}

// advance brings rate and tokens to t.
func (l *law) advance(t instant, demand float64) {
	if t <= l.upTo {
		return
	}
	if l.rate > 0 {
		tokens, rate := l.gain(l.upTo, t, demand)
		l.rate += rate
		l.tokens += tokens
		if over := l.tokens - l.burst(); over > 0 {
			l.found.spare += over
			l.tokens -= over
		}
	}
	l.upTo = t
}

// due is when the n-th token from now is there, not before from.
func (l *law) due(n int, from instant, demand float64) instant {
	from = max(from, l.upTo)
	if l.rate <= 0 {
		return from
	}
	tokens, rate := l.gain(l.upTo, from, demand)
	missing := float64(n) - min(l.tokens+tokens, max(1, l.rate+rate))
	if missing <= 1-whole {
		return from
	}
	low, high := 0., missing/(l.rate+rate) // the rate does not fall by itself
	for high-low > 1e-6 {
		mid := (low + high) / 2
		if mid <= low || mid >= high {
			break
		}
		if got, _ := l.gain(from, from+span(mid), demand); got < missing {
			low = mid
		} else {
			high = mid
		}
	}
	return from + span(high)
}

// over reports whether the limit does not limit any more.
func (l *law) over(t instant, demand float64) bool {
	return l.rate > liftOver*demand && t-l.hit >= liftAfter
}

// recent reports whether a 429 at t would be a repetition.
func (l *law) recent(t instant) bool { return l.struck && t-l.hit <= repeats }

// limited takes in a 429, or an overload, at t after which calls are let through
// at until, and what it says of the service's rate: a second one starts a limit
// with so many tokens, a further one cuts it.
func (l *law) limited(t, until instant, answers, tokens float64, seen sight) {
	switch {
	case l.rate > 0:
		l.lower(t, answers, seen)
	case l.recent(t):
		l.start(t, answers, tokens)
	}
	l.strike(until)
}

// strike makes calls let through at until, at the earliest, the last that are
// after a 429.
func (l *law) strike(until instant) {
	if !l.struck || until > l.hit {
		l.hit, l.struck = until, true
	}
}

// start begins a limit at what headers tell; else at what was answered lately, or
// a call in the time of the wait if that is more, or is long enough to tell.
func (l *law) start(t instant, answers, tokens float64) {
	l.rate, l.trust = max(slowest, ofAnswers*answers), fromAnswers
	once, told := 1/max(l.wait, second).seconds(), l.found.lately(t)
	switch {
	case l.wait == 0:
	case l.rivals.there(t):
		l.trust = fromShare
	case told > 0:
		l.rate, l.trust = ofTold*told, fromHeaders
	case l.wait > second:
		l.rate = once
	case once > l.rate:
		l.rate, l.trust = once, fromWait
	}
	l.tokens, l.upTo, l.began = tokens, max(t, l.upTo), t
	l.set(t)
}

// set is called when the rate has been set.
func (l *law) set(t instant) {
	l.cut, l.base = t, l.rate
	l.found.low = min(l.found.low, l.rate)
}

// lower cuts the limit, unless it has just been and there is nothing new. What is
// known of the service's rate, or has been measured now, keeps it from being cut
// too far.
func (l *law) lower(t instant, answers float64, seen sight) {
	shared := l.wait > 0 && l.rivals.there(t)
	if t-l.cut < cutEvery && (seen.rate == 0 || shared) {
		return
	}
	floor := min(slowest, l.rate) // headers may have made it slower
	switch told := l.found.lately(t); {
	case shared && l.trust != fromShare:
		l.rate, l.trust, seen.most = max(min(l.rate, ofAnswers*answers), floor), fromShare, 0
	case shared:
		l.rate, seen.most = max(ofRate*l.rate, floor), 0
	case l.wait > 0 && told > 0 && l.rate > told:
		l.rate, l.trust = ofTold*told, fromHeaders
	case l.wait > 0 && told > 0 && seen.sure < probes: // what is told is surer
		l.rate, l.trust, seen.most = max(ofKnown*l.rate, min(floor, least)), fromSight, 0
	case seen.rate > 0 && seen.atLeast:
		l.rate, l.trust = min(l.rate, max(seen.rate, ofKnown*l.rate)), fromSight
	case seen.rate > 0:
		l.rate, l.trust = max(min(l.rate, seen.rate), min(floor, least)), fromSight
	case l.wait > 0 && l.known():
		l.rate, l.trust = max(ofKnown*l.rate, min(floor, least)), fromSight
	default:
		l.rate, l.trust = max(ofRate*l.rate, floor), fromAnswers
	}
	if l.sure = seen.sure; seen.rate == 0 {
		l.sure = probes
	}
	if seen.most > 0 {
		l.rate = max(min(l.rate, seen.most), min(floor, least))
	}
	l.set(t)
	l.tokens = min(l.tokens, l.burst())
}

// next makes the next call come when the service takes one, at until: it has
// nothing before, and nobody knows what there will be more.
func (l *law) next(t, until instant) {
	if l.rate > 0 {
		l.tokens = 1 - l.rate*max(until-max(t, l.upTo), 0).seconds()
	}
}

// drain makes the next call come at the rate, and not before.
func (l *law) drain() { l.tokens = min(l.tokens, 0) }

// take takes a token, if there is one or none is needed.
func (l *law) take() bool {
	if !l.free() {
		return false
	}
	l.found.passed++
	if l.rate > 0 {
		l.tokens = max(l.tokens-1, 0)
	}
	return true
}

// giveBack returns what take took at begun, unless the limit is younger.
func (l *law) giveBack(begun instant) {
	if begun > l.found.at {
		l.found.passed--
	}
	if l.rate > 0 && begun >= l.began {
		l.tokens = min(l.tokens+1, l.burst())
	}
}

// free reports whether take would let a call through.
func (l *law) free() bool { return l.rate <= 0 || l.tokens >= whole }
