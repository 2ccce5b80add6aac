package report

import (
	"time"

	"github.com/recloser/recloser/breaker"
)

// Outage is a time in which a circuit was open. Half-open, and open once more after
// a probe that failed, belong to the same outage.
type Outage struct {
	Circuit string `json:"circuit"`
	// Start of the period is the first failure of the run that opened the circuit,
	// where it is known, else Opened.
	Period
	Opened time.Time `json:"opened"`
	Detect *Seconds  `json:"detect_s"` // from Start to Opened; null: Start is not known

	Cause    string `json:"cause"` // the failures: "3 × 503, 2 × timeout"
	Why      string `json:"why"`   // the opening, in the words of the circuit
	Failures int    `json:"failures"`
	Reopened int    `json:"reopened"` // probes that failed

	Ongoing   bool   `json:"ongoing"`   // not over at the report's end
	Recovered bool   `json:"recovered"` // seen to end: a probe, or somebody's reset, closed it
	EndReason string `json:"end_reason"`
	Observed  bool   `json:"observed"` // in mode observe all the time: nothing was refused
	// Unrecorded is the part in which the process did not run.
	Unrecorded Seconds `json:"unrecorded_s"`
}

// Planned is a time in which an operator kept a circuit open.
type Planned struct {
	Circuit string `json:"circuit"`
	Period
}

// condition is what a circuit's state and mode come to.
type condition int

const (
	up       condition = iota
	down               // open or half-open, also if only observed
	planned            // forced open
	unjudged           // disabled: nobody knows
)

func conditionOf(e *Event) condition {
	switch {
	case e.Mode == breaker.ForcedOpen.String():
		return planned
	case e.Mode == breaker.Disabled.String():
		return unjudged
	case e.To == breaker.Open.String(), e.To == breaker.HalfOpen.String():
		return down
	default:
		return up
	}
}

// course follows one circuit through its events.
type course struct {
	circuit string
	span    interval
	last    time.Time // of its events: the clock may go backwards, a course does not
	ended   time.Time // the last outage
	now     condition
	outage  Outage    // while down
	since   time.Time // while planned
	outages []Outage
	planned []Planned
}

// see takes the next event. started is when the process last started, or zero.
func (c *course) see(e *Event, started time.Time) {
	at := later(e.At, c.last)
	next := conditionOf(e)
	c.restarted(e.Reason, started, at)
	if c.now == down && next == down && missedClose(e) {
		c.end(earlier(later(started, c.outage.Opened), at), "")
		c.now = up
	}
	c.last = at
	if next == down && c.now == down {
		c.goOn(e)
		return
	}
	switch c.now {
	case down:
		c.end(at, e.Reason)
		c.recovered(e, next)
	case planned:
		if next == planned {
			return
		}
		c.planned = append(c.planned, Planned{c.circuit, newPeriod(c.since, at, c.span)})
	case up, unjudged:
	}
	c.now = next
	switch next {
	case down:
		c.begin(e, at)
	case planned:
		c.since = at
	case up, unjudged:
	}
}

// restarted ends an outage that a restart has forgotten: what is brought back is said
// to be, right after the start.
func (c *course) restarted(reason string, started, before time.Time) {
	if c.now == down && started.After(c.last) && reason != string(breaker.Restored) && !started.After(before) {
		c.end(started, "restart")
		c.now = up
	}
}

// missedClose reports whether a circuit that opens had closed without being seen:
// by a restart that brought nothing back.
func missedClose(e *Event) bool {
	return e.From == breaker.Closed.String() && e.Reason != string(breaker.Restored)
}

func (c *course) begin(e *Event, at time.Time) {
	c.outage = Outage{
		Circuit: c.circuit, Opened: at.UTC(), Cause: e.Cause, Why: e.Why, Failures: e.Failures,
		Observed: observed(e),
	}
	c.outage.Start = at
	if !e.Down.IsZero() {
		c.outage.Start = earlier(later(e.Down, c.ended), at)
		c.outage.Detect = new(seconds(at.Sub(c.outage.Start)))
	}
}

func (c *course) goOn(e *Event) {
	if e.From == breaker.HalfOpen.String() && e.To == breaker.Open.String() {
		c.outage.Reopened++
	}
	c.outage.Observed = c.outage.Observed && observed(e)
}

func observed(e *Event) bool { return e.Mode == breaker.Observe.String() }

func (c *course) end(at time.Time, reason string) {
	o := c.outage
	o.Period = newPeriod(o.Start, at, c.span)
	if !at.After(o.Start) { // written down afterwards, or the clock went back
		o.Length = nil
	}
	o.EndReason = reason
	c.ended = at
	c.outages = append(c.outages, o)
}

// recovered marks the last outage, unless an operator took the circuit over or its
// host's circuit did.
func (c *course) recovered(e *Event, next condition) {
	c.outages[len(c.outages)-1].Recovered = next == up && e.Reason != string(breaker.ParentExplains)
}

// finish closes what is still so at the end, and drops what was over before.
func (c *course) finish(gaps intervals, started time.Time) {
	c.restarted("", started, c.span.to)
	switch c.now {
	case down:
		o := c.outage
		o.Period, o.Ongoing = newPeriod(o.Start, time.Time{}, c.span), true
		c.outages = append(c.outages, o)
	case planned:
		c.planned = append(c.planned, Planned{c.circuit, newPeriod(c.since, time.Time{}, c.span)})
	case up, unjudged:
	}
	c.outages = keep(c.outages, func(o *Outage) bool { return o.touches(c.span) })
	c.planned = keep(c.planned, func(p *Planned) bool { return p.touches(c.span) })
	for i := range c.outages {
		o := &c.outages[i]
		o.Unrecorded = seconds(gaps.within(o.interval(c.span).within(c.span)))
	}
}

func keep[T any](all []T, good func(*T) bool) []T {
	out := all[:0]
	for i := range all {
		if good(&all[i]) {
			out = append(out, all[i])
		}
	}
	return out
}
