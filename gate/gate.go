package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// slotWidth is how finely the answers of a calm gate are counted.
const slotWidth = 250 * instant(time.Millisecond)

// Gate holds back the calls of one key to one model while the service's limits
// allow none. Make one with New; it is safe for concurrent use.
type Gate struct {
	label, model string
	epoch        time.Time
	set          atomic.Pointer[Config] // replaced under the lock
	overflow     bool                   // stands for many keys, so it holds back none

	// What a calm gate needs: open, without a limit, a recent 429 or a line.
	calm    atomic.Bool
	slot    atomic.Int64 // in which answers and others are counted
	answers atomic.Int64
	others  atomic.Int64 // attempts that ended otherwise

	mu    sync.Mutex // of all that follows
	rand  *rand.Rand
	state State
	since instant
	used  instant // by a call

	stirred instant // when it was calm for the last time

	until    instant // closed until then
	closed   instant // when it was closed
	promised bool    // the service said until when, and has not answered a call since
	guesses  int     // 429s in a row that did not say how long to wait
	law      law
	park     park
	line     []*Ticket

	asked, answered meter

	lastLimit                              instant
	rateLimits, overloads, quotas, badKeys int64
	refused                                int64
	outbox                                 outbox
}

// New returns the open gate of a key and a model, or an error that names the
// field of cfg that is wrong and its range. The key is only used to make a
// label. It should be a keyed hash, not the secret itself.
func New(key, model string, cfg Config) (*Gate, error) { return NewAt(time.Now(), key, model, cfg) }

// NewAt is New at the instant now.
func NewAt(now time.Time, key, model string, cfg Config) (*Gate, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return newGate(now, labelOf(key), model, newSettings(cfg)), nil
}

func newGate(now time.Time, label, model string, set *Config) *Gate {
	g := &Gate{label: label, model: model, epoch: now}
	g.adopt(set)
	g.calm.Store(true)
	return g
}

// adopt makes the gate go by set; a new seed starts its random numbers anew.
func (g *Gate) adopt(set *Config) {
	if old := g.set.Swap(set); old == nil || old.Seed != set.Seed {
		g.rand = rand.New(rand.NewPCG(set.Seed, hash(g.label, g.model)))
	}
}

func (g *Gate) cfg() *Config { return g.set.Load() }

// labelOf is a short name of a key that does not tell it.
func labelOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:6])
}

// hash gives each gate of one seed random numbers of its own.
func hash(label, model string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(label + "/" + model))
	return h.Sum64()
}

// Label stands for the gate's key: the first 12 hexadecimal digits of its
// SHA-256.
func (g *Gate) Label() string { return g.label }

// Model returns the gate's model.
func (g *Gate) Model() string { return g.model }

// Allow asks to make one call now. It returns nil, or a *ClosedError without
// waiting. While others wait in line, it refuses. An attempt that was let through
// ends in a [Gate.Report]; one that is not made after all, in a [Gate.Withdraw].
func (g *Gate) Allow() error {
	if g.calm.Load() {
		return nil
	}
	return g.allow(g.now())
}

// AllowAt is Allow at the instant now.
func (g *Gate) AllowAt(now time.Time) error {
	if g.calm.Load() {
		return nil
	}
	return g.allow(g.at(now))
}

func (g *Gate) allow(t instant) error {
	defer g.enter(t)()
	g.ask(t)
	if g.pass(t) {
		return nil
	}
	return g.refusal(g.due(t, len(g.line)), g.notNow())
}

// ask notes that a call is asked for.
func (g *Gate) ask(t instant) {
	g.asked.add(t, 1)
	g.used = max(g.used, t)
}

// ReadyIn is how long it takes, as far as is known, until a call that came next
// would be let through: 0 now, else at least 1 ms. ok is false if the key is
// parked: waiting does not help, and a test is not for just any call. It takes
// nothing and does not count as asking, so two who ask may both be told 0 and only
// one be let through; Allow decides.
func (g *Gate) ReadyIn() (d time.Duration, ok bool) { return g.readyIn(g.now) }

// ReadyInAt is ReadyIn at the instant now.
func (g *Gate) ReadyInAt(now time.Time) (d time.Duration, ok bool) {
	return g.readyIn(func() instant { return g.at(now) })
}

func (g *Gate) readyIn(now func() instant) (time.Duration, bool) {
	if g.calm.Load() {
		return 0, true
	}
	t := now()
	defer g.enter(t)()
	switch {
	case g.park.on:
		return 0, false
	case len(g.line) == 0 && t >= g.until && g.law.free():
		return 0, true
	}
	return time.Duration(max(g.due(t, len(g.line))-t, polite)), true
}

// notNow is why a call is refused that does not want to wait.
func (g *Gate) notNow() Refusal {
	if g.park.on {
		return KeyParked
	}
	return NotNow
}

// enter takes the lock and brings the gate to t; what it returns lets go of the
// lock and tells the observer.
func (g *Gate) enter(t instant) (leave func()) {
	g.mu.Lock()
	g.look(t)
	return func() {
		g.settle(t, "")
		g.mu.Unlock()
		g.deliver()
	}
}

// look takes in what time alone has changed.
func (g *Gate) look(t instant) {
	g.fold(t)
	g.notFarOff(t)
	g.law.advance(t, g.demand(t))
	g.settle(t, WaitOver)
	// Those who wait in line ask all the time.
	if g.law.rate > 0 && len(g.line) == 0 && g.law.over(t, g.demand(t)) {
		g.law.rate, g.law.found.spare = 0, math.Inf(1)
		g.settle(t, DemandMet)
	}
}

// notFarOff bounds what lies ahead, if the clock was set back or the bounds are
// new.
func (g *Gate) notFarOff(t instant) {
	longest := t + instant(g.cfg().MaxClosed)
	if g.until > longest {
		g.until = longest
		g.law.next(t, longest)
	}
	g.law.hit, g.law.cut, g.law.began = min(g.law.hit, longest), min(g.law.cut, t), min(g.law.began, t)
	g.stirred = min(g.stirred, t)
	g.park.notFarOff(t, g.cfg())
	g.law.found.notFarOff(t, longest)
	g.law.rivals.notFarOff(t)
	if g.law.upTo > t+second {
		g.law.upTo = t
	}
	g.asked.notFarOff(t)
	g.answered.notFarOff(t)
}

// demand is how many calls a second are asked for. Those who wait in line ask all
// the time.
func (g *Gate) demand(t instant) float64 {
	return max(g.asked.see(t), float64(len(g.line))/patience)
}

// patience is in how many seconds those in line would all like to go.
const patience = 10

// settle enters the state that follows from what is set, for the reason given;
// without one, only whether the gate is calm.
func (g *Gate) settle(t instant, why Reason) {
	if to := g.stateOf(t); to != g.state && why != "" {
		tr := Transition{Label: g.label, Model: g.model, From: g.state, To: to, At: g.time(t), Reason: why, Rate: g.law.rate}
		switch to {
		case Closed:
			tr.Until = g.time(g.until)
		case Parked:
			tr.Until, tr.ParkedFor = g.time(g.park.due), g.park.why
		case Open, Limited:
		}
		g.state, g.since = to, t
		g.announce(tr)
	}
	calm := g.state == Open && len(g.line) == 0 && !g.law.recent(t)
	switch {
	case calm: // answers are not looked at one by one then
		g.guesses, g.promised = 0, false
	case g.calm.Load():
		g.stirred = t
	}
	g.law.found.marked = g.law.found.marked && !calm // who passes then is not counted
	g.calm.Store(calm)
}

func (g *Gate) stateOf(t instant) State {
	switch {
	case g.park.on:
		return Parked
	case t < g.until:
		return Closed
	case g.law.rate > 0:
		return Limited
	}
	return Open
}

// pass lets a call through if that is possible now.
func (g *Gate) pass(t instant) bool { return len(g.line) == 0 && g.take(t) }

// take is pass for who comes first.
func (g *Gate) take(t instant) bool {
	if t < g.until {
		return false
	}
	if g.park.on {
		return g.park.take(t, instant(g.cfg().TestLease))
	}
	return g.law.take()
}

// due is when a caller with so many before it would be let through, as far as is
// known: later if calls are limited again.
func (g *Gate) due(t instant, before int) instant {
	if g.park.on {
		return g.nextTest(t)
	}
	return g.law.due(before+1, max(t, g.until), g.demand(t))
}

// count takes in the end of a call of a calm gate without a lock. It reports
// false if that needs one: the first of a slot does.
func (g *Gate) count(t instant, k Kind) bool {
	if g.slot.Load() != int64(t/slotWidth) {
		return false
	}
	if k == Answer {
		g.answers.Add(1)
	} else {
		g.others.Add(1)
	}
	return true
}

// fold adds what was counted without the lock to the meters, and begins the slot
// of t. A calm gate does not count who asks: each call that ends has asked.
func (g *Gate) fold(t instant) {
	answers, others := g.answers.Swap(0), g.others.Swap(0)
	slot := g.slot.Swap(int64(t / slotWidth))
	if answers+others == 0 {
		return
	}
	then := min(t, instant(slot)*slotWidth+slotWidth/2)
	g.answered.add(then, float64(answers))
	g.asked.add(then, float64(answers+others))
	g.used = max(g.used, then)
}
