package breaker

import (
	"time"

	"github.com/recloser/recloser/breaker/internal/window"
)

// Permit is the admission of one call. Record it exactly once, with Done,
// Record or RecordResult; only the first counts. A permit that is never
// recorded does no harm beyond its call: a probe's place is given back when
// its lease ends. It belongs to one goroutine at a time, and must not be copied
// after its first use; go vet sees that.
//
// It is seven words, so that Allow can return it in registers.
type Permit struct {
	_     noCopy
	b     *Breaker
	begin instant
	own   half
	above half           // of the parent, if there is one
	win   *window.Window // where the call is counted
	cell  *window.Cell
	slot  flagged // of the window, and what became of the call
}

// noCopy is what go vet looks for.
type noCopy struct{}

func (noCopy) Lock()   {}
func (noCopy) Unlock() {}

// flagged is a slot's number with flags below it.
type flagged int64

const (
	content     flagged = 1 << iota // the first content has come
	answered                        // the window has the call as answered
	slowContent                     // for this circuit
	slowAbove                       // for its parent
	recorded
	slotShift = 5
)

func (p *Permit) is(flags flagged) bool { return p.slot&flags != 0 }

func (p *Permit) slotNumber() int64 { return int64(p.slot >> slotShift) }

// half is a permit's share in one circuit: Breaker.word as it was when the call
// was admitted, and above it the lease of a probe, or 0. Generation 0 stands for
// a call that was let through only because of a mode, and proves nothing.
type half uint64

const (
	leaseShift = generationShift + 32
	maxLease   = 1<<(64-leaseShift) - 1
)

func newHalf(generation, lease uint32) half {
	return half(generation)<<generationShift | half(lease)<<leaseShift
}

func (h half) lease() uint32 { return uint32(h >> leaseShift) }

// current reports whether the state that admitted the call still lasts.
func (h half) current(word uint64) bool {
	return uint32(h>>generationShift) == uint32(word>>generationShift)
}

// Probe reports whether the call is the test call of a half-open circuit, this
// one or its parent. It should not be repeated.
func (p *Permit) Probe() bool { return p.own.lease() != 0 || p.above.lease() != 0 }

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
	outcome := Failure // stays, if Classify does not return
	defer func() { p.Record(outcome) }()
	outcome = p.b.classify(errp)
}

// DoneAt is Done at the instant now.
func (p *Permit) DoneAt(now time.Time, errp *error) {
	if v := recover(); v != nil {
		p.RecordAt(now, Failure)
		panic(v)
	}
	outcome := Failure // stays, if Classify does not return
	defer func() { p.RecordAt(now, outcome) }()
	outcome = p.b.classify(errp)
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
	word := p.b.word.Load()
	if half(word) != p.own || word&(calmBit|timedBit) != calmBit || p.slot&(recorded|answered) != 0 {
		return false
	}
	if up := p.b.parent; up != nil {
		if word = up.word.Load(); half(word) != p.above || word&(calmBit|timedBit) != calmBit {
			return false
		}
	}
	if slot := p.slotNumber(); p.win.Head() != slot || !p.cell.AnswerUntimed(slot) {
		return false
	}
	p.slot |= recorded
	return true
}

// succeedAt records a success of a calm circuit, if that takes no lock.
func (p *Permit) succeedAt(t instant) bool {
	if p.is(recorded) || !p.answerAt(t) {
		return false
	}
	p.slot |= recorded
	return true
}

// answerAt counts an answer of a calm circuit, if that takes no lock.
func (p *Permit) answerAt(t instant) bool {
	flags, calm := p.calm()
	if !calm || !p.win.Current(int64(t)) {
		return false
	}
	if p.is(slowContent | slowAbove) {
		return false
	}
	if p.is(content) { // only its end is new
		if p.is(answered) {
			p.win.EndWell()
		}
		return p.is(answered)
	}
	took := time.Duration(t - p.begin)
	if flags&timedBit != 0 && p.slow(took) {
		return false
	}
	sample := flags&measuredBit != 0 && p.cell.Timed()
	if !p.cell.Answer(p.slotNumber()) {
		return false
	}
	if sample {
		p.measure(took)
	}
	p.slot |= answered
	return true
}

// calm reports whether the circuits of the call are calm and in the states that
// admitted it, and what flags any of them has.
func (p *Permit) calm() (flags uint64, calm bool) {
	word := p.b.word.Load()
	calm = word&calmBit != 0 && p.own.current(word)
	if up := p.b.parent; up != nil {
		above := up.word.Load()
		return word | above, calm && above&calmBit != 0 && p.above.current(above)
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
	p.slot |= recorded
	r = r.complete()
	if r.Outcome != Success && p.is(content) {
		p.slot &^= answered // what began as an answer has not ended as one
	}
	if r.Outcome == Success && !p.is(content) {
		p.measure(time.Duration(t - p.begin))
	}
	up := p.b.parent
	if up == nil {
		p.b.record(p, &p.own, t, r)
		return
	}
	up.turn(t)
	every := up.everyCall()
	p.b.record(p, &p.own, t, r.below(every))
	up.record(p, &p.above, t, r.above(every))
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
		p.win.Content()
		p.slot |= content
		return
	}
	p.measure(time.Duration(t - p.begin))
	up := p.b.parent
	if up != nil {
		up.turn(t)
	}
	p.b.progress(p, &p.own, t)
	if up != nil {
		up.progress(p, &p.above, t)
	}
	p.slot |= content
}
