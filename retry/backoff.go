package retry

import "time"

// stretch spreads what the service asked for, so that those whom it told the
// same do not come back together.
const stretch = 0.2

// leastPatience keeps a patient call from asking too often.
const leastPatience = 10 * time.Millisecond

// turn is a retry about which nothing is settled but its luck.
type turn struct {
	now       time.Time
	u         float64
	admission Admission
	own       time.Duration // of the strategy; negative: it was not asked yet
	broke     bool          // the budget of a target is spent
}

// backOff chooses, among the targets that failed in a way that can pass, the one
// that can be tried again first. why is what is said if there is none.
func (c *Course) backOff(now time.Time, admission Admission, why Reason) Step {
	if c.retries >= c.plan.cfg.MaxRetries {
		if why == "" {
			why = Exhausted
		}
		return Step{Why: why}
	}
	t := turn{now: now, u: c.luck(), admission: admission, own: -1}
	for {
		step, ofStrategy := c.soonest(&t, why)
		switch {
		case !step.Again:
			return step
		case admission.Spend(step.Target):
			c.target, c.retries = step.Target, c.retries+1
			if ofStrategy {
				c.last = t.own
			}
			return step
		}
		c.at(step.Target).broke, t.broke = true, true
		why = OverBudget
	}
}

// luck is a random number of [0, 1). A rand.Rand would take the course to the heap.
func (c *Course) luck() float64 { return float64(c.rand.Uint64()<<11>>11) / (1 << 53) }

// soonest finds the target with the shortest wait, and says whether that is the
// strategy's.
func (c *Course) soonest(t *turn, why Reason) (best Step, ofStrategy bool) {
	best.Why = why
	for target := range c.targets() {
		p := c.at(target)
		if p.state != tried || p.again != "" || p.broke {
			continue
		}
		wait, own, no := c.wait(t, target)
		switch {
		case no != "" && !best.Again && !t.broke:
			best.Why = no
		case no == "" && (!best.Again || wait < best.Wait):
			best, ofStrategy = Step{Again: true, Target: target, Wait: wait, Retry: true, Line: true}, own
		}
	}
	return best, ofStrategy
}

// wait is how long to wait before the next attempt at a target, and whether the
// strategy says so; or why there is none.
func (c *Course) wait(t *turn, target int) (wait time.Duration, own bool, no Reason) {
	p, most := c.at(target), c.plan.cfg.MaxWait
	switch {
	case p.held:
	case p.asked > most:
		return 0, false, TooLong
	case p.asked > 0:
		wait = max(p.at.Add(c.spread(p.asked, t.u)).Sub(t.now), 0)
	default:
		wait, own = c.strategy(t), true
	}
	ready := t.admission.ReadyIn(target)
	switch wait = max(wait, c.spread(ready, t.u)); {
	case ready < 0:
		return 0, false, NotAdmitted
	case wait > most:
		return 0, false, TooLong
	case c.late(t.now, wait):
		return 0, false, PastDeadline
	}
	return wait, own, ""
}

// spread lengthens a wait, but not beyond the longest.
func (c *Course) spread(d time.Duration, u float64) time.Duration {
	return max(d, min(d+time.Duration(float64(d)*stretch*u), c.plan.cfg.MaxWait))
}

// strategy asks the strategy, once.
func (c *Course) strategy(t *turn) time.Duration {
	if t.own < 0 {
		cfg := &c.plan.cfg
		t.own = min(max(ask(cfg.Strategy, Turn{c.retries + 1, cfg.BaseDelay, c.last, t.u}), 0), cfg.MaxDelay)
	}
	return t.own
}

// ask asks a strategy, in place of which FullJitter answers if it panics: a call
// must not be lost with what it holds.
func ask(s Strategy, t Turn) (wait time.Duration) {
	defer func() {
		if recover() != nil {
			wait = FullJitter(t)
		}
	}()
	return s(t)
}

// late reports whether a wait would end after the caller's deadline.
func (c *Course) late(now time.Time, wait time.Duration) bool {
	return !c.call.Deadline.IsZero() && !now.Add(wait).Before(c.call.Deadline)
}

// await waits for the target that lets calls through first.
func (c *Course) await(now time.Time) Step {
	first := c.earliest(func(p *progress) bool { return !p.due.IsZero() })
	if first < 0 {
		return Step{Why: NotAdmitted}
	}
	wait := max(c.at(first).due.Sub(now), leastPatience)
	switch {
	case c.waited+wait > c.plan.cfg.MaxWait:
		return Step{Why: TooLong}
	case c.late(now, wait):
		return Step{Why: PastDeadline}
	}
	c.waited += wait
	for target := range c.targets() {
		if p := c.at(target); p.state == refused {
			p.state = fresh
		}
	}
	c.target = first
	return Step{Again: true, Target: first, Wait: wait}
}
