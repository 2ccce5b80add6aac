package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
)

// Codes of the errors that this package makes up. OpenAI uses none of them:
// some clients put words of their own in place of those of a code they know.
const (
	codeCircuitOpen = "circuit_open"
	codeNoAnswer    = "no_answer" // and the fault has no code of its own
	codeTooLarge    = "request_too_large"
	codeNotAProxy   = "method_not_allowed"
	codeHost        = "host_not_allowed"
	codeLoop        = "loop_detected"
	codeClient      = "invalid_client_token"
)

// statusClientGone is what the log says where the client did not wait.
const statusClientGone = 499

// reply is an answer of our own.
type reply struct {
	status  int
	kind    string
	message string // for an end user; may be empty
	header  http.Header
	body    apiError
}

// answerFailure is told of every call that the service did not answer.
func answerFailure(w http.ResponseWriter, _ *http.Request, err error) {
	c, ok := w.(*call)
	if !ok || c.hijacked { // then the connection is not ours any more
		return
	}
	c.answer(c.failure(err))
}

// failure finds the answer to an error.
func (c *call) failure(err error) reply {
	cfg := &c.proxy.cfg
	if refusal, ok := errors.AsType[*breaker.OpenError](err); ok {
		return refused(err, refusal.RetryInAt(cfg.Now()), cfg.Rand)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(cfg.MaxBody)
	}
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case ok && c.report.Refused:
		return limited(f, cfg.Rand)
	case ok:
	case c.report.Attempts == 0:
		f = fault.Named(fault.CodeBadRequest, err)
	default:
		f = fault.FromError(err)
	}
	return unanswered(f)
}

// answer sends r. If the client is gone there is nothing to say, and if it is
// not after all, a broken connection is the only truth that is left.
func (c *call) answer(r reply) {
	c.kind = r.kind
	if r.status == statusClientGone {
		c.status = r.status
		panic(http.ErrAbortHandler)
	}
	h := c.Header()
	maps.Copy(h, r.header)
	if c.retried() {
		h.Set(headerShouldRetry, "false")
	}
	c.sign(h, r.message)
	writeError(c, r.status, r.body)
}

// unanswered is for a call to which no answer came.
func unanswered(f *fault.Error) reply {
	r := reply{
		status: http.StatusBadGateway, kind: f.Kind.String(), message: fault.UserMessage(f),
		body: apiError{Type: typeServer, Code: cmp.Or(f.Code, codeNoAnswer)},
	}
	switch f.Kind {
	case fault.Timeout:
		r.status = http.StatusGatewayTimeout
	case fault.Caller:
		if f.Code == fault.CodeKeyRefused { // it is the configuration's
			r.message = fault.MessageUnavailable
			break
		}
		r.status, r.body.Type = http.StatusBadRequest, typeInvalid
	case fault.Cancelled:
		r.status = statusClientGone
	default: // the service or the way to it
	}
	r.body.Message = cmp.Or(r.message, f.Why, fault.MessageUnavailable)
	return r
}

// tooLarge is for a body over the limit. The rest of it is not read, so the
// connection cannot be used again.
func tooLarge(limit int64) reply {
	return reply{
		status: http.StatusRequestEntityTooLarge, kind: fault.Caller.String(),
		header: http.Header{"Connection": {"close"}},
		body: apiError{Type: typeInvalid, Code: codeTooLarge, Message: fmt.Sprintf(
			"The request's body is larger than Recloser's limit of %d bytes. Send less at once, or have the limit raised.", limit)},
	}
}

// notAProxy is for CONNECT.
func notAProxy() reply {
	return reply{
		status: http.StatusMethodNotAllowed, kind: fault.Caller.String(),
		body: apiError{Type: typeInvalid, Code: codeNotAProxy, Message: "Recloser is no general proxy. " +
			"Use its address as the base URL of your OpenAI client, not as its HTTP proxy."},
	}
}
