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
	parent *Breaker
	epoch  time.Time // instants count from here
	common *common   // with the circuits of the same registry

	word    atomic.Uint32 // generation, flags and state, packed
	set     atomic.Pointer[settings]
	win     atomic.Pointer[window.Window] // nil until a call comes, and again when none has come for long
	times   atomic.Pointer[window.Times]  // nil unless needed
	refusal atomic.Pointer[refusals]      // set while every call is refused
	refused atomic.Int64
	nudged  atomic.Bool // children may have something to deliver

	mu       sync.Mutex // guards all below; a parent's is taken before a child's
	children []*Breaker
	policy   Policy
	eye      View // what the policy sees, so that it need not be allocated

	mode       Mode
	state      State
	generation uint32  // of the current state; a permit's must match to count
	seen       instant // the newest at which a call was asked for: the clock was set back if it is less now
	since      instant // when the state was entered
	until      instant // open: when the probe is due
	down       instant // when the circuit was first opened since it was closed
	openings   int     // open periods in a row without a reclose
	trip       trip    // why the circuit opened last

	probes   []probe // that are out, while half-open
	leases   uint32  // given out so far
	good     int     // probes that succeeded in this half-open state
	planned  instant // when the policy wants the next probe, if this one fails; 0: it does not mind
	askAgain instant // whether a probe may go out

	ramp       *ramp // of Config.Ramp; nil: none
	limit      int   // calls out at once by the policy's ramp; 0: any
	young      time.Duration
	attend     bool // the policy wants the successes too
	run        run
	latest     []FailedCall
	reclosedAt instant   // at first, long ago
	held       *refusals // for those the ramp has no room for

	base         totals       // of windows that are gone
	merged       window.Ended // seen by others; also in base and in the window
	windows      uint8        // made so far, modulo 64
	warm         bool         // in common.warm
	spared       int64        // let through only because of the mode
	failed       int64
	policyPanics int64
	lastFailure  instant
	everFailed   bool
	rand         *rand.Rand
	transitions  uint64 // so far
	outbox       outbox
}

// totals are the calls that a window had counted.
type totals struct {
	begun    int64
	ended    window.Ended
	used     instant // when the last slot in use was over
	answered instant // when the newest answered slot was over; -farthest: never
}

// common is what the circuits of one registry share.
type common struct {
	bypass atomic.Bool
	warm   warm
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
	c := &common{}
	if cfg.Parent != nil {
		c = cfg.Parent.common
	}
	return newBreaker(now, name, newSettings(cfg), cfg.Parent, c), nil
}

func newBreaker(now time.Time, name string, set *settings, parent *Breaker, c *common) *Breaker {
	b := &Breaker{name: name, parent: parent, epoch: now, common: c, generation: 1, mode: set.Mode}
	b.reclosedAt, b.askAgain, b.seen = -farthest, -farthest, -farthest
	b.base.used, b.base.answered = -farthest, -farthest
	if parent != nil {
		b.epoch = parent.epoch
		b.since = b.at(now)
	}
	b.rand = rand.New(rand.NewPCG(set.Seed, hash(name)))
	b.adopt(set)
	b.startPolicy(b.since)
	if parent != nil {
		parent.mu.Lock()
		parent.children = append(parent.children, b)
		parent.mu.Unlock()
	}
	return b
}

// adopt makes settings those of the circuit, with a new policy.
func (b *Breaker) adopt(set *settings) {
	b.set.Store(set)
	b.policy = set.NewPolicy()
	switch {
	case !set.needs.AnswerTimes:
		b.times.Store(nil)
	case b.times.Load() == nil:
		b.times.Store(&window.Times{})
	}
}

func (b *Breaker) cfg() *Config { return &b.set.Load().Config }

// Name returns the circuit's name.
func (b *Breaker) Name() string { return b.name }

// Parent returns the circuit that calls need besides this one, or nil.
func (b *Breaker) Parent() *Breaker { return b.parent }

// State returns the current state without waiting for a lock. An open circuit
// whose period is over is still Open until a call takes the probe's permit.
func (b *Breaker) State() State { return State(b.word.Load() & stateMask) }

// Mode returns the mode without waiting for a lock.
func (b *Breaker) Mode() Mode { return Mode(b.word.Load() >> modeShift & modeMask) }

// Ready reports, without waiting for a lock, whether a call would be let
// through now, and not as a probe. Two calls that ask may find it true and only
// one be let through; Allow decides.
func (b *Breaker) Ready() bool {
	if b.parent != nil && !b.parent.Ready() {
		return false
	}
	switch b.Mode() {
	case Observe, Disabled:
		return true
	case ForcedOpen:
		return b.common.bypass.Load()
	case Normal:
	}
	return b.State() == Closed || b.common.bypass.Load()
}

// Allow asks to make one call now. It returns a permit, which must be recorded
// once when the call has ended, or an *OpenError without waiting.
func (b *Breaker) Allow() (p Permit, err error) {
	err = p.ask(b, b.now())
	return
}

// AllowAt is Allow at the instant now.
func (b *Breaker) AllowAt(now time.Time) (p Permit, err error) {
	err = p.ask(b, b.at(now))
	return
}

// ask makes p the permit of a call of b, unless that is refused.
func (p *Permit) ask(b *Breaker, t instant) error {
	if b.parent == nil {
		if word := b.word.Load(); word&calmBit != 0 && p.count(b, t) {
			p.b, p.begin, p.words = b, t, uint64(word)
			return nil
		}
		if e := b.refuse(t); e != nil {
			return e
		}
	} else if p.askBoth(b, t) {
		return nil
	}
	return p.askSlowly(b, t)
}

// askBoth is the fast path of two levels: both are calm.
func (p *Permit) askBoth(b *Breaker, t instant) bool {
	word, over := b.word.Load(), b.parent.word.Load()
	if word&over&calmBit == 0 || !b.parent.marksTurned(over, t) || !p.count(b, t) {
		return false
	}
	p.b, p.begin, p.words = b, t, uint64(word)|uint64(over)<<32
	return true
}

// count counts the call in the window, unless that takes the lock: if there is
// none yet, or the call is the first of a slot.
func (p *Permit) count(b *Breaker, t instant) bool {
	w := b.win.Load()
	if w == nil {
		return false
	}
	stripe, slot := w.Begin(int64(t))
	if stripe < 0 {
		return false
	}
	p.call = newPlace(w.ID, stripe, slot)
	return true
}

// askSlowly admits the call to its circuit and its parent, or to neither: if the
// circuit refuses, the parent has neither counted the call nor changed state.
// Locks are taken parent first.
func (p *Permit) askSlowly(b *Breaker, t instant) error {
	p.b, p.begin = b, t
	e := p.takeAbove(t)
	if b.parent != nil {
		b.parent.deliver()
	}
	b.deliver()
	if e != nil {
		*p = Permit{}
		return e
	}
	return nil
}

func (p *Permit) takeAbove(t instant) *OpenError {
	up := p.b.parent
	if up == nil {
		return p.takeOwn(t)
	}
	if word := up.word.Load(); word&calmBit != 0 && up.marksTurned(word, t) {
		e := p.takeOwn(t)
		p.admit(above, half(word), 0)
		return e
	}
	if e := up.refuse(t); e != nil {
		return e
	}
	up.mu.Lock()
	defer up.mu.Unlock()
	v := up.consult(t)
	if v == admitProbe {
		if e := p.b.refuse(t); e != nil { // before anybody is asked whether the parent may probe
			return e
		}
		v = up.mayProbe(t)
	}
	if v == refuse && !up.lenient() {
		return up.refuseNow()
	}
	if e := p.takeOwn(t); e != nil {
		return e
	}
	up.settle(p, above, t, v)
	return nil
}

// takeOwn admits the call to its circuit, the parent left aside.
func (p *Permit) takeOwn(t instant) *OpenError {
	b := p.b
	if word := b.word.Load(); word&calmBit != 0 && p.count(b, t) {
		p.admit(own, half(word), 0)
		return nil
	}
	if e := b.refuse(t); e != nil {
		return e
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	v := b.consult(t)
	if v == admitProbe {
		v = b.mayProbe(t)
	}
	if v == refuse && !b.lenient() {
		return b.refuseNow()
	}
	w := b.window(t)
	p.call = newPlace(w.ID, 0, w.BeginNow())
	b.settle(p, own, t, v)
	return nil
}

// lenient reports whether nothing may be refused now, whatever the state.
func (b *Breaker) lenient() bool { return b.mode == Observe || b.common.bypass.Load() }

// marksTurned reports whether a parent's counts have been marked in t's slot,
// if they have to be.
func (b *Breaker) marksTurned(word uint32, t instant) bool {
	if word&slottedBit == 0 {
		return true
	}
	w := b.win.Load()
	return w != nil && w.Current(int64(t))
}

// window returns the counts of calls, under the lock.
func (b *Breaker) window(t instant) *window.Window {
	w := b.win.Load()
	if w == nil {
		set := b.set.Load()
		w = window.New(int64(t), set.width)
		b.windows = (b.windows + 1) & maxID
		w.ID = b.windows
		if set.needs.Span > 0 {
			w.Mark(b.answeredBelow)
		}
		b.win.Store(w)
		if !b.warm {
			b.warm = true
			b.common.warm.add(b)
		}
	}
	return w
}

// answeredBelow is what a parent's children have answered, as far as it is the
// parent's: what others have seen is told to it by itself.
func (b *Breaker) answeredBelow() (e window.Ended) {
	for _, c := range b.children {
		c.mu.Lock()
		e.Answered += c.ended().Answered - c.merged.Answered
		c.mu.Unlock()
	}
	return e
}

// verdict is what a circuit would do with a call, before it has done it.
type verdict uint8

const (
	refuse verdict = iota
	admitCall
	admitProbe
)

// consult decides on a call at t. It changes nothing that the call would have
// to answer for: calls that hang, found here, may trip the circuit, and a probe
// that has been out for long may close it.
func (b *Breaker) consult(t instant) verdict {
	b.heedClock(t)
	if b.window(t).Turn(int64(t)) {
		b.look(t)
		b.common.warm.sweep(b, t)
	}
	switch b.mode {
	case ForcedOpen:
		return refuse
	case Disabled:
		return admitCall
	case Normal, Observe:
	}
	if b.state == HalfOpen && b.survived(t) {
		b.reclose(t, ProbeSurvived)
	}
	switch b.state {
	case Closed:
		if b.crowded(t) {
			return refuse
		}
		return admitCall
	case Open:
		if t >= b.until {
			return admitProbe
		}
	case HalfOpen:
		if b.free(t) {
			return admitProbe
		}
	}
	return refuse
}

// settle carries out a verdict: that of a refusal only where nothing may be
// refused.
func (b *Breaker) settle(p *Permit, l level, t instant, v verdict) {
	switch v {
	case refuse:
		b.spared++
		if b.state != Closed {
			p.admit(l, newHalf(0), 0) // its result is counted but judges nothing
			return
		}
	case admitProbe:
		lease := b.lend(t)
		p.admit(l, newHalf(b.generation), lease)
		return
	case admitCall:
	}
	if b.mode == Disabled {
		p.admit(l, newHalf(0), 0)
		return
	}
	b.ramp.begun()
	p.admit(l, newHalf(b.generation), 0)
}
