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

// mayProbe asks the configuration whether a probe may go out. If it says no, it
// is asked again after a second.
func (b *Breaker) mayProbe(t instant) verdict {
	may := b.cfg().MayProbe
	if may == nil {
		return admitProbe
	}
	if t >= b.askAgain {
		if may(b.name) {
			return admitProbe
		}
		b.askAgain = t + instant(time.Second)
	}
	b.refuseUntil(b.askAgain)
	return refuse
}

// lend gives a probe's place to a caller, until its lease ends.
func (b *Breaker) lend(t instant) (lease uint32) {
	if b.state == Open {
		b.good = 0
		b.enter(HalfOpen, t)
		b.announce(Transition{From: Open, To: HalfOpen, At: b.time(t), Reason: ProbeDue})
	}
	b.leases = b.leases%maxLease + 1
	b.probes = slices.DeleteFunc(b.probes, func(p probe) bool { return t >= p.until && p.survive == 0 })
	b.probes = append(b.probes, probe{lease: b.leases, until: t + instant(b.cfg().ProbeLease)})
	d := b.tell(t, Event{Kind: ProbeBegan})
	out := &b.probes[len(b.probes)-1]
	b.planned = 0
	if d.Hold > 0 {
		out.until = t + instant(min(d.Hold, max(b.cfg().ResetTimeout, b.cfg().ProbeLease)))
	}
	if d.NextProbe > 0 {
		b.planned = t + instant(min(d.NextProbe, b.cfg().ResetTimeout))
		out.until = max(out.until, b.planned)
	}
	if d.Survive > 0 {
		out.survive = t + instant(min(d.Survive, maxDuration))
	}
	b.refreshRefusals()
	return b.leases
}

// giveBack frees the place of a probe, for the next caller.
func (b *Breaker) giveBack(lease uint32) {
	i := slices.IndexFunc(b.probes, func(p probe) bool { return p.lease == lease })
	if i < 0 { // it has made room for another long since
		return
	}
	b.probes = slices.Delete(b.probes, i, i+1)
	b.refusal.Store(nil)
}

// othersProbe reports whether another probe than that of the lease is out.
func (b *Breaker) othersProbe(lease uint32) bool {
	return slices.ContainsFunc(b.probes, func(p probe) bool { return p.lease != lease })
}

// leaveToOthers gives the place of a failed probe back while another is out, which
// holds back the next until then as the failed one did.
func (b *Breaker) leaveToOthers(lease uint32) {
	b.giveBack(lease)
	last := &b.probes[len(b.probes)-1]
	last.until = max(last.until, b.planned)
	b.refreshRefusals()
}

// doubt heeds a policy that no longer takes a probe for good only because it has
// been out for long.
func (b *Breaker) doubt(d Decision) {
	if d.Survive >= 0 || len(b.probes) == 0 {
		return
	}
	for i := range b.probes {
		b.probes[i].survive = 0
	}
	b.refreshRefusals()
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
// TCP's slow start does (RFC 5681). It ends when a whole window has gone by with
// nobody held back, and in any case in time: a service that always fails now and
// then is not held back for ever.
type ramp struct {
	limit  float64
	out    int // calls admitted by it
	left   int // ends until a whole window has gone by
	held   bool
	halved instant
	end    instant
}

func newRamp(end instant) *ramp { return &ramp{limit: 2, left: 2, halved: -farthest, end: end} }

// refused notes that the window was too small for the demand.
func (r *ramp) refused() {
	if r != nil {
		r.held = true
	}
}

// begun counts a call of the ramp.
func (r *ramp) begun() {
	if r != nil {
		r.out++
	}
}

// ended counts the end of a call, or its first content. An answer opens the
// window: by one call, or much less if it took far longer than usual. A failure
// halves it, at most once in the time of an answer.
func (r *ramp) ended(t instant, o Outcome, took, usual time.Duration) {
	if r == nil {
		return
	}
	r.left--
	r.out = max(r.out-1, 0)
	switch {
	case o == Failure && t-r.halved >= instant(usual):
		r.halved = t
		r.limit = max(r.limit/2, 1)
		r.left = min(r.left, int(r.limit))
	case o == Success && usual > 0 && float64(took) > 2.5*float64(usual):
		r.limit += 1 / r.limit
	case o == Success:
		r.limit++
	}
}

// over reports whether it is time to let everybody in.
func (r *ramp) over(t instant) bool {
	switch {
	case t >= r.end:
		return true
	case r.left > 0:
		return false
	case !r.held:
		return true
	}
	r.left, r.held = int(r.limit), false
	return false
}

// crowded reports whether there is no room for another call: in the window of the
// ramp, or in that of the policy.
func (b *Breaker) crowded(t instant) bool {
	if b.ramp != nil && b.ramp.over(t) {
		b.ramp = nil
		b.publish()
	}
	if b.ramp != nil && b.ramp.out >= int(b.ramp.limit) {
		b.ramp.refused()
		return true
	}
	if b.limit == 0 {
		return false
	}
	return b.out(b.rampFrom(t)) >= b.limit
}

// rampFrom is when the oldest calls began that a policy's ramp counts.
func (b *Breaker) rampFrom(t instant) instant {
	young := b.young
	if young == 0 {
		young = b.cfg().ProbeLease // so that calls which never end do not hold it for ever
	}
	return max(b.reclosedAt, t-instant(young))
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
