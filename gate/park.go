package gate

import "time"

// park is the state of a key whose quota is exhausted, or that is refused.
type park struct {
	on    bool
	why   Reason
	since instant
	due   instant // of the next test
	every instant
	tests int  // that did not help
	out   bool // a test is under way
	begun instant
	lease instant // until then
}

// take makes a call the test, if one is due and none is out.
func (p *park) take(t, lease instant) bool {
	if t < p.due || p.out && t < p.lease {
		return false
	}
	p.out, p.begun, p.lease = true, t, t+lease
	return true
}

// notFarOff bounds what lies ahead, if the clock was set back or the bounds are
// new.
func (p *park) notFarOff(t instant, set *Config) {
	p.due = min(p.due, t+instant(set.MaxRetest))
	p.lease = min(p.lease, t+instant(set.TestLease))
	p.every = min(p.every, instant(set.MaxRetest))
	p.since, p.begun = min(p.since, t), min(p.begun, t)
}

// nextTest is when a parked key may be tried again; while a test is out nobody
// knows, and it is a second from now.
func (g *Gate) nextTest(t instant) instant {
	p := &g.park
	if p.out && t < p.lease {
		return max(p.due, g.until, t+second)
	}
	return max(p.due, g.until)
}

// parkFor parks the key for a reason, or notes that a test has not helped.
func (g *Gate) parkFor(t, begun instant, why Reason, asked time.Duration) {
	p := &g.park
	most := instant(g.cfg().MaxRetest)
	switch {
	case !p.on:
		*p = park{on: true, since: t, every: instant(g.cfg().Retest)}
	case !p.out || begun < p.begun:
		return // sent before the key was parked
	default:
		p.out, p.every = false, min(2*p.every, most)
		p.tests++
	}
	p.why = why
	p.due = t + max(p.every, min(instant(asked), most))
	g.settle(t, why)
	g.wake()
}

// tested takes in how a call of a parked key ended, if not
// with what parks it.
func (g *Gate) tested(t, begun instant, k Kind) {
	p := &g.park
	switch {
	case !p.on || begun < p.since:
	case k == Answer:
		*p = park{}
		g.settle(t, TestAnswered)
	case begun >= p.begun: // it says nothing: its place is free
		p.out = false
	}
}

// Reset opens the gate and forgets limits and quota, as a human does who has
// paid, or mended the key. The figures stay.
func (g *Gate) Reset() { g.reset(g.now()) }

// ResetAt is Reset at the instant now.
func (g *Gate) ResetAt(now time.Time) { g.reset(g.at(now)) }

func (g *Gate) reset(t instant) {
	defer g.enter(t)()
	g.until, g.guesses, g.law, g.park = 0, 0, law{upTo: t}, park{}
	g.settle(t, WasReset)
	g.wake()
}
