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
	Once     bool      // the caller wants no retries
	Seed     uint64    // of the random part of the delays
}

// Admission tells whether a retry would be let through now.
type Admission interface {
	Ready() bool
}

// Allowance bounds the retries of many calls together, as a [Budget] does. Spend
// takes one retry, and reports false if there is none.
type Allowance interface {
	Spend() bool
}

// Course is one call's way from its first attempt to its end. It belongs to
// its call and is not safe for concurrent use.
type Course struct {
	plan    *Plan
	call    Call
	retries int
	last    time.Duration // that the strategy waited
	rand    rand.PCG
}

// Begin starts the course of a call.
func (p *Plan) Begin(call Call) Course {
	return Course{plan: p, call: call, rand: *rand.NewPCG(call.Seed, 0)}
}

// Attempt is how one attempt ended.
type Attempt struct {
	Failed     bool
	Retryable  bool          // trying again could help
	NotDone    bool          // the service surely did nothing, so repeating is safe
	Probe      bool          // it was a circuit's test call
	RetryAfter time.Duration // how long the service asked to wait; 0: it did not

	// Budget is that of the circuit at which the next attempt would be made, asked
	// last of all, when nothing else speaks against it. Nil: none, as when that is
	// another target, since an attempt there is no retry.
	Budget Allowance
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
	NotAdmitted  Reason = "the circuit is open"
	OverBudget   Reason = "the retry budget is spent"
)

// Step is what to do next: try again after Wait if Again, else stop.
type Step struct {
	Again bool
	Wait  time.Duration
	Why   Reason // of a stop
}

// stretch spreads what the service asked for, so that those whom it told the
// same do not come back together.
const stretch = 0.2

// Ended takes in how an attempt ended at now and says what to do next.
func (c *Course) Ended(now time.Time, a Attempt, circuit Admission) Step {
	if why := c.refuses(a); why != "" {
		return Step{Why: why}
	}
	asked, u := a.RetryAfter, rand.New(&c.rand).Float64()
	wait := min(asked+time.Duration(float64(asked)*stretch*u), c.plan.cfg.MaxWait)
	last := c.last
	if asked <= 0 {
		wait = min(max(c.plan.cfg.Strategy(Turn{c.retries + 1, c.plan.cfg.BaseDelay, c.last, u}), 0), c.plan.cfg.MaxDelay)
		asked, last = wait, wait
	}
	switch {
	case asked > c.plan.cfg.MaxWait:
		return Step{Why: TooLong}
	case !c.call.Deadline.IsZero() && !now.Add(wait).Before(c.call.Deadline):
		return Step{Why: PastDeadline}
	case !circuit.Ready():
		return Step{Why: NotAdmitted}
	case a.Budget != nil && !a.Budget.Spend():
		return Step{Why: OverBudget}
	}
	c.retries, c.last = c.retries+1, last
	return Step{Again: true, Wait: wait}
}

// refuses says why a is not repeated whatever the wait, or nothing.
func (c *Course) refuses(a Attempt) Reason {
	switch {
	case !a.Failed:
		return Done
	case a.Probe:
		return WasProbe
	case !a.Retryable:
		return NotRetryable
	case !c.call.Safe && !a.NotDone:
		return NotSafe
	case c.call.Once || c.retries >= c.plan.cfg.MaxRetries:
		return Exhausted
	}
	return ""
}
