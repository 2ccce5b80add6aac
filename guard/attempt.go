package guard

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/retry"
)

// attempt is one HTTP exchange, from its permit to the end of its body.
type attempt struct {
	call    *call
	number  int
	permit  *breaker.Permit
	probe   bool // as it was when the permit was given
	ctx     context.Context
	cancel  context.CancelCauseFunc
	start   time.Time
	alarms  alarms
	resp    *http.Response
	fault   *fault.Error  // nil: good, as far as is known
	content time.Duration // to the first content; 0: none yet
	over    atomic.Bool

	passed   bool // the caller has it, so that its end is the call's
	released bool
}

func newAttempt(c *call, permit *breaker.Permit) *attempt {
	a := &attempt{call: c, number: c.report.Attempts, permit: permit, probe: permit.Probe(), start: time.Now()}
	a.ctx, a.cancel = context.WithCancelCause(c.ctx)
	a.alarms = alarms{cancel: a.cancel, timeouts: &c.g.cfg.Timeouts}
	return a
}

// send makes the exchange up to the point where its failure is certain, or its
// answer good so far.
func (a *attempt) send() {
	a.alarms.awaitHeaders()
	resp, err := a.call.g.base.RoundTrip(a.call.body.request(a.ctx, a.call.req)) //nolint:bodyclose // its reader closes it
	a.alarms.headersCame()
	if err != nil {
		a.end(a.name(err))
		return
	}
	a.resp = resp
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		a.upgrade()
	case resp.StatusCode >= http.StatusBadRequest:
		a.examine()
	case resp.Body == nil || resp.Body == http.NoBody:
		a.end(nil)
	default:
		resp.Body = newWatchedBody(a)
	}
}

// maxErrorBody is how much of an error's body is read to understand it. The
// rest, if any, still reaches the caller.
const maxErrorBody = 64 << 10

// examine names what an error response means. Its body is read here, and given
// back to be read again.
func (a *attempt) examine() {
	a.alarms.awaitMore()
	body := a.resp.Body
	held, err := io.ReadAll(io.LimitReader(body, maxErrorBody+1))
	f := fault.Classify(a.resp.StatusCode, a.resp.Header, readable(a.resp.Header, held), time.Now())
	if err != nil && a.call.ctx.Err() != nil {
		f = a.name(err) // the caller left
	}
	if err == nil && len(held) > maxErrorBody {
		a.resp.Body = &restOfBody{held: held, body: body, release: a.release}
		a.settle(f)
		return
	}
	_ = body.Close()
	a.resp.Body = &restOfBody{held: held, err: cmp.Or(err, io.EOF)}
	a.end(f)
}

// upgrade hands over a connection that speaks another protocol from now on. Its
// handshake was the call.
func (a *attempt) upgrade() {
	if conn, ok := a.resp.Body.(io.ReadWriteCloser); ok {
		a.resp.Body = &upgradedBody{ReadWriteCloser: conn, release: a.release}
	}
	a.settle(nil)
}

// name says what err means that ended the exchange: a deadline of ours, the
// caller, or the service.
func (a *attempt) name(err error) *fault.Error {
	if err := a.call.body.failed(); err != nil {
		return unreadable(err)
	}
	if f, ok := errors.AsType[*fault.Error](context.Cause(a.ctx)); ok {
		return f
	}
	switch a.call.ctx.Err() {
	case nil:
		return fault.FromError(err)
	case context.DeadlineExceeded:
		if stall := a.call.g.cfg.Breaker.StallAfter; stall > 0 && a.content == 0 && time.Since(a.start) >= stall {
			return fault.Named(fault.CodeDeadline, context.DeadlineExceeded)
		}
	}
	return fault.Named(fault.CodeCancelled, a.call.ctx.Err())
}

// result is what a circuit records of an exchange.
func result(f *fault.Error, answered bool) breaker.Result {
	r := breaker.Result{Outcome: breaker.Success}
	if f != nil {
		r = breaker.Result{Outcome: breaker.Ignored, RetryAfter: f.RetryAfter}
		if counts(f) {
			r.Outcome = breaker.Failure
		}
	}
	switch {
	case answered:
		r.Reach = breaker.Answered
	case f != nil && f.Unreached:
		r.Reach = breaker.Unreached
	}
	return r
}

// counts reports whether f speaks against the service: its failures, time-outs
// and overload do. A 429 is a matter of rate, whoever sends it.
func counts(f *fault.Error) bool {
	switch f.Kind {
	case fault.Service, fault.Timeout:
		return true
	case fault.Overload:
		return f.Status != http.StatusTooManyRequests
	default:
		return false
	}
}

// progress notes the first content.
func (a *attempt) progress() {
	if a.content == 0 {
		a.content = max(time.Since(a.start), 1)
		a.alarms.contentCame()
		a.permit.Progress()
	}
}

// settle records the exchange as f, once, as soon as that is certain; its body
// may still have an end to come.
func (a *attempt) settle(f *fault.Error) {
	if !a.over.CompareAndSwap(false, true) {
		return
	}
	a.fault = f
	a.alarms.stop()
	if a.call.permit == nil {
		a.permit.RecordResult(result(f, a.resp != nil))
	}
	e := Event{Type: AttemptEnded, Attempt: a.number, Fault: f, Content: a.content, Duration: time.Since(a.start)}
	if f != nil {
		e.Kind = f.Kind
	}
	if a.resp != nil {
		e.Status = a.resp.StatusCode
	}
	a.call.observe(e)
	if a.passed {
		a.finish()
	}
}

// end settles the exchange when nothing of it is left to come.
func (a *attempt) end(f *fault.Error) {
	a.settle(f)
	a.release()
}

// release lets go of what the exchange held. After it nothing can be read.
func (a *attempt) release() {
	a.released = true
	a.cancel(nil)
	if a.passed {
		a.call.cancel()
	}
}

// ending is what the course of the call has to know.
func (a *attempt) ending() retry.Attempt {
	if a.fault == nil {
		return retry.Attempt{}
	}
	return retry.Attempt{
		Failed: true, Retryable: a.fault.Retryable(), NotDone: a.fault.NotDone,
		Probe: a.probe, RetryAfter: a.fault.RetryAfter,
	}
}

// pass gives the exchange to the caller, with whom the call ends.
func (a *attempt) pass() (*http.Response, error) {
	a.passed = true
	a.tell()
	if a.over.Load() {
		a.finish()
	}
	if a.released {
		a.call.cancel()
	}
	if a.resp == nil {
		return nil, a.fault
	}
	a.resp.Request = a.call.req
	return a.resp, nil
}

// tell fills in the report.
func (a *attempt) tell() {
	r := a.call.report
	r.Kind, r.Fault = fault.Success, a.fault
	if a.fault != nil {
		r.Kind = a.fault.Kind
	}
}

// finish ends the call with this attempt.
func (a *attempt) finish() {
	a.tell()
	if p := a.call.permit; p != nil {
		p.RecordResult(result(a.fault, a.resp != nil))
	}
	a.call.ended(a.fault, a.content)
}

// discard drops a failed exchange that another attempt follows.
func (a *attempt) discard() {
	if a.resp != nil {
		_ = a.resp.Body.Close()
	}
	a.cancel(nil)
}

func (a *attempt) elapsed() time.Duration { return time.Since(a.start) }
