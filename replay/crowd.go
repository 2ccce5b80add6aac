package replay

import (
	"math"
	"time"

	"github.com/recloser/recloser/breaker"
)

// Crowd is a service of a few workers with a queue, which works for clients that
// have left too, and is cold after each phase: then everything takes longer until
// enough has been answered in time. It can stay down by its load alone.
type Crowd struct {
	Workers int
	Queue   int           // places; who finds none fails at once
	Median  time.Duration // of the work for one attempt
	Sigma   float64       // of its logarithm
	Cold    float64       // how many times as long it takes when cold
	Warm    int           // answers in time until it is warm
}

// crowd is that service at work. Since it serves in the order of arrival, all that
// will become of an attempt is known when it arrives.
type crowd struct {
	Crowd
	free   []time.Duration // when each worker has worked off what is there
	queued []time.Duration // when those in the queue will be begun, in order
	good   []time.Duration // when answers in time will have come, a heap's worth of them, in no order
	warm   int             // of Warm
	cold   time.Duration   // since when
}

func newCrowd(c Crowd) *crowd {
	return &crowd{Crowd: c, free: make([]time.Duration, c.Workers), warm: c.Warm}
}

// first is the worker that has time first.
func (c *crowd) first() int {
	best := 0
	for i, t := range c.free {
		if t < c.free[best] {
			best = i
		}
	}
	return best
}

// slowness is how many times as long work takes that is begun at an instant.
func (c *crowd) slowness(at time.Duration) float64 {
	warm := c.warm
	for _, g := range c.good {
		if g <= at {
			warm++
		}
	}
	cold := max(1-float64(warm)/float64(c.Warm), 0)
	return 1 + (c.Cold-1)*cold
}

// turn brings the service to now: cold, if a phase has ended since.
func (c *crowd) turn(now, ended time.Duration) {
	if ended > c.cold {
		c.cold, c.warm, c.good = ended, 0, c.good[:0]
	}
	for len(c.queued) > 0 && c.queued[0] <= now {
		c.queued = c.queued[1:]
	}
	kept := c.good[:0]
	for _, g := range c.good {
		if g <= now {
			c.warm++
		} else {
			kept = append(kept, g)
		}
	}
	c.good = kept
}

func (c *crowd) send(a *Attempt, l *luck, ended, deadline time.Duration) Answer {
	now := a.Begin
	c.turn(now, ended)
	if len(c.queued) >= c.Queue {
		return Answer{Class: breaker.QuickFailure, Status: 503, Took: min(failsIn, a.Limit)}
	}
	w := c.first()
	begin := max(c.free[w], now)
	if begin > now {
		c.queued = append(c.queued, begin)
	}
	work := float64(c.Median) * math.Exp(c.Sigma*l.normal()) * c.slowness(begin)
	c.free[w] = begin + time.Duration(work)
	took := c.free[w] - now
	if limit := min(deadline, a.Limit); took > limit {
		return Answer{Class: breaker.Hang, Took: limit}
	}
	c.good = append(c.good, c.free[w])
	return Answer{Class: breaker.Answer, Status: 200, Took: took}
}

// chance is that of an attempt sent now to be answered in time. If it has to queue
// it takes the place of another: then what a warm service would do in the time of
// cold work that comes to nothing is taken off.
func (c *crowd) chance(now, ended, deadline time.Duration) float64 {
	c.turn(now, ended)
	if len(c.queued) >= c.Queue {
		return 0
	}
	begin := max(c.free[c.first()], now)
	left := float64(deadline - (begin - now))
	if left <= 0 {
		return 0
	}
	z := math.Log(left/(float64(c.Median)*c.slowness(begin))) / c.Sigma
	p := 0.5 * math.Erfc(-z/math.Sqrt2)
	if begin == now {
		return p
	}
	return max(p-(c.Cold-1)*(1-p), 0)
}
