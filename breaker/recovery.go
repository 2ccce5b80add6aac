package breaker

import (
	"math"
	"slices"
	"time"
)

// orderSlot is how finely the order of starts is judged.
const orderSlot = instant(250 * time.Millisecond)

// run is a row of failures that no success has ended.
type run struct {
	failures int
	first    instant // when the call of the first failure began
	stalled  int     // calls that hung when the circuit last opened
}

// add takes in a failure of a call begun at begin.
func (r *run) add(begin instant) {
	if r.failures == 0 {
		r.first = begin
	}
	r.failures++
}

// endedBy reports whether a success begun at begin ends the run: not if it
// began in an earlier slot than the first failure, since it then says nothing
// about the time after.
func (r *run) endedBy(begin instant) bool { return slotOf(begin) >= slotOf(r.first) }

func slotOf(t instant) int64 {
	slot := int64(t / orderSlot)
	if t%orderSlot < 0 {
		slot-- // a division that rounds down, also before the epoch
	}
	return slot
}

// period is the length of the n-th open period in a row, before the cap:
// 2^(n-1)·base + U(0, base).
func (b *Breaker) period(n int) time.Duration {
	base, limit := b.cfg().BaseTimeout, b.cfg().ResetTimeout
	jitter := time.Duration(b.rand.Float64() * float64(base))
	growth := math.Ldexp(float64(base), n-1)
	if growth >= float64(limit) {
		return limit
	}
	return time.Duration(growth) + jitter
}

// probe is one test call that is out.
type probe struct {
	lease   uint32
	until   instant // when its place is free again
	survive instant // when it counts as good; 0: never
}

func (p *probe) shift(step instant) {
	p.until += step
	if p.survive != 0 {
		p.survive += step
	}
}

// free reports whether a probe may go out, in the half-open state.
func (b *Breaker) free(t instant) bool {
	taken := 0
	for _, p := range b.probes {
		if t < p.until {
			taken++
		}
	}
	return taken < b.cfg().Probes
}

// survived reports whether a probe has been out for longer than failures take.
func (b *Breaker) survived(t instant) bool {
	return slices.ContainsFunc(b.probes, func(p probe) bool { return p.survive != 0 && t >= p.survive })
}

// mayProbe asks the configuration. If it says no, it is asked again after a
// second.
func (b *Breaker) mayProbe(t instant) bool {
	may := b.cfg().MayProbe
	if may == nil || may() {
		return true
	}
	b.refuseUntil(t + instant(time.Second))
	return false
}

// lend gives a probe's place to a caller, until its lease ends.
func (b *Breaker) lend(t instant) (lease uint32) {
	if b.state == Open {
		b.good = 0
		b.enter(HalfOpen, t, ProbeDue, Evidence{})
	}
	b.leases = b.leases%maxLease + 1
	b.probes = slices.DeleteFunc(b.probes, func(p probe) bool { return t >= p.until && p.survive == 0 })
	b.probes = append(b.probes, probe{lease: b.leases, until: t + instant(b.cfg().ProbeLease)})
	d := b.ask(t, Event{Kind: ProbeBegan})
	out := &b.probes[len(b.probes)-1]
	b.planned = 0
	if d.Hold > 0 {
		out.until = t + instant(d.Hold)
	}
	if d.NextProbe > 0 {
		b.planned = t + instant(min(d.NextProbe, b.cfg().ResetTimeout))
		out.until = max(out.until, b.planned)
	}
	if d.Survive > 0 {
		out.survive = t + instant(d.Survive)
	}
	b.refreshRefusals()
	return b.leases
}

// giveBack frees the place of a probe, for the next caller.
func (b *Breaker) giveBack(lease uint32) {
	if lease == 0 {
		return
	}
	b.probes = slices.DeleteFunc(b.probes, func(p probe) bool { return p.lease == lease })
	b.refusal.Store(nil)
}

// nextProbe is when the policy wants the next probe after a failed one: as it
// says now, or said when the probe began. Zero: it does not mind.
func (b *Breaker) nextProbe(t instant, d Decision) time.Duration {
	if d.NextProbe > 0 || b.planned == 0 {
		return d.NextProbe
	}
	return max(time.Duration(b.planned-t), 1)
}

// refreshRefusals lets calls be refused without the lock for as long as nothing
// can change that, while half-open: until so many probes have lost their places
// that one is free, or one has survived.
func (b *Breaker) refreshRefusals() {
	over := len(b.probes) - b.cfg().Probes
	if over < 0 {
		b.refusal.Store(nil)
		return
	}
	ends := make([]instant, len(b.probes))
	until := farthest
	for i, p := range b.probes {
		ends[i] = p.until
		if p.survive != 0 {
			until = min(until, p.survive)
		}
	}
	slices.Sort(ends)
	b.refuseUntil(min(until, ends[over]))
}

// ramp lets calls back in step by step after a reclose: a window of calls out
// that doubles each time it has been answered, and halves when a call fails, as
// TCP's slow start does (RFC 5681).
type ramp struct {
	limit  float64
	left   int // answers until a whole window has gone by
	held   bool
	halved instant
}

func newRamp() *ramp { return &ramp{limit: 2, left: 2, halved: -farthest} }

// refused notes that the window was too small for the demand.
func (r *ramp) refused() {
	if r != nil {
		r.held = true
	}
}

// answered opens the window: by one call, or much less if the answer took far
// longer than usual.
func (r *ramp) answered(took, usual time.Duration) {
	if r == nil {
		return
	}
	r.left--
	if usual > 0 && float64(took) > 2.5*float64(usual) {
		r.limit += 1 / r.limit
		return
	}
	r.limit++
}

// failed halves the window, at most once in the time of an answer.
func (r *ramp) failed(t instant, usual time.Duration) {
	if r == nil || t-r.halved < instant(usual) {
		return
	}
	r.halved = t
	r.limit = max(r.limit/2, 1)
	r.left, r.held = int(r.limit), true
}

// over reports whether a whole window was answered with nobody held back.
func (r *ramp) over() bool {
	if r.left > 0 {
		return false
	}
	if !r.held {
		return true
	}
	r.left, r.held = int(r.limit), false
	return false
}

// crowded reports whether the ramp has no room for another call.
func (b *Breaker) crowded(t instant) bool {
	if b.ramp != nil && b.ramp.over() {
		b.ramp = nil
		b.publish()
	}
	limit := b.limit
	if b.ramp != nil && (limit == 0 || int(b.ramp.limit) < limit) {
		limit = int(b.ramp.limit)
	}
	if limit == 0 {
		return false
	}
	young := b.young
	if young == 0 {
		young = b.cfg().ProbeLease // so that calls which never end do not hold it for ever
	}
	return b.out(max(b.recloses, t-instant(young))) >= limit
}

// meanAnswer is how long answers took of late; 0 if nobody knows.
func (b *Breaker) meanAnswer() time.Duration {
	if t := b.times.Load(); t != nil && t.Count() >= 20 {
		return t.Mean()
	}
	return 0
}

// measure takes in how long an answer took.
func (b *Breaker) measure(took time.Duration) {
	if t := b.times.Load(); t != nil {
		t.Add(took)
	}
}

func (b *Breaker) slow(took time.Duration) bool {
	after := b.set.Load().needs.SlowAfter
	return after > 0 && took > after
}
