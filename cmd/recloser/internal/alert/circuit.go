package alert

import (
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// circuit is what is known of one.
type circuit struct {
	name, parent string
	up           *circuit           // of the upstream, of which it is a model's; nil: it is none's
	trip         breaker.Transition // that opened it
	last         breaker.Transition // the latest opening
	opened       time.Time          // when it was last closed no longer; zero: it is closed
	closed       time.Time          // when it last was again; zero: it has never been open
	forced       bool               // open because somebody wants it
	trips        []time.Time        // the latest, at most maxTrips

	counted Counts // up to the last look
	before  Counts // when it opened

	attempts ring      // of a minute
	used     time.Time // when the first of them was made that is known of; zero: none is
	calls    budgets   // of users
}

// maxTrips is more than any rule asks for.
const maxTrips = 1000

// changed takes in a transition.
func (c *circuit) changed(tr *breaker.Transition) {
	c.parent, c.forced = tr.Parent, tr.Mode == breaker.ForcedOpen
	if tr.To == breaker.Closed {
		if n := len(c.trips); n > 0 && !c.opened.IsZero() && tr.Reason == breaker.ParentExplains {
			c.trips = c.trips[:n-1] // it is the upstream's
		}
		c.opened, c.closed = time.Time{}, tr.At
		return
	}
	if c.opened.IsZero() {
		c.opened, c.before = tr.At, c.counted
		c.trips = append(c.trips[max(len(c.trips)-maxTrips+1, 0):], tr.At)
	}
	if tr.To == breaker.Open && tr.From != tr.To {
		c.last = *tr
		if tr.Reason != breaker.ProbeFailed {
			c.trip = *tr
		}
	}
}

// open reports whether the service keeps it from being closed.
func (c *circuit) open() bool { return !c.opened.IsZero() && !c.forced }

// count takes in what has been counted. What people know of burns no budget.
func (c *circuit) count(now time.Time, all *Counts, k known) {
	old := c.counted
	c.counted = *all
	attempts := tallyOf(all.Attempts, 0).less(tallyOf(old.Attempts, 0))
	calls := tallyOf(all.Calls, all.Refused).less(tallyOf(old.Calls, old.Refused))
	c.attempted(now, attempts)
	calls.explain(k)
	c.calls.add(now, calls)
}

// attempted counts attempts that were made then.
func (c *circuit) attempted(then time.Time, t tally) {
	c.attempts.add(then, time.Minute, t)
	if t != (tally{}) && (c.used.IsZero() || then.Before(c.used)) {
		c.used = then
	}
}

// tallyOf sorts outcomes. Those that only the caller had a part in are left out.
func tallyOf(k report.Kinds, refused int64) tally {
	o := report.OutcomesOf(&k)
	return tally{good: o.Success, bad: o.Failed(), turned: o.Limited() + refused}
}

// tripsSince counts the trips of the last d, and tells of the first of them.
func (c *circuit) tripsSince(now time.Time, d time.Duration) (n int, first time.Time) {
	for i := len(c.trips) - 1; i >= 0 && now.Sub(c.trips[i]) < d; i-- {
		n, first = n+1, c.trips[i]
	}
	return n, first
}

// find returns what the rules find, the worst first.
func (c *circuit) find(now time.Time, r *Rules) (found []finding) {
	add := func(rule string, s Severity, since time.Time, w words) {
		found = append(found, finding{rule, s, since, w})
	}
	open := c.open()
	if open && r.OpenFor > 0 && now.Sub(c.opened) >= r.OpenFor {
		add(CircuitOpen, Critical, c.opened, c.openWords(now))
	}
	if n, first := c.tripsSince(now, r.FlapsWithin); r.Flaps > 0 && n >= r.Flaps {
		add(Flapping, Critical, first, c.tripWords(n, r.FlapsWithin))
	}
	burn, slow := c.findBurn(now, r)
	if burn != nil && !slow {
		found = append(found, *burn)
	}
	if open && r.Opened {
		add(CircuitOpened, Warning, c.opened, c.openWords(now))
	}
	if n, first := c.tripsSince(now, r.TripsWithin); r.Trips > 0 && n >= r.Trips {
		add(RepeatedTrips, Warning, first, c.tripWords(n, r.TripsWithin))
	}
	if f := c.findBrownout(now, r); f != nil {
		found = append(found, *f)
	}
	if burn != nil && slow {
		found = append(found, *burn)
	}
	return found
}

// stillPart is the part of BrownoutFor in which attempts must still fail.
const stillPart = 5

// calm reports whether it has been closed for d, and the one above it too.
func (c *circuit) calm(now time.Time, d time.Duration) bool {
	return c.opened.IsZero() && now.Sub(c.closed) >= d && (c.up == nil || c.up.calm(now, d))
}

// findBrownout is the rule Brownout.
func (c *circuit) findBrownout(now time.Time, r *Rules) *finding {
	if r.Brownout <= 0 || c.used.IsZero() || now.Sub(c.used) < r.BrownoutFor || !c.calm(now, r.BrownoutFor) {
		return nil
	}
	all := c.attempts.sum(now, time.Minute, r.BrownoutFor)
	still := c.attempts.sum(now, time.Minute, max(r.BrownoutFor/stillPart, time.Minute))
	if all.judged() < max(r.MinCalls, 1) || all.share() < r.Brownout || still.share() < r.Brownout {
		return nil
	}
	return &finding{Brownout, Warning, now.Add(-r.BrownoutFor), c.brownoutWords(all, r.BrownoutFor)}
}
