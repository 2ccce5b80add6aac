package guard

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
)

// attempt is one HTTP exchange, from its permit to the end of its body. Whoever
// makes it uses it and its permit, and from when its body is handed over on who
// holds that body's lock.
type attempt struct {
	call    *call
	leg     *leg
	set     *settings // the leg's
	number  int
	permit  *breaker.Permit
	probe   bool // as it was when the permit was given
	ctx     context.Context
	cancel  context.CancelCauseFunc
	start   time.Time
	headers copied // of its request
	alarm   *alarm
	resp    *http.Response
	fault   *fault.Error  // nil: good, as far as is known
	content time.Duration // to the first content; 0: none yet
	over    atomic.Bool

	unmarked bool // a whole chat stream without [DONE]
	used     tokens

	retries, fallbacks int // 1 if it is such

	passed   bool // the caller has it, so that its end is the call's
	unfit    bool // the response is no answer: its fault is passed on in its place
	released atomic.Bool

	asked            passed      // the gates that let it through
	berths           *berths     // where it has a place in flight; nil: there are none
	left             atomic.Bool // it has given that back
	requests, tokens gate.Limit
	told             atomic.Bool // the gates have been told what it says about limits
}

func newAttempt(c *call, l *leg, permit *breaker.Permit) *attempt {
	c.report.Attempts++
	l.bounds.out.Add(1)
	a := &attempt{
		call: c, leg: l, set: l.set, number: c.report.Attempts, permit: permit, probe: permit.Probe(), start: time.Now(),
	}
	ctx := c.ctx
	if connect := l.set.timeouts.Connect; connect != c.live.rules.plain.timeouts.Connect {
		ctx = context.WithValue(ctx, connectKey, connect)
	}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	a.alarm = newAlarm(a.cancel)
	return a
}

// send makes the exchange up to the point where its failure is certain, or its
// answer good so far.
func (a *attempt) send() {
	returned := false
	defer func() {
		if !returned { // base panics, and nobody will take the call from here
			a.passed = true
			a.end(fault.Named(fault.CodeTransport, nil))
		}
	}()
	a.alarm.set(headers, a.set.timeouts.Headers)
	out := a.request()
	a.begun()
	resp, err := a.call.live.transport.RoundTrip(out) //nolint:bodyclose // its reader closes it
	a.alarm.unset()
	if err != nil {
		a.end(a.name(err))
	} else {
		a.answered(resp)
	}
	returned = true
}

// begun tells the observer of the request that goes out now.
func (a *attempt) begun() {
	if a.call.live.cfg.Observe != nil {
		e := a.event(AttemptBegun)
		e.headers = &a.headers
		a.call.observe(e)
	}
}

// event is one of the attempt.
func (a *attempt) event(t EventType) Event {
	return Event{
		Type: t, Circuit: a.leg.circuit.Name(), Target: a.leg.place.Name, Attempt: a.number, Request: a.headers.out, Model: a.leg.model,
		Stream: a.call.body.fields.stream, Probe: a.probe, Retries: a.retries, Fallbacks: a.fallbacks,
	}
}

// answered looks at a response.
func (a *attempt) answered(resp *http.Response) {
	a.resp = resp
	if a.leg.gate != nil {
		a.requests, a.tokens = gate.ReadLimits(resp.Header.Get)
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	kind := mediaType(resp.Header)
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		a.upgrade()
	case resp.StatusCode >= http.StatusBadRequest:
		a.examine()
	case a.misfit(kind) != "":
		a.reject(a.misfit(kind))
	case a.redirected():
		a.reject(fault.CodeRedirect)
	case resp.Body == http.NoBody:
		a.end(nil)
	case a.hasNoBody():
		a.settle(nil) // its body, if it has one all the same, is not waited for
		resp.Body = &restOfBody{a: a, body: resp.Body}
	case kind == typeEvents && !packed(resp.Header):
		a.follow()
	case kind == typeJSON && a.tells() && resp.StatusCode < http.StatusMultipleChoices && !packed(resp.Header):
		a.peek()
	default:
		resp.Body = newWatchedBody(a)
	}
}

// redirected reports whether a target that is not just the caller's own host sends
// the call elsewhere. Where the client followed it, it would go with the wrong key,
// and without what makes a target of it.
func (a *attempt) redirected() bool {
	return a.resp.StatusCode/100 == 3 && a.resp.Header.Get("Location") != "" && (a.leg.place.URL != nil || a.leg.place.ownKey)
}

// hasNoBody reports whether the answer is complete with its headers.
func (a *attempt) hasNoBody() bool {
	return a.resp.Body == http.NoBody || a.call.req.Method == http.MethodHead ||
		a.resp.StatusCode == http.StatusNoContent || a.resp.StatusCode == http.StatusNotModified
}

// misfit is the fault's code of what cannot be an answer although its status
// says so: a page for people, or JSON or a stream without a body. What is fetched
// may be anything.
func (a *attempt) misfit(kind string) string {
	switch {
	case a.resp.StatusCode >= http.StatusMultipleChoices || a.call.req.Method != http.MethodPost:
	case kind == typeHTML:
		return fault.CodeHTML
	case (kind == typeEvents || kind == typeJSON) && a.resp.Body == http.NoBody && a.resp.StatusCode != http.StatusNoContent:
		return fault.CodeEmpty
	}
	return ""
}

// reject ends the exchange with a response that is no answer.
func (a *attempt) reject(code string) {
	f := fault.Named(code, nil)
	f.Status = a.resp.StatusCode
	a.refuse(f)
}

// refuse drops a response that is not to be passed on, as f.
func (a *attempt) refuse(f *fault.Error) {
	a.end(f)
	_ = a.resp.Body.Close()
	a.resp.Body, a.unfit = http.NoBody, true
	named := *a.fault
	named.RequestID = cmp.Or(f.RequestID, requestID(a.resp.Header))
	a.fault = &named
}

// requestID is the service's id of an exchange; the second one is Azure's.
func requestID(h http.Header) string {
	return cmp.Or(h.Get("X-Request-Id"), h.Get("Apim-Request-Id"))
}

// follow hands over a stream, when it has shown what it is.
func (a *attempt) follow() {
	b := newEventBody(a)
	a.resp.Body = b
	if a.call.set.late {
		b.await()
	}
	switch {
	case b.reported != nil:
		a.restate(b.reported)
		_ = b.Close()
	case a.over.Load() && a.fault != nil && a.content == 0:
		a.refuse(a.fault)
	default:
		b.handed = true
	}
}

// tells reports whether an error within the answer is one of this call: in what
// is fetched, such as a stored response, it is what happened to another.
func (a *attempt) tells() bool {
	return a.call.req.Method == http.MethodPost && !strings.HasSuffix(a.call.req.URL.Path, "/cancel")
}

// maxErrorBody is how much of an error's body is read to understand it. The
// rest, if any, still reaches the caller.
const maxErrorBody = 64 << 10

// examine names what an error response means. Its body is read here, and given
// back to be read again.
func (a *attempt) examine() {
	body := a.resp.Body
	a.alarm.set(more, a.set.timeouts.Idle)
	held, err := io.ReadAll(io.LimitReader(body, maxErrorBody+1))
	a.alarm.unset()
	f := fault.Classify(a.resp.StatusCode, a.resp.Header, readable(a.resp.Header, held), time.Now())
	if err != nil && a.call.ctx.Err() != nil {
		f = a.name(err) // the caller left
	}
	if err == nil && len(held) > maxErrorBody && !a.ourKey() {
		a.resp.Body = &restOfBody{a: a, held: held, body: body}
		a.settle(f)
		return
	}
	if a.ourKey() { // which the service's own words may quote
		named := fault.Named(fault.CodeKeyRefused, nil)
		named.Status = a.resp.StatusCode
		a.refuse(named)
		return
	}
	_ = body.Close()
	a.end(f)
	a.resp.Body = &restOfBody{a: a, held: held, body: http.NoBody, err: err}
}

// upgrade hands over a connection that speaks another protocol from now on. Its
// handshake was the call.
func (a *attempt) upgrade() {
	conn, ok := a.resp.Body.(io.ReadWriteCloser)
	if !ok {
		a.end(nil)
		return
	}
	a.resp.Body = &upgradedBody{ReadWriteCloser: conn, release: a.release}
	a.settle(nil)
}

// name says what err means that ended the exchange: a deadline of ours, the
// caller, or the service.
func (a *attempt) name(err error) *fault.Error {
	if err := a.call.body.failed(); err != nil {
		return unreadable(a.call.ctx, err)
	}
	if f, ok := errors.AsType[*fault.Error](context.Cause(a.ctx)); ok {
		return f
	}
	switch a.call.ctx.Err() {
	case nil:
		return fault.FromError(err)
	case context.DeadlineExceeded:
		if stall := a.set.stallAfter; stall > 0 && a.content == 0 && time.Since(a.start) >= stall {
			return fault.Named(fault.CodeDeadline, context.DeadlineExceeded)
		}
	}
	return fault.Named(fault.CodeCancelled, a.call.ctx.Err())
}

// progress notes the first content.
func (a *attempt) progress() {
	if a.content == 0 {
		a.content = max(time.Since(a.start), 1)
		a.permit.Progress()
		a.reportGates(nil)
	}
}

// pass gives the exchange to the caller, with whom the call ends.
func (a *attempt) pass() (*http.Response, error) {
	a.passed = true
	a.call.on(a.leg) // if another target has refused since
	a.tell()
	if a.over.Load() {
		a.finish()
	}
	if a.released.Load() {
		a.call.cancel()
	}
	if a.resp == nil || a.unfit {
		return nil, a.fault
	}
	a.resp.Request = a.call.req
	return a.resp, nil
}

// tell fills in the report.
func (a *attempt) tell() {
	r := a.call.report
	r.Kind, r.Fault, r.NoDone = fault.Success, a.fault, a.unmarked
	if a.fault != nil {
		r.Kind = a.fault.Kind
	}
}

// finish ends the call with this attempt.
func (a *attempt) finish() {
	a.tell()
	if p := a.leg.permit; p != nil {
		p.RecordResult(a.result())
	}
	a.call.ended(a.fault, a.status(), a.content)
}

// discard drops a failed exchange that another attempt follows, at next, or none.
// A permit of the whole call ends where the call goes elsewhere.
func (a *attempt) discard(next *leg) {
	if p := a.leg.permit; p != nil && next != a.leg {
		p.RecordResult(a.result())
		a.leg.permit = nil
	}
	if a.resp != nil {
		_ = a.resp.Body.Close()
	}
	a.release()
}

// status is that of the response, 0 if none came.
func (a *attempt) status() int {
	if a.resp == nil {
		return 0
	}
	return a.resp.StatusCode
}
