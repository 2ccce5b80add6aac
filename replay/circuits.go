package replay

import (
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/gate"
)

// Levels says which circuits a process has.
type Levels uint8

// The ways to have circuits.
const (
	TwoLevels Levels = iota // one for the upstream and one for each model; a call needs both
	OnlyUpstream
	OnlyModels // without one above them
)

// Circuits are the breakers and gates of this library, as they guard production,
// with the instants of a run for their clock.
type Circuits struct {
	Levels  Levels
	Breaker breaker.Config
	// CountQuota makes a 429 a failure. Otherwise it is ignored, as the gate's matter.
	CountQuota bool

	Gates   bool // each model has a gate
	OneGate bool // all models share one: where their limit is the key's
	Gate    gate.Config
	// Patience is how long a call waits in line before a gate. Zero: it is refused.
	Patience time.Duration
}

// Policy is the one that guards with them.
func (c Circuits) Policy(name, about string) Policy {
	return Policy{Name: name, About: about, New: func(p Process) (Admission, error) { return newCircuits(c, p) }}
}

// upstream is the name of the first level.
const upstream = "upstream"

// circuits are Circuits at work in one process.
type circuits struct {
	Circuits
	epoch    time.Time
	models   []string
	registry *breaker.Registry
	breakers []*breaker.Breaker // by model; nil: not used yet
	gates    []*gate.Gate       // likewise; nil: there are none
	seats    []seat             // by slot
	openings []Opening
}

// seat is what is kept of an attempt.
type seat struct {
	permit breaker.Permit
	ticket *gate.Ticket
}

func newCircuits(c Circuits, p Process) (*circuits, error) {
	x := &circuits{Circuits: c, epoch: epoch(), models: p.Models, breakers: make([]*breaker.Breaker, len(p.Models))}
	cfg := c.Breaker
	cfg.Seed, cfg.OnTransition = p.Seed, x.changed
	var err error
	if x.registry, err = breaker.NewRegistry(breaker.RegistryConfig{Circuit: cfg, MaxCircuits: len(p.Models) + 1}); err != nil {
		return nil, err
	}
	if c.Gates || c.OneGate {
		err = x.makeGates(p.Seed)
	}
	return x, err
}

func (c *circuits) makeGates(seed uint64) error {
	cfg := c.Gate
	cfg.Seed = seed
	for i, m := range c.models {
		if c.OneGate && i > 0 {
			c.gates = append(c.gates, c.gates[0])
			continue
		}
		g, err := gate.NewAt(c.epoch, "key", m, cfg)
		if err != nil {
			return err
		}
		c.gates = append(c.gates, g)
	}
	return nil
}

func (c *circuits) changed(t breaker.Transition) {
	if t.From == breaker.Closed && t.To == breaker.Open {
		c.openings = append(c.openings, Opening{t.At.Sub(c.epoch), t.Name, t.Why()})
	}
}

// breaker is the circuit of a model.
func (c *circuits) breaker(now time.Time, model int) *breaker.Breaker {
	b := c.breakers[model]
	if b != nil {
		return b
	}
	switch c.Levels {
	case OnlyUpstream:
		b = c.registry.GetAt(now, upstream)
	case OnlyModels:
		b = c.registry.GetAt(now, c.models[model])
	default:
		b = c.registry.ChildAt(now, upstream, c.models[model])
	}
	c.breakers[model] = b
	return b
}

// Admit asks the gate, then the circuit: the order in which production asks.
func (c *circuits) Admit(slot int, a *Attempt) Verdict {
	for slot >= len(c.seats) {
		c.seats = append(c.seats, seat{})
	}
	now, s := c.epoch.Add(a.Begin), &c.seats[slot]
	if c.gates != nil {
		if wait, ok := c.pass(now, s, a); !ok || wait > 0 {
			return Verdict{Refused: !ok, Wait: wait}
		}
	}
	var err error
	if s.permit, err = c.breaker(now, a.Model).AllowAt(now); err != nil {
		if c.gates != nil {
			c.gates[a.Model].WithdrawAt(now, now)
		}
		return Verdict{Refused: true}
	}
	return Verdict{Probe: s.permit.Probe()}
}

// pass asks the model's gate.
func (c *circuits) pass(now time.Time, s *seat, a *Attempt) (wait time.Duration, ok bool) {
	var err error
	switch {
	case s.ticket != nil:
		if wait, err = s.ticket.TurnAt(now); wait == 0 || err != nil {
			s.ticket = nil
		}
	case c.Patience == 0:
		err = c.gates[a.Model].AllowAt(now)
	default:
		if s.ticket, err = c.gates[a.Model].WaitAt(now, now.Add(min(c.Patience, a.Limit))); s.ticket != nil {
			return c.pass(now, s, a)
		}
	}
	return wait, err == nil
}

// Content is told to the circuit: a probe's recloses it.
func (c *circuits) Content(now time.Duration, slot int) {
	c.seats[slot].permit.ProgressAt(c.epoch.Add(now))
}

// End records the attempt.
func (c *circuits) End(now time.Duration, slot int, a *Attempt, r *Answer) {
	t, s := c.epoch.Add(now), &c.seats[slot]
	if r.Class == breaker.Answer {
		s.permit.RecordAt(t, breaker.Success)
	} else {
		s.permit.RecordResultAt(t, c.result(r))
	}
	if c.gates != nil {
		c.gates[a.Model].ReportAt(t, gate.Report{Kind: limits(r), Begun: c.epoch.Add(a.Begin), RetryAfter: r.RetryAfter})
	}
}

// result is what the guard would record.
func (c *circuits) result(r *Answer) breaker.Result {
	res := breaker.Result{Outcome: breaker.Failure, Class: r.Class, RetryAfter: r.RetryAfter}
	switch {
	case r.Unreached:
		res.Reach = breaker.Unreached
	case r.Status != 0:
		res.Reach = breaker.Answered
	}
	if r.Class == breaker.Nothing || r.Class == breaker.Quota && !c.CountQuota {
		res.Outcome = breaker.Ignored
	}
	res.Cause = cause(r)
	return res
}

func limits(r *Answer) gate.Kind {
	switch r.Class {
	case breaker.Answer:
		return gate.Answer
	case breaker.Quota:
		return gate.RateLimit
	default:
		return gate.Nothing
	}
}

// Openings are those of all circuits.
func (c *circuits) Openings() []Opening { return c.openings }
