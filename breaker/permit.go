package breaker

import (
	"sync/atomic"
	"time"
)

// Outcome is what a call says about the service.
type Outcome uint8

// The outcomes. The zero value is not one of them, so that a forgotten one is
// noticed: it is recorded as a failure.
const (
	Success Outcome = iota + 1
	Failure
	Ignored // says nothing: the caller left, or made a mistake
)

// String returns "success", "failure" or "ignored".
func (o Outcome) String() string {
	switch o {
	case Success:
		return "success"
	case Failure:
		return "failure"
	case Ignored:
		return "ignored"
	}
	return "invalid"
}

// Reach is what a call says about the parent of its circuit.
type Reach uint8

// How far a call came. A parent counts a failure only if it was Unreached,
// and a success whenever it Answered, whatever the answer was.
const (
	ReachUnknown Reach = iota // nothing is said; a success counts as Answered
	Answered                  // the parent's host gave an answer, good or bad
	Unreached                 // it could not be reached at all: DNS, dial, TLS
)

// Result is everything that can be recorded of a call.
type Result struct {
	Outcome Outcome
	Reach   Reach
	// RetryAfter is how long the service asked to be left alone: if this
	// result opens the circuit, the open period is at least as long, within
	// ResetTimeout.
	RetryAfter time.Duration
}

// above is the result for the parent.
func (r Result) above() Result {
	switch {
	case r.Reach == Unreached && r.Outcome == Failure:
		return r
	case r.Reach == Answered, r.Reach == ReachUnknown && r.Outcome == Success:
		return Result{Outcome: Success}
	}
	return Result{Outcome: Ignored}
}

// below is the result for the circuit itself, where it has a parent.
func (r Result) below() Result {
	if r.Reach == Unreached {
		r.Outcome = Ignored
	}
	return r
}

// Permit is the admission of one call. Record it exactly once, with Done,
// Record or RecordResult; only the first counts. A permit that is never
// recorded does no harm beyond its call: a probe's place is given back when
// its lease ends. It must not be copied after its first use; go vet sees that.
type Permit struct {
	begin    instant
	own      half
	above    half // of the parent; its b is nil without one
	recorded atomic.Uint32
}

// half is a permit's share in one circuit.
type half struct {
	b          *Breaker
	generation uint64 // of the state that admitted it
	lease      uint64 // of the probe; 0: no probe
	slot       int64
	out        bool // counted as out in slot
}

// Probe reports whether the call is the test call of a half-open circuit, this
// one or its parent. It should not be repeated.
func (p *Permit) Probe() bool { return p.own.lease != 0 || p.above.lease != 0 }

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
	outcome = p.own.b.classify(errp)
}

// DoneAt is Done at the instant now.
func (p *Permit) DoneAt(now time.Time, errp *error) {
	if v := recover(); v != nil {
		p.RecordAt(now, Failure)
		panic(v)
	}
	outcome := Failure // stays, if Classify does not return
	defer func() { p.RecordAt(now, outcome) }()
	outcome = p.own.b.classify(errp)
}

// Record records the call with an outcome that the caller has decided.
func (p *Permit) Record(o Outcome) { p.record(p.own.b.now(), Result{Outcome: o}) }

// RecordAt is Record at the instant now.
func (p *Permit) RecordAt(now time.Time, o Outcome) {
	p.RecordResultAt(now, Result{Outcome: o})
}

// RecordResult is Record with all that is known.
func (p *Permit) RecordResult(r Result) { p.record(p.own.b.now(), r) }

// RecordResultAt is RecordResult at the instant now.
func (p *Permit) RecordResultAt(now time.Time, r Result) { p.record(p.own.b.at(now), r) }

func (p *Permit) record(t instant, r Result) {
	if !p.recorded.CompareAndSwap(0, 1) {
		return
	}
	if r.Outcome != Success && r.Outcome != Ignored {
		r.Outcome = Failure
	}
	if p.above.b == nil {
		p.own.finish(t, p.begin, r)
		return
	}
	p.own.finish(t, p.begin, r.below())
	p.above.finish(t, p.begin, r.above())
}

// Progress says that the call is alive: its first content has come. It does
// not record the call, but a probe recloses its circuit now and the permit
// then belongs to the closed state; and the call is no longer counted as one
// that may hang. For answers that take long, such as streams.
func (p *Permit) Progress() { p.progress(p.own.b.now()) }

// ProgressAt is Progress at the instant now.
func (p *Permit) ProgressAt(now time.Time) { p.progress(p.own.b.at(now)) }

func (p *Permit) progress(t instant) {
	if p.recorded.Load() != 0 {
		return
	}
	p.own.progress(t)
	if p.above.b != nil {
		p.above.progress(t)
	}
}

// land ends the time in which the call may count as one that hangs.
func (h *half) land() {
	if h.out {
		h.b.win.End(h.slot)
		h.out = false
	}
}

// finish records an outcome in one circuit.
func (h *half) finish(t, begin instant, r Result) {
	b := h.b
	if h.out && r.Outcome == Success {
		b.win.Answered(h.slot)
	}
	h.land()
	if r.Outcome == Success && b.word.Load()&calmBit != 0 {
		return // there is no run to end
	}
	if r.Outcome == Ignored && h.lease == 0 {
		return
	}
	b.mu.Lock()
	b.note(h, t, begin, r)
	b.mu.Unlock()
	b.deliver()
}

// note takes a result in, under the lock.
func (b *Breaker) note(h *half, t, begin instant, r Result) {
	b.reanchor(t)
	if r.Outcome == Failure {
		b.failed++
		b.lastFailure, b.everFailed = t, true
	}
	if h.generation != b.generation {
		return
	}
	switch b.state {
	case Closed:
		b.noteClosed(t, begin, r)
	case HalfOpen:
		b.noteProbe(h.lease, t, begin, r)
	case Open:
	}
}

func (b *Breaker) noteClosed(t, begin instant, r Result) {
	switch {
	case r.Outcome == Failure:
		b.run.add(begin)
		if !b.judge(t, r.RetryAfter) {
			b.publish()
		}
	case r.Outcome == Success && b.run.endedBy(begin):
		b.run = run{}
		b.publish()
	}
}

func (b *Breaker) noteProbe(lease uint64, t, begin instant, r Result) {
	switch r.Outcome {
	case Success:
		b.reclose(t)
	case Failure:
		b.run.add(begin)
		b.open(t, ProbeFailed, r.RetryAfter)
	case Ignored:
		b.giveBack(lease)
	}
}

// progress recloses the circuit if the call is its probe.
func (h *half) progress(t instant) {
	b := h.b
	if h.out {
		b.win.Answered(h.slot)
	}
	h.land()
	if h.lease == 0 {
		return
	}
	b.mu.Lock()
	if h.generation == b.generation && b.state == HalfOpen {
		b.reclose(t)
		h.generation = b.generation
	}
	h.lease = 0
	b.mu.Unlock()
	b.deliver()
}
