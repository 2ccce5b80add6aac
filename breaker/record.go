package breaker

import (
	"time"

	"github.com/recloser/recloser/breaker/internal/window"
)

// record takes in what a call said about one of its circuits.
func (b *Breaker) record(p *Permit, l level, t instant, r Result) {
	if b.indifferent(p, l, t, r) {
		return
	}
	b.mu.Lock()
	defer b.deliver()
	defer b.mu.Unlock()
	t = b.endOf(p, t)
	turned := b.window(t).Advance(int64(t))
	current := p.half(l).current(b.word.Load())
	slow := p.slowFor(b, t) && r.Outcome != Ignored
	b.count(p, t, r, current, slow)
	b.judge(p, l, t, r, b.event(p, l, t, r, slow, Recorded))
	if turned {
		b.look(t)
	}
}

// indifferent reports whether a result changes nothing in a circuit, so that
// the lock need not be taken.
func (b *Breaker) indifferent(p *Permit, l level, t instant, r Result) bool {
	word := b.word.Load()
	if word&calmBit == 0 || !p.half(l).current(word) || r.Outcome == Failure || r.Class == Quota {
		return false
	}
	if p.b == b {
		return p.is(content) && r.Outcome == Ignored
	}
	if word&timedBit != 0 && p.slowFor(b, t) {
		return false
	}
	if word&slottedBit == 0 {
		return true
	}
	w := b.win.Load()
	return p.is(answered) == (r.Outcome == Success) && w != nil && w.Current(int64(t))
}

// count notes what became of a call.
func (b *Breaker) count(p *Permit, t instant, r Result, current, slow bool) {
	if r.Outcome == Failure {
		b.failed++
		b.lastFailure, b.everFailed = t, true
	}
	success := current && r.Outcome == Success
	var ended window.Ended
	if current && r.Outcome == Failure {
		ended.Failed = 1
	}
	if current && slow {
		ended.Slow = 1
	}
	if p.b == b {
		b.land(p, success)
	} else if success != p.is(answered) { // a parent finds in its children's counts what they answered
		if success {
			ended.Answered = 1
			b.answeredAt(p.begin)
		} else {
			ended.Answered = -1
		}
	}
	b.window(t).Add(ended)
}

// answeredAt notes when a call began that is an answer for a parent only.
func (b *Breaker) answeredAt(begin instant) {
	w := b.win.Load()
	b.base.answered = max(b.base.answered, instant(w.Start(w.Slot(int64(begin))+1)))
}

// land ends a call in its window: as answered, or otherwise. If that window is
// no longer in use, what is in use has the answer.
func (b *Breaker) land(p *Permit, success bool) {
	w := b.win.Load()
	switch {
	case p.is(content):
		if success && p.is(answered) {
			w.EndWell()
		} else { // content or end came too late for the state that admitted it
			p.unmark(answered)
		}
	case success:
		p.mark(answered)
		if !p.counted(w) {
			w.Add(window.Ended{Answered: 1})
		} else if !w.Answer(p.stripe(), p.slot()) {
			w.AnsweredGone()
		}
	case p.counted(w):
		w.Leave(p.slot())
	}
}

// slowFor reports whether a call that ends at t was slow for b: to its first
// content, where there was one.
func (p *Permit) slowFor(b *Breaker, t instant) bool {
	if !p.is(content) {
		return b.slow(time.Duration(t - p.begin))
	}
	if p.b == b {
		return p.is(slowContent)
	}
	return p.is(slowAbove)
}

func (b *Breaker) event(p *Permit, l level, t instant, r Result, slow bool, kind EventKind) Event {
	e := Event{
		Kind: kind, Outcome: r.Outcome, Class: r.Class, Begin: b.time(p.begin), Took: time.Duration(t - p.begin),
		Slow: slow, HadContent: p.is(content), Probe: p.lease(l) != 0, RetryAfter: r.RetryAfter,
	}
	if p.b != b {
		e.Child = p.b.name
	}
	return e
}

// judge lets a result change the state, if it belongs to that state.
func (b *Breaker) judge(p *Permit, l level, t instant, r Result, e Event) {
	switch {
	case !p.half(l).current(b.word.Load()) || b.mode == Disabled:
		e.Kind = Late
		b.doubt(b.tell(t, e))
	case b.state == Closed:
		b.judgeClosed(p, t, r, e)
	case b.state == HalfOpen:
		b.judgeProbe(p, l, t, r, e)
	}
}

func (b *Breaker) judgeClosed(p *Permit, t instant, r Result, e Event) {
	switch r.Outcome {
	case Failure:
		b.fail(p, r, e)
	case Success:
		if b.run.endedBy(p.begin) {
			b.run = run{}
		}
	case Ignored:
	}
	if !p.is(content) || r.Outcome == Failure {
		b.ramp.ended(t, r.Outcome, e.Took, b.meanAnswer())
	}
	b.heed(t, b.tell(t, e), r.RetryAfter)
}

// fail takes a failure into the run.
func (b *Breaker) fail(p *Permit, r Result, e Event) {
	b.run.add(p.begin)
	b.remember(FailedCall{Begin: e.Begin, Class: r.Class, Cause: r.Cause, Child: e.Child})
}

func (b *Breaker) judgeProbe(p *Permit, l level, t instant, r Result, e Event) {
	if r.Outcome == Failure {
		b.fail(p, r, e)
	}
	d := b.tell(t, e)
	b.doubt(d)
	switch {
	case d.Reclose:
		b.reclose(t, ProbeSucceeded)
	case r.Outcome == Success && !p.is(content): // its first content has proven it
		b.proven(p.lease(l), t)
	case r.Outcome == Failure && d.Patient && b.othersProbe(p.lease(l)):
		b.leaveToOthers(p.lease(l))
	case r.Outcome == Failure || d.Trip && !p.is(content):
		b.enterOpen(opening{at: t, reason: ProbeFailed, wanted: b.nextProbe(t, d), atLeast: r.RetryAfter})
	default:
		b.giveBack(p.lease(l))
	}
}

// proven counts a good probe.
func (b *Breaker) proven(lease uint32, t instant) {
	b.good++
	if b.good >= b.cfg().ProbeSuccesses {
		b.reclose(t, ProbeSucceeded)
		return
	}
	b.giveBack(lease)
}

// heed does what a policy has decided.
func (b *Breaker) heed(t instant, d Decision, atLeast time.Duration) {
	b.attend, b.limit, b.young = d.Attend, 0, max(d.Young, 0)
	if d.Ramp > 0 {
		b.limit = int(max(min(d.Ramp, maxThreshold), 1))
	}
	switch {
	case d.Trip && b.state == Closed && b.mode != Disabled:
		b.enterOpen(opening{at: t, reason: d.Reason, evidence: d.Evidence, wanted: d.NextProbe, atLeast: atLeast})
	case d.Reclose && b.state != Closed:
		b.reclose(t, d.Reason)
	default:
		b.publish()
	}
}

// look lets the policy see a new slot.
func (b *Breaker) look(t instant) {
	if b.state == Closed && b.mode != Disabled {
		b.heed(t, b.tell(t, Event{Kind: Turned}), 0)
	}
}

// turn makes t's slot the current one of a parent, before a child counts
// anything in it.
func (b *Breaker) turn(t instant) {
	if b.marksTurned(b.word.Load(), t) {
		return
	}
	b.mu.Lock()
	defer b.deliver()
	defer b.mu.Unlock()
	if b.window(t).Advance(int64(t)) {
		b.look(t)
	}
}

// progress takes in the first content of a call.
func (b *Breaker) progress(p *Permit, l level, t instant) {
	word := b.word.Load()
	if p.b != b && word&calmBit != 0 && p.half(l).current(word) && word&(timedBit|slottedBit) == 0 {
		return
	}
	b.mu.Lock()
	defer b.deliver()
	defer b.mu.Unlock()
	t = b.endOf(p, t)
	turned := b.window(t).Advance(int64(t))
	current := p.half(l).current(b.word.Load())
	slow := b.slow(time.Duration(t - p.begin))
	switch {
	case p.b == b:
		b.land(p, current)
		if p.is(answered) {
			b.win.Load().Content()
		}
		if slow {
			p.mark(slowContent)
		}
	case slow:
		p.mark(slowAbove)
	}
	e := b.event(p, l, t, Result{Outcome: Success, Class: Answer}, slow, Content)
	switch {
	case !current || b.mode == Disabled:
	case b.state == HalfOpen:
		if b.tell(t, e).Reclose {
			b.good = b.cfg().ProbeSuccesses
		}
		if b.proven(p.lease(l), t); b.state == Closed {
			p.admit(l, newHalf(b.generation), 0)
		}
	case b.state == Closed:
		b.ramp.ended(t, Success, e.Took, b.meanAnswer())
		b.heed(t, b.tell(t, e), 0)
	}
	if turned {
		b.look(t)
	}
}
