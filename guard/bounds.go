package guard

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/retry"
)

// bounds are what bounds the attempts at one circuit, beside the circuit.
type bounds struct {
	budget *retry.Budget
	berths *berths       // nil: any number
	out    *atomic.Int64 // attempts, bodies included
}

// circuitBounds are the bounds of a circuit that are in force.
type circuitBounds struct {
	upstream, model string
	now             atomic.Pointer[bounds]
	out             atomic.Int64
	limits          Limits
	share           retry.BudgetConfig
}

// boundsOf returns those of a circuit, of that name beneath its upstream's.
func (g *Guard) boundsOf(circuit *breaker.Breaker, upstream, model string) *bounds {
	if known, ok := g.bounds.Load(circuit); ok {
		return known.(*circuitBounds).now.Load() //nolint:forcetypeassert // nothing else is put there
	}
	g.bounding.Lock()
	defer g.bounding.Unlock()
	if known, ok := g.bounds.Load(circuit); ok {
		return known.(*circuitBounds).now.Load() //nolint:forcetypeassert // nothing else is put there
	}
	made := &circuitBounds{upstream: upstream, model: model}
	made.set(g.live.Load())
	g.bounds.Store(circuit, made)
	return made.now.Load()
}

// set brings the bounds to a configuration. What does not change goes on.
func (c *circuitBounds) set(l *live) {
	limits := l.rules.of(c.upstream, "", c.model).limits
	next := bounds{out: &c.out}
	if was := c.now.Load(); was != nil {
		next = *was
	}
	if next.budget == nil || c.share != l.cfg.Budget {
		next.budget, _ = retry.NewBudget(l.cfg.Budget) // Validate has seen it
	}
	if c.limits != limits {
		next.berths = newBerths(limits)
	}
	c.limits, c.share = limits, l.cfg.Budget
	c.now.Store(&next)
}

// setBounds brings all bounds to a configuration.
func (g *Guard) setBounds(l *live) {
	g.bounding.Lock() // who makes one has seen l, or is seen here
	defer g.bounding.Unlock()
	g.bounds.Range(func(_, v any) bool {
		if c, ok := v.(*circuitBounds); ok {
			c.set(l)
		}
		return true
	})
}

// berths are the places of the attempts that may be out at once, and a line of
// those who wait for one. Channels serve who came first first.
type berths struct {
	taken   chan struct{} // one in it for each that is taken
	waiting chan struct{} // likewise
	longest time.Duration
	refused atomic.Int64
}

func newBerths(l Limits) *berths {
	if l.MaxInFlight == 0 {
		return nil
	}
	return &berths{
		taken: make(chan struct{}, l.MaxInFlight), waiting: make(chan struct{}, l.MaxQueued), longest: l.MaxQueueWait,
	}
}

// take takes a berth that is free.
func (b *berths) take() bool {
	select {
	case b.taken <- struct{}{}:
		return true
	default:
		return false
	}
}

// wait waits in line for a berth, and reports false if the line is full, or the
// wait too long, or ctx ends first.
func (b *berths) wait(ctx context.Context) bool {
	select {
	case b.waiting <- struct{}{}:
	default:
		return false
	}
	defer func() { <-b.waiting }()
	timer := time.NewTimer(b.longest)
	defer timer.Stop()
	select {
	case b.taken <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// leave gives a berth back.
func (b *berths) leave() {
	if b != nil {
		<-b.taken
	}
}

// enter takes a place among those in flight at a leg's circuit, to be given back;
// nil: none is needed. waited: it was not free at once.
func (c *call) enter(l *leg, line bool) (_ *berths, waited bool, _ *refusal) {
	b := l.bounds.berths
	switch {
	case b == nil || c.free(l):
		return nil, false, nil
	case b.take():
		return b, false, nil
	case line && b.wait(c.ctx):
		return b, true, nil
	case c.ctx.Err() != nil:
		return nil, false, refuse(c.gone(), -1, false)
	}
	f := fault.Named(fault.CodeTooManyCalls, nil)
	f.RetryAfter = time.Second // nobody knows
	later := !line && cap(b.waiting) > 0 && l.circuit.Ready()
	if !later {
		b.refused.Add(1)
	}
	return nil, false, c.held(l, f, later)
}

// Usage is how much of the bounds of a circuit is in use.
type Usage struct {
	RetriesLeft float64 // in the retry budget; negative: there is none
	MaxInFlight int     // 0: any number
	InFlight    int     // attempts out, their bodies included
	Queued      int     // calls that wait for one of them to end
	TurnedAway  int64   // attempts that found no place, neither at once nor in line
}

// Usage returns that of a circuit that calls have passed: a model's.
func (g *Guard) Usage(circuit *breaker.Breaker) (_ Usage, ok bool) {
	known, ok := g.bounds.Load(circuit)
	if !ok {
		return Usage{}, false
	}
	b := known.(*circuitBounds).now.Load() //nolint:forcetypeassert // nothing else is put there
	u := Usage{RetriesLeft: b.budget.Left(), InFlight: int(b.out.Load())}
	if b.berths != nil {
		u.MaxInFlight = cap(b.berths.taken)
		u.Queued, u.TurnedAway = len(b.berths.waiting), b.berths.refused.Load()
	}
	return u, true
}
