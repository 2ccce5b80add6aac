package gate

import (
	"math"
	"time"
)

// Report takes in how an attempt ended that Allow or Wait has let through.
func (g *Gate) Report(r Report) { g.report(g.now(), r) }

// ReportAt is Report at the instant now.
func (g *Gate) ReportAt(now time.Time, r Report) { g.report(g.at(now), r) }

func (g *Gate) report(t instant, r Report) {
	rate, tokens := 0., 0.
	switch r.Kind {
	case Answer:
		if g.slowsDown() {
			rate, tokens = r.pace()
		}
		fallthrough
	case Nothing:
		if rate == 0 && g.calm.Load() && g.count(t, r.Kind) {
			return
		}
	default:
	}
	calm := g.calm.Load() // then who asks was not counted
	defer g.enter(t)()
	if g.overflow {
		r.Kind = g.tally(r.Kind)
	}
	if calm {
		g.ask(t)
	}
	g.used = max(g.used, t)
	begun := g.begun(t, r.Begun)
	switch r.Kind {
	case Answer:
		g.answer(t, begun)
		g.slow(t, rate, tokens+rate*(t-begun).seconds())
	case RateLimit:
		g.rateLimit(t, begun, r)
	case Overload:
		g.overload(t, r)
	case Quota:
		g.quotas++
		g.parkFor(t, begun, OutOfQuota, r.RetryAfter)
		return
	case BadKey:
		g.badKeys++
		g.parkFor(t, begun, KeyRefused, r.RetryAfter)
		return
	default:
	}
	g.tested(t, begun, r.Kind)
}

// begun is when an attempt was let through that ends at t.
func (g *Gate) begun(t instant, letThrough time.Time) instant {
	if letThrough.IsZero() {
		return t
	}
	return min(g.at(letThrough), t)
}

// tally counts a report of a gate that holds back nobody: what one key has used up
// is no reason to refuse the others.
func (g *Gate) tally(k Kind) Kind {
	switch k {
	case RateLimit:
		g.rateLimits++
	case Overload:
		g.overloads++
	case Quota:
		g.quotas++
	case BadKey:
		g.badKeys++
	case Answer, Nothing:
		return k
	}
	return Nothing
}

func (g *Gate) answer(t, begun instant) {
	g.answered.add(t, 1)
	if begun >= g.closed {
		g.guesses, g.promised = 0, false
	}
}

// rateLimit closes the gate until the moment that the report gives.
func (g *Gate) rateLimit(t, begun instant, r Report) {
	inVain := g.suspect(t, begun)
	wait := r.wait()
	if g.promised = wait > 0; !g.promised {
		wait = g.guess(begun)
	}
	g.rateLimits++
	g.lastLimit = t
	g.close(t, wait)
	g.law.wait = wait
	g.law.found.tell(t, r.told())
	g.limit(t, 0, g.law.found.limited(t, begun, r.wait(), wait, g.law.rate))
	if inVain && g.law.rivals.there(t) {
		g.law.drain()
	} else {
		g.law.next(t, g.until)
	}
	g.settle(t, WasRateLimited)
	g.wake()
}

// close keeps the gate closed for so long, if it is not closed for longer.
func (g *Gate) close(t, wait instant) {
	if until := t + min(wait, instant(g.cfg().MaxClosed)); until > g.until {
		g.until, g.closed = until, t
	}
}

// limit changes the law, unless rates are not to be limited. A limit that starts
// does so with so many tokens.
func (g *Gate) limit(t instant, tokens float64, seen sight) {
	until := max(t, g.until)
	if g.cfg().NoRate {
		g.law.strike(until)
		return
	}
	g.law.limited(t, until, g.answered.see(t), tokens, seen)
}

// guess is how long to wait if the service does not say: each call that found
// the gate open and was refused doubles it.
func (g *Gate) guess(begun instant) instant {
	if g.guesses == 0 || begun >= g.until {
		g.guesses++
	}
	wait := math.Ldexp(float64(g.cfg().FirstGuess), g.guesses-1)
	return instant(min(wait, float64(g.cfg().MaxClosed)))
}

// overload closes the gate only if the service says for how long. A limit that
// it starts has a call to begin with: nothing is used up, and one that comes half
// a second later may well be answered.
func (g *Gate) overload(t instant, r Report) {
	g.overloads++
	g.close(t, instant(min(max(r.RetryAfter, 0), time.Duration(farthest))))
	g.law.wait = 0
	g.limit(t, 1, sight{})
	g.settle(t, WasOverloaded)
	g.wake()
}

// slowsDown reports whether headers may limit the rate.
func (g *Gate) slowsDown() bool {
	set := g.cfg()
	return !set.NoSlowdown && !set.NoRate && !g.overflow
}

// slow limits the rate to what a limit of which little remains allows in the
// long run, unless no more than that is asked for.
func (g *Gate) slow(t instant, rate, tokens float64) {
	if rate == 0 || !g.slowsDown() || g.law.rivals.there(t) { // any more
		return
	}
	g.law.found.tell(t, max(rate, 1/g.cfg().MaxClosed.Seconds()))
	rate = ofTold * g.law.found.told
	switch {
	case rate >= liftOver*g.demand(t):
		return
	case g.law.rate == 0:
		g.law.tokens, g.law.began = math.Inf(1), t
	case g.law.rate < ofKnown*rate && g.law.trust != fromHeaders: // something else limits more
		return
	}
	g.law.rate, g.law.trust, g.law.upTo = rate, fromHeaders, max(t, g.law.upTo)
	g.law.set(t)
	g.law.tokens = min(g.law.tokens, tokens, g.law.burst())
	g.law.strike(max(t, g.until))
	g.settle(t, LittleRemains)
	g.wake()
}
