package retry

import (
	"math/rand/v2"
	"time"
)

// Plan is how the calls of a process are repeated. It is safe for concurrent
// use and never changes.
type Plan struct{ cfg Config }

// New returns a plan, or an error that names the fields that are wrong.
func New(cfg Config) (*Plan, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Plan{cfg.withDefaults()}, nil
}

// MaxRetries returns how often a call is tried again at most.
func (p *Plan) MaxRetries() int { return p.cfg.MaxRetries }

// Call is what a course has to know of its call in advance.
type Call struct {
	Deadline time.Time // of the caller; zero: none
	Safe     bool      // doing it twice does no harm
	Once     bool      // the caller wants one attempt and no more
	Seed     uint64    // of the random part of the delays

	// Targets is how many there are at which the call may be made, numbered from
	// 0 in the order in which they are preferred. Zero means 1.
	Targets int

	// Patient: if no target lets the call through, it waits for the one that will
	// first, MaxWait in all.
	Patient bool
}

// Admission tells whether attempts would be let through now, and pays for retries.
type Admission interface {
	// ReadyIn is how long it takes until a target would let an attempt through that
	// is no probe: 0 now, negative if that is not in sight.
	ReadyIn(target int) time.Duration

	// Spend takes a retry at a target out of the target's budget, and reports false
	// if there is none. It is asked last of all, when nothing else speaks against
	// the retry.
	Spend(target int) bool
}

// Course is one call's way from its first attempt, at target 0, to its end. It
// belongs to its call and is not safe for concurrent use.
type Course struct {
	plan    *Plan
	call    Call
	target  int // of the attempt under way
	retries int
	last    time.Duration // that the strategy waited
	waited  time.Duration // for targets that let nothing through
	rand    rand.PCG
	only    progress   // of a single target, so that most calls allocate nothing
	all     []progress // of several
}

// progress is what has come of a call at one target.
type progress struct {
	state standing
	again Reason        // why it is not attempted again there; "": it can be
	held  bool          // the target itself holds the next attempt back
	line  bool          // of a refusal: the call could wait in line
	broke bool          // a retry was refused by its budget
	asked time.Duration // to wait; 0: it did not say
	at    time.Time     // when that was
	due   time.Time     // of a refusal: when the target lets calls through; zero: not known
}

type standing uint8

const (
	fresh   standing = iota // not tried yet
	refused                 // it let no attempt through
	tried
)

// Begin starts the course of a call.
func (p *Plan) Begin(call Call) Course {
	c := Course{plan: p, call: call, rand: *rand.NewPCG(call.Seed, 0)}
	if call.Targets > 1 {
		c.all = make([]progress, call.Targets)
	}
	return c
}

// First is the first step: to target 0.
func (c *Course) First() Step { return Step{Again: true, Line: c.targets() == 1} }

// at is the progress at a target.
func (c *Course) at(target int) *progress {
	if c.all == nil {
		return &c.only
	}
	return &c.all[target]
}

func (c *Course) targets() int { return max(c.call.Targets, 1) }

// Attempt is how one attempt ended.
type Attempt struct {
	Failed     bool
	Retryable  bool          // trying again at the same target could help
	Elsewhere  bool          // another target could help
	NotDone    bool          // the service surely did nothing, so repeating is safe
	Probe      bool          // it was a circuit's test call
	RetryAfter time.Duration // how long the service asked to wait; 0: it did not

	// Held: the target itself holds the next attempt back until it makes sense, as a
	// gate does before which callers wait in line. Then nobody has to back off.
	Held bool
}

// Reason is why a course stops.
type Reason string

// The reasons.
const (
	Done         Reason = "done"
	NotRetryable Reason = "trying again would not help"
	NotSafe      Reason = "not safe to repeat"
	WasProbe     Reason = "a probe is not repeated"
	Exhausted    Reason = "no retries left"
	TooLong      Reason = "the wait would be too long"
	PastDeadline Reason = "the caller's deadline comes first"
	NotAdmitted  Reason = "no target lets it through"
	OverBudget   Reason = "the retry budget is spent"
)

// Step is what to do next: make an attempt at Target after Wait if Again, else
// stop.
type Step struct {
	Again  bool
	Target int
	Wait   time.Duration
	Retry  bool   // the call was attempted there before, and the budget has paid for it
	Line   bool   // there is nowhere else to go at once, so the call may wait in line there
	Why    Reason // of a stop
}

// Refusal is that a target let no attempt through.
type Refusal struct {
	In   time.Duration // when it would; negative: nobody knows
	Line bool          // there is a line in which the call can wait for it
}

// Ended takes in how an attempt ended at now and says what to do next: go to the
// next target that was not tried yet, at once; or, if there is none, back off and
// try again where that could help.
func (c *Course) Ended(now time.Time, a Attempt, admission Admission) Step {
	why := c.refuses(a)
	p := c.at(c.target)
	*p = progress{state: tried, again: why, held: a.Held, asked: a.RetryAfter, at: now}
	switch {
	case !a.Failed, why == NotSafe, c.call.Once:
		return Step{Why: why}
	case a.Elsewhere:
		if next, ok := c.next(fresh); ok {
			return c.goTo(next)
		}
	case why != "":
		return Step{Why: why}
	}
	return c.backOff(now, admission, why)
}

// refuses says why a is not repeated at its target whatever the wait, or nothing.
func (c *Course) refuses(a Attempt) Reason {
	switch {
	case !a.Failed:
		return Done
	case !c.call.Safe && !a.NotDone:
		return NotSafe
	case a.Probe:
		return WasProbe
	case !a.Retryable:
		return NotRetryable
	case c.call.Once:
		return Exhausted
	}
	return ""
}

// Refused takes in that the target of the last step let no attempt through, and
// says what to do next: go to the next target that was not tried yet, at once; else
// back off, if an attempt elsewhere has failed in a way that can pass; else wait in
// line where that is possible; else be patient.
func (c *Course) Refused(now time.Time, r Refusal, admission Admission) Step {
	p := c.at(c.target)
	if p.state == tried {
		p.again = NotAdmitted // it was ready when it was chosen
	} else {
		p.state, p.line, p.due = refused, r.Line, time.Time{}
		if r.In >= 0 {
			p.due = now.Add(r.In)
		}
	}
	if next, ok := c.next(fresh); ok {
		return c.goTo(next)
	}
	step := c.backOff(now, admission, NotAdmitted)
	if step.Again {
		return step
	}
	if line := c.lineUp(); line.Again {
		return line
	}
	if !c.call.Patient {
		return step
	}
	return c.await(now)
}

// lineUp goes to the line that will be let through first.
func (c *Course) lineUp() Step {
	first := c.earliest(func(p *progress) bool { return p.line })
	if first < 0 {
		return Step{}
	}
	c.at(first).line = false // it is tried once
	c.target = first
	return Step{Again: true, Target: first, Line: true}
}

// earliest finds the target that lets calls through first, as far as is known,
// among those that have refused this one and that suit.
func (c *Course) earliest(suits func(*progress) bool) int {
	first := -1
	for t := range c.targets() {
		p := c.at(t)
		if p.state != refused || !suits(p) {
			continue
		}
		if first < 0 || !p.due.IsZero() && (c.at(first).due.IsZero() || p.due.Before(c.at(first).due)) {
			first = t
		}
	}
	return first
}

// next finds the first target of that standing.
func (c *Course) next(s standing) (target int, found bool) {
	for t := range c.targets() {
		if c.at(t).state == s {
			return t, true
		}
	}
	return 0, false
}

func (c *Course) goTo(target int) Step {
	c.target = target
	return Step{Again: true, Target: target}
}
