package replay

import (
	"time"

	"github.com/recloser/recloser/breaker"
)

// generated is the world of a scenario.
type generated struct {
	s    Scenario
	seed uint64
	arrivals
	buckets []bucket // by phase
	over    int      // so many of the first phases are
	crowd   *crowd
}

func newGenerated(s Scenario, seed uint64) *generated {
	g := &generated{s: s, seed: seed, buckets: make([]bucket, len(s.Phases))}
	g.arrivals = newArrivals(&g.s, seed)
	if s.Crowd != nil {
		g.crowd = newCrowd(*s.Crowd)
	}
	return g
}

// Next is the next arrival.
func (g *generated) Next() (Request, bool) { return g.next() }

// phase is the one that an attempt is in, and its bucket; nil: none. Of several it
// is the first.
func (g *generated) phase(a *Attempt) (*Phase, *bucket) {
	for g.over < len(g.s.Phases) && g.s.Phases[g.over].To <= a.Begin {
		g.over++
	}
	for i := g.over; i < len(g.s.Phases); i++ {
		p := &g.s.Phases[i]
		if a.Begin >= p.From && a.Begin < p.To && (p.Model == 0 || p.Model == a.Model+1) && (p.Replica == 0 || p.Replica == a.Replica+1) {
			return p, &g.buckets[i]
		}
	}
	return nil, nil
}

// Send decides how an attempt ends by its own luck and the phase it begins in.
func (g *generated) Send(a *Attempt) Answer {
	l := newLuck(g.seed, a.ID, a.N)
	phase, bucket := g.phase(a)
	if phase != nil && phase.Limit > 0 {
		if after := bucket.take(a.Begin, phase); after > 0 {
			return Answer{Class: breaker.Quota, Status: 429, Took: min(limitedIn, a.Limit), RetryAfter: after}
		}
	}
	fate := l.unit()
	fails := g.s.Base
	if phase != nil {
		if fate < phase.Hang {
			return g.hang(a)
		}
		fails = phase.Hang + (1-phase.Hang)*phase.fails(fails)
	}
	if fate < fails {
		return Answer{Class: breaker.QuickFailure, Status: 503, Took: min(failsIn, a.Limit)}
	}
	if g.crowd != nil {
		return g.crowd.send(a, &l, g.ended(), g.s.Deadline)
	}
	took := g.s.answerTime(&l)
	if took > min(g.s.Deadline, a.Limit) {
		return g.hang(a)
	}
	return Answer{Class: breaker.Answer, Status: 200, Took: took}
}

// fails is the part that fails at once, for one reason or the other.
func (p *Phase) fails(base float64) float64 { return 1 - (1-p.Fail)*(1-base) }

// ended is when the last phase did that is over.
func (g *generated) ended() time.Duration {
	if g.over == 0 {
		return 0
	}
	return g.s.Phases[g.over-1].To
}

func (g *generated) hang(a *Attempt) Answer {
	return Answer{Class: breaker.Hang, Took: min(g.s.Deadline, a.Limit)}
}

// Chance is what is known of an attempt before it has any luck.
func (g *generated) Chance(a *Attempt) Chance {
	phase, bucket := g.phase(a)
	fail, hang := g.s.Base, 0.
	if phase != nil {
		if phase.Limit > 0 && bucket.wait(a.Begin, phase) > 0 {
			return Chance{Fails: limitedIn}
		}
		hang = phase.Hang
		fail = (1 - hang) * phase.fails(fail)
	}
	deadline := min(g.s.Deadline, a.Limit)
	inTime := g.s.inTime(deadline)
	if g.crowd != nil {
		inTime = g.crowd.chance(a.Begin, g.ended(), deadline)
	}
	answered := 1 - fail - hang
	late := answered * (1 - inTime)
	x := Chance{Answered: answered - late}
	if fails := fail + hang + late; fails > 0 {
		x.Fails = time.Duration((fail*float64(failsIn) + (hang+late)*float64(deadline)) / fails)
	}
	return x
}

// Would is Chance: nothing is on record.
func (g *generated) Would(a *Attempt) Chance { return g.Chance(a) }
