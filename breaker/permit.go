package breaker

import (
	"math"
	"time"

	"github.com/recloser/recloser/breaker/internal/window"
)

// Permit is the admission of one call. Record it exactly once, with Done,
// Record or RecordResult; only the first counts. A permit that is never
// recorded does no harm beyond its call: a probe's place is given back when
// its lease ends. It belongs to one goroutine at a time, and must not be copied
// after its first use; go vet sees that.
//
// It is four words, the most that the compiler returns in registers.
type Permit struct {
	b     *Breaker
	begin instant
	words uint64 // Breaker.word as it was when the call was admitted, and that of the parent above it
	call  place
}

// noCopy is what go vet looks for.
type noCopy struct{}

func (noCopy) Lock()   {}
func (noCopy) Unlock() {}

// place is where the window has counted a call, and what became of it: from
// below flags, the leases of probes in both circuits, the stripe, the window's
// number and the slot's.
type place struct {
	_    noCopy
	bits uint64
}

const (
	content     = 1 << iota // the first content has come
	answered                // the window has the call as answered
	slowContent             // for this circuit
	slowAbove               // for its parent
	recorded

	leaseShift  = 5
	leaseBits   = 8
	maxLease    = 1<<leaseBits - 1
	stripeShift = leaseShift + 2*leaseBits
	stripeBits  = 5
	idShift     = stripeShift + stripeBits
	idBits      = 6
	maxID       = 1<<idBits - 1
	slotShift   = idShift + idBits // 32
)

func newPlace(id uint8, stripe int, slot int64) place {
	return place{bits: uint64(stripe)<<stripeShift | uint64(id)<<idShift | uint64(slot)<<slotShift}
}

func (p *Permit) is(flags uint64) bool { return p.call.bits&flags != 0 }

func (p *Permit) mark(flags uint64) { p.call.bits |= flags }

func (p *Permit) unmark(flags uint64) { p.call.bits &^= flags }

// counted reports whether w has counted the call.
func (p *Permit) counted(w *window.Window) bool {
	return w != nil && uint64(w.ID) == p.call.bits>>idShift&maxID
}

func (p *Permit) stripe() int { return int(p.call.bits >> stripeShift & (1<<stripeBits - 1)) }

// slot is the low half of the slot's number.
func (p *Permit) slot() uint32 { return uint32(p.call.bits >> slotShift) }

// level is one of the two circuits of a call: its own, or the parent.
type level uint

const (
	own level = iota
	above
)

// half is a permit's share in one circuit: Breaker.word as it was when the call
// was admitted. Generation 0 stands for a call that was let through only because
// of a mode, and proves nothing.
type half uint32

func newHalf(generation uint32) half { return half(generation << generationShift) }

// current reports whether the state that admitted the call still lasts.
func (h half) current(word uint32) bool { return uint32(h)>>generationShift == word>>generationShift }

func (p *Permit) half(l level) half { return half(p.words >> (32 * l)) }

// admit sets what the call was admitted with: a lease of 0 is no probe.
func (p *Permit) admit(l level, h half, lease uint32) {
	p.words = p.words&^(math.MaxUint32<<(32*l)) | uint64(h)<<(32*l)
	shift := leaseShift + leaseBits*l
	p.call.bits = p.call.bits&^(maxLease<<shift) | uint64(lease)<<shift
}

// lease is that of the probe; 0: the call is none.
func (p *Permit) lease(l level) uint32 {
	return uint32(p.call.bits >> (leaseShift + leaseBits*l) & maxLease)
}

// Probe reports whether the call is the test call of a half-open circuit, this
// one or its parent. It should not be repeated.
func (p *Permit) Probe() bool { return p.lease(own) != 0 || p.lease(above) != 0 }

// Done records the call with the error that errp points to, judged by
// Config.Classify with a background context; nil stands for no error. It is
// made to be deferred in a function whose error result is named, and given its
// address; a result without a name it cannot read, and would take every call for
// a success. A panic that is under way is recorded as a failure and
// goes on. Only runtime.Goexit it cannot see: there *errp decides; Do and Run
// see that too.
func (p *Permit) Done(errp *error) {
	if v := recover(); v != nil {
		p.Record(Failure)
		panic(v)
	}
	r := Result{Outcome: Failure} // stays, if Classify does not return
	defer func() { p.RecordResult(r) }()
	r.Outcome, r.Class = p.b.classify(errp)
}

// DoneAt is Done at the instant now.
func (p *Permit) DoneAt(now time.Time, errp *error) {
	if v := recover(); v != nil {
		p.RecordAt(now, Failure)
		panic(v)
	}
	r := Result{Outcome: Failure} // stays, if Classify does not return
	defer func() { p.RecordResultAt(now, r) }()
	r.Outcome, r.Class = p.b.classify(errp)
}

// Record records the call with an outcome that the caller has decided.
func (p *Permit) Record(o Outcome) {
	if o != Success || !p.succeed() {
		p.record(p.b.now(), Result{Outcome: o})
	}
}

// RecordAt is Record at the instant now.
func (p *Permit) RecordAt(now time.Time, o Outcome) {
	t := p.b.at(now)
	if o != Success || !p.succeedAt(t) {
		p.record(t, Result{Outcome: o})
	}
}

// RecordResult is Record with all that is known.
func (p *Permit) RecordResult(r Result) {
	if r.Outcome != Success || !p.succeed() {
		p.record(p.b.now(), r)
	}
}

// RecordResultAt is RecordResult at the instant now.
func (p *Permit) RecordResultAt(now time.Time, r Result) { p.record(p.b.at(now), r) }

// succeed records a success of a calm circuit, if that needs no clock. The
// clock is read for the first answers of each slot and then for each 16th, so
// that a slot which is over is noticed to be, however few calls there are.
func (p *Permit) succeed() bool {
	b := p.b
	word := b.word.Load()
	if word != uint32(p.words) || word&(calmBit|timedBit) != calmBit || p.call.bits&(recorded|answered|content) != 0 {
		return false
	}
	if up := b.parent; up != nil {
		if word = up.word.Load(); word != uint32(p.words>>32) || word&(calmBit|timedBit) != calmBit {
			return false
		}
	}
	if w := b.win.Load(); !p.counted(w) || !w.AnswerUntimed(p.stripe(), p.slot()) {
		return false
	}
	p.mark(recorded)
	return true
}

// succeedAt records a success of a calm circuit, if that takes no lock.
func (p *Permit) succeedAt(t instant) bool {
	if p.is(recorded) || !p.answerAt(t) {
		return false
	}
	p.mark(recorded)
	return true
}

// answerAt counts an answer of a calm circuit, if that takes no lock.
func (p *Permit) answerAt(t instant) bool {
	flags, calm := p.calm()
	w := p.b.win.Load()
	if !calm || p.is(slowContent|slowAbove) || !p.counted(w) || !w.Current(int64(t)) {
		return false
	}
	if p.is(content) { // only its end is new
		if p.is(answered) {
			w.EndWell()
		}
		return p.is(answered)
	}
	took := time.Duration(t - p.begin)
	if flags&timedBit != 0 && p.slow(took) {
		return false
	}
	sample := flags&measuredBit != 0 && w.Timed(p.stripe(), p.slot())
	if !w.Answer(p.stripe(), p.slot()) {
		return false
	}
	if sample {
		p.measure(took)
	}
	p.mark(answered)
	return true
}

// calm reports whether the circuits of the call are calm and in the states that
// admitted it, and what flags any of them has.
func (p *Permit) calm() (flags uint32, calm bool) {
	word := p.b.word.Load()
	calm = word&calmBit != 0 && p.half(own).current(word)
	if up := p.b.parent; up != nil {
		over := up.word.Load()
		return word | over, calm && over&calmBit != 0 && p.half(above).current(over)
	}
	return word, calm
}

// slow reports whether a call of that length is a slow one of its circuits.
func (p *Permit) slow(took time.Duration) bool {
	return p.b.slow(took) || p.b.parent != nil && p.b.parent.slow(took)
}

// measure takes in how long an answer took.
func (p *Permit) measure(took time.Duration) {
	p.b.measure(took)
	if up := p.b.parent; up != nil {
		up.measure(took)
	}
}

// record takes a result in where locks may have to be taken.
func (p *Permit) record(t instant, r Result) {
	if p.is(recorded) || r.Outcome == Success && p.succeedAt(t) {
		return
	}
	p.mark(recorded)
	r = r.complete()
	if r.Outcome != Success && p.is(content) {
		p.unmark(answered) // what began as an answer has not ended as one
	}
	if r.Outcome == Success && !p.is(content) {
		p.measure(time.Duration(t - p.begin))
	}
	up := p.b.parent
	if up == nil {
		p.b.record(p, own, t, r)
		return
	}
	up.turn(t)
	every := up.everyCall()
	p.b.record(p, own, t, r.below(every))
	up.record(p, above, t, r.above(every))
}

// Progress says that the call is alive: its first content has come. It does
// not record the call, but a probe recloses its circuit now and the permit
// then belongs to the closed state; and the call is no longer counted as one
// that may hang. For answers that take long, such as streams: how slow they
// were is taken to the first content.
func (p *Permit) Progress() { p.progress(p.b.now()) }

// ProgressAt is Progress at the instant now.
func (p *Permit) ProgressAt(now time.Time) { p.progress(p.b.at(now)) }

func (p *Permit) progress(t instant) {
	if p.is(recorded | content) {
		return
	}
	if p.answerAt(t) {
		if w := p.b.win.Load(); p.counted(w) { // else it was retired just now
			w.Content()
		}
		p.mark(content)
		return
	}
	p.measure(time.Duration(t - p.begin))
	up := p.b.parent
	if up != nil {
		up.turn(t)
	}
	p.b.progress(p, own, t)
	if up != nil {
		up.progress(p, above, t)
	}
	p.mark(content)
}
