package breaker

import (
	"encoding/json"
	"errors"
	"math"
	"time"
)

// learned is what an adaptive policy knows of its service: all that is kept over
// a restart and over a change of the configuration.
type learned struct {
	Usual  float64 // failure rate over the last hundred calls or so, failures of the present run aside
	Recent float64 // the same over the last twenty or so, all included; 0 again when the circuit opens
	Took   float64 // seconds that failures took of late
	Hangs  float64 // share of hangs among them
	Demand rate    // calls asked for, refused ones too

	Ramp      float64   // calls that may be out at once; 0: any number
	Outage    time.Time // when the circuit opened, until the ramp after it is over
	Recovered time.Time // calls begun before are no evidence
	Answered  time.Time // nor are those begun before the newest answered one, as far as failures came after
	Probes    int       // begun in this outage
	Quotas    int       // answers of 429 in a row
	Hung      bool      // calls that hang have opened it
	ByQuota   bool      // that is why it is open
}

const (
	usualWeight  = 0.01
	recentWeight = 0.05
	tookWeight   = 0.3
	hangsWeight  = 0.1
)

// toward moves a mean of the given weight by one more value.
func toward(mean *float64, value, weight float64) { *mean += weight * (value - *mean) }

// rate is how many things happen in a second, as an exponential mean over 20 s.
// Weight says how much of such a mean is behind it; the rest is not known.
type rate struct{ Sum, Weight float64 }

const rateSpan = 20.0

// add takes in that n happened, evenly over the last dt seconds.
func (r *rate) add(n, dt float64) {
	keep := math.Exp(-dt / rateSpan)
	perSecond := n / rateSpan
	if dt > 0 {
		perSecond = n / dt * (1 - keep)
	}
	r.Sum = r.Sum*keep + perSecond
	r.Weight = r.Weight*keep + 1 - keep
}

// get returns the rate. What happens at first counts as if it had taken a slot.
func (r *rate) get() float64 { return r.Sum / max(r.Weight, 0.25/rateSpan) }

// measure takes in what was asked for since it last did, once that is enough to
// tell.
func (p *adaptive) measure(now time.Time, asked int64) {
	n, dt := p.since(now, asked)
	if n >= 5 || dt >= rateSpan {
		p.Demand.add(n, dt)
		p.asked, p.askedAt = asked, now
	}
}

// since is what was asked for since it was last measured, and in how many seconds.
func (p *adaptive) since(now time.Time, asked int64) (n, dt float64) {
	return float64(max(asked-p.asked, 0)), max(now.Sub(p.askedAt).Seconds(), 0)
}

// demand is how many calls are asked for in a second. The latest is left out, since
// nobody knows how long it is until the next.
func (p *adaptive) demand(v *View) float64 {
	totals, r := v.Totals(), p.Demand
	n, dt := p.since(v.Now(), totals.Begun+totals.Refused)
	if r.Weight > 0 {
		n = max(n-1, 0)
	}
	r.add(n, dt)
	return r.get()
}

// start begins with the totals as they are, and with the run that the circuit
// remembers.
func (p *adaptive) start(v *View) {
	totals, now := v.Totals(), v.Now()
	p.at, p.answered = now, totals.Answered
	p.askedAt, p.asked = now, totals.Begun+totals.Refused
	p.refusals = totals.Refused
	for _, t := range []*time.Time{&p.Outage, &p.Recovered, &p.Answered} {
		if t.After(now) {
			*t = now
		}
	}
	state, _ := v.State()
	if _, first := v.Openings(); state != Closed && p.Outage.IsZero() {
		p.Outage = first
	}
	failures := v.Failures()
	for _, f := range failures[max(len(failures)-min(v.Run(), runSize), 0):] {
		if !f.Begin.Before(p.Recovered) && !f.Begin.Before(p.Answered) {
			p.run = append(p.run, f)
		}
	}
}

// fold takes in what calls of a calm circuit have added to the totals.
func (p *adaptive) fold(v *View) {
	now, totals := v.Now(), v.Totals()
	if step := now.Sub(p.at); step < -time.Second { // the clock was set back
		p.shift(step)
		p.at = now
	}
	if now.After(p.at) {
		p.at = now
	}
	p.measure(now, totals.Begun+totals.Refused)
	if n := totals.Answered - p.answered; n > 0 {
		p.Usual *= math.Pow(1-usualWeight, float64(n))
		p.Recent *= math.Pow(1-recentWeight, float64(n))
		p.Quotas = 0
		p.learn(p.owed)
		p.owed = 0
	}
	p.answered = totals.Answered
}

// learn takes failures into the usual rate.
func (p *adaptive) learn(failures int) {
	for range min(failures, 1000) { // more make no difference
		toward(&p.Usual, 1, usualWeight)
	}
}

// shift moves all that is kept of the time before along with the clock.
func (p *adaptive) shift(step time.Duration) {
	for _, t := range []*time.Time{&p.Outage, &p.Recovered, &p.Answered, &p.retryAt, &p.halved, &p.askedAt} {
		if !t.IsZero() {
			*t = t.Add(step)
		}
	}
	for i := range p.run {
		p.run[i].Begin = p.run[i].Begin.Add(step)
	}
}

// take learns from the end of a call, or its first content.
func (p *adaptive) take(v *View, e Event, state State) {
	if e.RetryAfter > 0 && e.Kind != Content {
		if until := v.Now().Add(e.RetryAfter); until.After(p.retryAt) {
			p.retryAt = until
		}
	}
	failed := e.Outcome == Failure
	if failed && !e.HadContent { // else it took its time over an answer
		hang := 0.0
		if e.Class == Hang {
			hang = 1
		}
		toward(&p.Took, min(max(e.Took, 0), maxDuration).Seconds(), tookWeight)
		toward(&p.Hangs, hang, hangsWeight)
	}
	if e.Kind == Late || state != Closed {
		return
	}
	switch {
	case failed:
		p.widen(v, e)
		if e.Begin.Before(p.Recovered) {
			return
		}
		toward(&p.Recent, 1, recentWeight)
		failures := v.Failures()
		p.add(failures[len(failures)-1])
	case e.Outcome == Success && !e.HadContent:
		p.widen(v, e)
	case e.Kind == Recorded && e.Class == Quota:
		p.Quotas++
	}
}

// add takes a failure into the run.
func (p *adaptive) add(f FailedCall) {
	if len(p.run) == runSize {
		p.run = append(p.run[:0], p.run[1:]...)
		p.owed++
	}
	p.run = append(p.run, f)
}

// prune ends the run, up to the newest call that was answered: what it leaves
// behind is learned. What is too old is learned when an answer comes.
func (p *adaptive) prune(v *View) {
	if len(p.run) == 0 {
		return
	}
	old := v.Now().Add(-runSpan)
	if answered := v.NewestAnswered(); answered.After(p.Answered) {
		p.Answered = answered
	}
	kept := p.run[:0]
	for _, f := range p.run {
		switch {
		case f.Begin.Before(p.Answered):
			p.learn(1)
		case f.Begin.Before(old):
			p.owed++
		default:
			kept = append(kept, f)
		}
	}
	p.run = kept
}

// forget drops what would speak against the service; what was learned of its
// usual rates and times stays.
func (p *adaptive) forget(now time.Time) {
	p.run, p.owed, p.Quotas = nil, 0, 0
	p.ByQuota, p.Hung = false, false
	p.Recent, p.Ramp, p.Probes = 0, 0, 0
	p.Outage, p.retryAt = time.Time{}, time.Time{}
	p.Recovered = now
}

// MarshalJSON writes what was learned.
func (p *adaptive) MarshalJSON() ([]byte, error) { return json.Marshal(p.learned) }

// UnmarshalJSON reads what MarshalJSON wrote, and nothing else.
func (p *adaptive) UnmarshalJSON(data []byte) error {
	l := p.learned
	if err := json.Unmarshal(data, &l); err != nil {
		return err
	}
	if !l.plausible() {
		return errors.New("a number is out of range")
	}
	p.learned = l
	return nil
}

// plausible reports whether a service can be so.
func (l *learned) plausible() bool {
	within := func(most float64, numbers ...float64) bool {
		for _, x := range numbers {
			if !(x >= 0 && x <= most) { // so that NaN is wrong too
				return false
			}
		}
		return true
	}
	return within(1, l.Usual, l.Recent, l.Hangs, l.Demand.Weight) &&
		within(maxDuration.Seconds(), l.Took) && within(1e12, l.Demand.Sum) &&
		within(1<<52, l.Ramp, float64(l.Probes), float64(l.Quotas))
}
