package breaker

import (
	"math"
	"time"
)

// The way back: probes, and the ramp after a good one.

// opened begins an outage, or goes on with that of before the ramp.
func (p *adaptive) opened(v *View, e Event, d *Decision) {
	if e.Reason == ProbeFailed {
		return // the next probe was planned when the failed one began
	}
	if p.Outage.IsZero() {
		p.Outage, p.Probes = v.Now(), 0
	}
	p.Recent, p.Ramp, p.ByQuota = 0, 0, e.Reason == OnlyQuota
	p.Hung = p.Hung || p.stalled(v) > 0
	p.refusals = v.Totals().Refused
	d.NextProbe = p.wait(v)
}

// probe plans the next probe as one begins.
func (p *adaptive) probe(v *View, d *Decision) {
	p.Probes++
	p.refusals = v.Totals().Refused
	d.NextProbe = p.wait(v)
	d.Hold = max(2*time.Second, min(30*time.Second, 4*p.mean(v)))
	if p.quick() {
		d.Survive = p.outlived()
	}
}

// wait is the time from the begin of one probe to that of the next. An outage
// that has lasted for t ends within the next second with a chance of about
// 0.5/(t+3 s); then this is what makes probes that fail and calls that would
// have been answered cost least together.
func (p *adaptive) wait(v *View) time.Duration {
	t := max(v.Now().Sub(p.Outage).Seconds(), 0)
	d := math.Sqrt(2 * p.cost() * (t + 3) / (0.5 * p.demand(v)))
	d = min(max(d, shortestWait.Seconds()), p.MaxProbeWait.Seconds()) // infinite, if nothing is asked for
	d *= 0.85 + 0.3*v.Rand()
	return max(seconds(d), p.retryAt.Sub(v.Now()))
}

// answerProbe decides what the end of a call says about the probes that are out.
func (p *adaptive) answerProbe(e Event, state State, d *Decision) {
	if p.Hangs >= mostlyQuick {
		d.Survive = -1
	}
	if state != HalfOpen || e.Kind != Recorded {
		return
	}
	switch {
	case e.Outcome == Failure:
		d.Patient = true
	case e.Class == Quota && p.ByQuota:
		d.Trip = true
	case e.Class == Quota:
		d.Reclose = true // the service works
	}
}

// reclosed begins the ramp, unless the outage was the parent's.
func (p *adaptive) reclosed(v *View, e Event) {
	outage, hung := p.Outage, p.Hung
	p.forget(v.Now())
	if e.Reason != ParentExplains {
		p.Ramp, p.Outage, p.Hung = 2, outage, hung
	}
}

// widen opens the ramp after an answer, and narrows it after a failure.
func (p *adaptive) widen(v *View, e Event) {
	if p.Ramp == 0 {
		return
	}
	mean := p.mean(v)
	switch {
	case e.Outcome == Success && p.known(v) && float64(e.Took) > 2.5*float64(mean):
		p.Ramp += 1 / p.Ramp
	case e.Outcome == Success:
		p.Ramp += 2
	case v.Now().Sub(p.halved) >= mean:
		p.Ramp, p.halved = max(p.Ramp/2, 1), v.Now()
	}
}

// endRamp ends the ramp, and the outage with it, once it has room for twice the
// calls that are out when all that is asked for is answered.
func (p *adaptive) endRamp(v *View) {
	mean := p.mean(v)
	if p.quick() {
		mean = min(mean, p.outlived())
	}
	if p.Ramp > 2*p.demand(v)*mean.Seconds()+2 {
		p.Ramp, p.Outage, p.Probes, p.Hung = 0, time.Time{}, 0, false
	}
}

// young is how old a call may be that still takes a place of the ramp.
func (p *adaptive) young() time.Duration {
	if p.quick() {
		return p.outlived()
	}
	return time.Hour // longer than calls are counted for
}

// quick reports whether a call that has been out for long probably lives: failures
// used to be quick, and no calls that hung opened the circuit.
func (p *adaptive) quick() bool { return p.Hangs < mostlyQuick && !p.Hung }

// outlived is when a call has been out for longer than failures take.
func (p *adaptive) outlived() time.Duration { return max(time.Second, seconds(4*p.Took)) }

func (p *adaptive) known(v *View) bool {
	n, _, _ := v.AnswerTimes(0.5)
	return n >= knownAfter
}

// mean is how long answers take; a second, before the first.
func (p *adaptive) mean(v *View) time.Duration {
	n, mean, _ := v.AnswerTimes(0.5)
	if n == 0 {
		return time.Second
	}
	return mean
}
