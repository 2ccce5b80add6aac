package guard

import (
	"net/http"
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/retry"
)

// settle records the exchange as f, once, as soon as that is certain; its body
// may still have an end to come.
func (a *attempt) settle(f *fault.Error) {
	if !a.over.CompareAndSwap(false, true) {
		return
	}
	a.fault = f
	if a.leg.permit == nil {
		a.permit.RecordResult(a.result())
	}
	a.reportGates(f)
	a.ended(f)
	if a.passed {
		a.finish()
	}
}

// ended tells the observer how the exchange has ended. It is not part of settle because
// an event takes much room on the stack, on which the end of the call follows.
func (a *attempt) ended(f *fault.Error) {
	e := a.event(AttemptEnded)
	e.Fault, e.Status, e.NoDone, e.Content, e.Duration = f, a.status(), a.unmarked, a.content, time.Since(a.start)
	e.InputTokens, e.OutputTokens = a.used.input, a.used.output
	if a.resp != nil {
		e.RequestID = requestID(a.resp.Header)
	}
	if f != nil {
		e.Kind = f.Kind
	}
	if a.leg.key != nil {
		e.Key = a.leg.key.Label()
	}
	a.call.observe(e)
}

// end settles the exchange when nothing of it is left to come.
func (a *attempt) end(f *fault.Error) {
	a.settle(f)
	a.release()
}

// release lets go of what the exchange held. After it nothing can be read.
func (a *attempt) release() {
	if !a.released.CompareAndSwap(false, true) {
		return
	}
	a.alarm.unset()
	a.cancel(nil)
	a.leaveBerth()
	if a.passed {
		a.call.cancel()
	}
}

// leaveBerth gives the attempt's place in flight back.
func (a *attempt) leaveBerth() {
	if a.left.CompareAndSwap(false, true) {
		a.leg.bounds.out.Add(-1)
		a.berths.leave()
	}
}

// ending is what the course of the call has to know. After content nothing is
// repeated.
func (a *attempt) ending() retry.Attempt {
	if a.fault == nil {
		return retry.Attempt{}
	}
	return retry.Attempt{
		Failed: true, Retryable: a.fault.Retryable() && a.content == 0, Elsewhere: a.elsewhere() && a.content == 0,
		NotDone: a.fault.NotDone, Probe: a.probe, RetryAfter: a.fault.RetryAfter,
		Held: a.held(),
	}
}

// held reports whether the gate holds the next attempt back by itself, in its line.
func (a *attempt) held() bool {
	if a.fault.Kind != fault.RateLimit || a.leg.gate == nil || !a.call.set.gateWait || a.call.free(a.leg) {
		return false
	}
	in, known := a.leg.holds()
	return known && in > 0
}

// elsewhere reports whether another target could do what this one did not: by the
// kind of its failure, or because a key or model is at fault that is the target's
// own.
func (a *attempt) elsewhere() bool {
	switch {
	case a.fault.Kind >= fault.Cancelled:
		return false
	case a.call.set.falls[a.fault.Kind], a.ourKey():
		return true
	}
	return a.fault.Status == http.StatusNotFound && a.leg.place.Model != "" && a.call.body.fields.modelled
}
