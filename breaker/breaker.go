package breaker

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/recloser/recloser/breaker/internal/window"
)

// Breaker is one circuit. Make it with New; its methods are safe for
// concurrent use. A closed circuit without recent failures is called calm:
// then a call costs a few atomic operations and no lock.
type Breaker struct {
	name   string
	cfg    Config // with its defaults filled in
	parent *Breaker
	epoch  time.Time      // instants count from here
	win    *window.Window // calls by start slot; nil unless StallAfter is set

	word    atomic.Uint64            // generation, calm bit and state, packed
	refusal atomic.Pointer[refusals] // set while every call is refused
	total   atomic.Int64
	refused atomic.Int64
	spared  atomic.Int64 // let through only because the mode is Observe

	mu          sync.Mutex // guards all below
	state       State
	generation  uint64  // of the current state; a permit's must match to count
	since       instant // when the state was entered
	until       instant // open: when the probe is due; half-open: end of the lease
	lease       uint64  // of the probe that is out; 0: none
	leases      uint64  // leases given out so far
	run         run
	openings    int // open periods in a row without a reclose
	failed      int64
	lastFailure instant
	everFailed  bool
	rand        *rand.Rand
	outbox      outbox
}

// New returns a closed circuit. The name is for people: it is in errors,
// transitions and metrics. An error names the field of cfg that is wrong and
// its range.
func New(name string, cfg Config) (*Breaker, error) {
	return NewAt(time.Now(), name, cfg)
}

// NewAt is New at the instant now, which becomes the start of the closed
// state.
func NewAt(now time.Time, name string, cfg Config) (*Breaker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return newBreaker(now, name, cfg.withDefaults()), nil
}

func newBreaker(now time.Time, name string, cfg Config) *Breaker {
	b := &Breaker{name: name, cfg: cfg, parent: cfg.Parent, epoch: now, generation: 1}
	if b.parent != nil {
		b.epoch = b.parent.epoch
		b.since = b.at(now)
	}
	if cfg.StallAfter > 0 {
		b.win = window.New(cfg.StallAfter / stallSlots)
	}
	b.rand = rand.New(rand.NewPCG(cfg.Seed, hash(name)))
	b.publish()
	return b
}

// Name returns the circuit's name.
func (b *Breaker) Name() string { return b.name }

// Parent returns the circuit that calls need besides this one, or nil.
func (b *Breaker) Parent() *Breaker { return b.parent }

// State returns the current state without waiting for a lock. An open circuit
// whose period is over is still Open until a call takes the probe's permit.
func (b *Breaker) State() State { return State(b.word.Load() & stateMask) }

// Allow asks to make one call now. It returns a permit, which must be recorded
// once when the call has ended, or an *OpenError without waiting.
func (b *Breaker) Allow() (Permit, error) { return b.admit(b.now()) }

// AllowAt is Allow at the instant now.
func (b *Breaker) AllowAt(now time.Time) (Permit, error) { return b.admit(b.at(now)) }

func (b *Breaker) admit(t instant) (Permit, error) {
	var own, above half
	var refusal *OpenError
	if b.parent == nil {
		own, refusal = b.take(t)
		b.deliver()
	} else {
		own, above, refusal = b.takeBoth(t)
	}
	if refusal != nil {
		return Permit{}, refusal
	}
	return Permit{begin: t, own: own, above: above}, nil
}

// take admits a call to this circuit, its parent left aside.
func (b *Breaker) take(t instant) (half, *OpenError) {
	if h, ok := b.takeCalm(t, watched); ok {
		return h, nil
	}
	if e := b.refuse(t); e != nil {
		return half{}, e
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.settle(t, b.consult(t), watched)
}

// takeBoth admits a call to the parent and to this circuit, or to neither: if
// this circuit refuses, the parent has neither counted the call nor changed
// state. Locks are taken parent first.
func (b *Breaker) takeBoth(t instant) (own, above half, refusal *OpenError) {
	up := b.parent
	defer up.deliver()
	defer b.deliver()
	if h, ok := up.takeCalm(t, unwatched); ok {
		if own, refusal = b.take(t); refusal != nil {
			up.withdraw()
		}
		return own, h, refusal
	}
	if refusal = up.refuse(t); refusal != nil {
		return own, above, refusal
	}
	up.mu.Lock()
	defer up.mu.Unlock()
	v := up.consult(t)
	if v == refuse && up.cfg.Mode != Observe {
		_, refusal = up.settle(t, v, unwatched)
		return own, above, refusal
	}
	if own, refusal = b.take(t); refusal == nil {
		above, refusal = up.settle(t, v, unwatched)
	}
	return own, above, refusal
}

// Whether a call counts among those that may hang: only in its own circuit. Of
// the parent, a call that is slow to answer says nothing.
const (
	watched   = true
	unwatched = false
)

// takeCalm is the fast path: closed, and no failure in the run.
func (b *Breaker) takeCalm(t instant, watch bool) (half, bool) {
	word := b.word.Load()
	if word&calmBit == 0 {
		return half{}, false
	}
	h := half{b: b, generation: word >> generationShift}
	if watch && b.win != nil {
		h.slot, h.out = b.win.Slot(int64(t)), true
		if !b.win.Begin(h.slot) {
			return half{}, false // the first call of a slot takes the lock
		}
	}
	b.total.Add(1)
	return h, true
}

// withdraw takes back a calm admission as if it had never been asked for.
func (b *Breaker) withdraw() { b.total.Add(-1) }

// verdict is what a circuit would do with a call, before it has done it.
type verdict uint8

const (
	refuse verdict = iota
	admitCall
	admitProbe
)

// consult decides on a call at t. It changes nothing that the call would have
// to answer for: only stalled calls, found here, may trip the circuit.
func (b *Breaker) consult(t instant) verdict {
	b.reanchor(t)
	switch b.state {
	case Closed:
		if b.win != nil && b.win.Turn(b.win.Slot(int64(t))) && b.judge(t, 0) {
			return refuse
		}
		return admitCall
	case Open:
		if t >= b.until {
			return admitProbe
		}
	case HalfOpen:
		if b.lease == 0 || t >= b.until {
			return admitProbe
		}
	}
	return refuse
}

// settle carries out a verdict.
func (b *Breaker) settle(t instant, v verdict, watch bool) (half, *OpenError) {
	h := half{b: b, generation: b.generation}
	switch v {
	case refuse:
		if b.cfg.Mode != Observe {
			return half{}, b.refuseNow()
		}
		b.spared.Add(1)
		h.generation = 0 // its result is counted but judges nothing
	case admitProbe:
		h.lease = b.lend(t)
		h.generation = b.generation
	case admitCall:
	}
	b.total.Add(1)
	if watch && b.win != nil {
		h.slot, h.out = b.win.BeginNow(), true
	}
	return h, nil
}
