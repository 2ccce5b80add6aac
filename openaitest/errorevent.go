package openaitest

import (
	"fmt"
	"net/http"
)

// ErrorEvent reports a failure inside a stream that began with 200, after a
// number of events, and ends it there. After zero events it is the first thing
// that the stream says. An answer that is no stream is replaced by an error
// object, with status 200 all the same.
//
// In a script: error-event 3, error-event 0 code=server_is_overloaded form=both.
type ErrorEvent struct {
	// After is how many events are sent before.
	After int
	// Error is what is reported; its Status and Header do not matter. The zero
	// value is a server_error.
	Error APIError
	// Form is how a Responses stream says it. Chat streams know only one way.
	Form ErrorForm
}

// ErrorForm is one of the ways in which a Responses stream reports a failure.
type ErrorForm string

// The forms that have been seen.
const (
	// NestedError is an error event with an error object within.
	NestedError ErrorForm = ""
	// FlatError is an error event with code and message at the top, as the
	// documentation has it.
	FlatError ErrorForm = "flat"
	// FailedResponse is a response.failed event.
	FailedResponse ErrorForm = "failed"
	// BothErrors is NestedError followed by FailedResponse, as under overload.
	BothErrors ErrorForm = "both"
)

// Name is "error-event".
func (ErrorEvent) Name() string { return "error-event" }

func (f ErrorEvent) String() string {
	return say("error-event").must(f.After).
		text("type", f.Error.Type).text("code", f.Error.Code).text("form", string(f.Form)).String()
}

// Serve lets the service begin, and reports the failure.
func (f ErrorEvent) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	e := f.Error
	e.Status = 0
	e.Code = orDefault(e.Code, "server_error")
	e = e.filled()
	next.ServeHTTP(newEditor(w, r, func(p piece) ([]byte, error) {
		switch {
		case p.stream && p.n < f.After:
			return p.data, nil
		case p.stream && AttemptOf(r).Endpoint == responsesEndpoint:
			return f.responseEvents(e, r, p.n), errOver
		case p.stream:
			return fmt.Appendf(nil, "data: %s\n\n", mustJSON(e.envelope())), errOver
		}
		return mustJSON(e.envelope()), errOver
	}), r)
}

type nestedErrorEvent struct {
	eventHead
	Error errorBody `json:"error"`
}

type flatErrorEvent struct {
	eventHead
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Param   *string `json:"param"`
}

// responseEvents returns the failure as event number n of a Responses stream.
func (f ErrorEvent) responseEvents(e APIError, r *http.Request, n int) []byte {
	nested := &nestedErrorEvent{head("error"), e.envelope().Error}
	switch f.Form {
	case NestedError:
	case FlatError:
		return eventText(&flatErrorEvent{head("error"), e.Code, e.Message, orNull(e.Param)}, n)
	case FailedResponse:
		return eventText(failedEvent(e, r), n)
	case BothErrors:
		return append(eventText(nested, n), eventText(failedEvent(e, r), n+1)...)
	}
	return eventText(nested, n)
}

func failedEvent(e APIError, r *http.Request) *responseEvent {
	a := AttemptOf(r)
	resp := newResponse(a, a.Model, callOf(r.Context()).server.cfg.Now().Unix())
	resp.Status, resp.Error = "failed", &responseError{e.Code, e.Message}
	return &responseEvent{head("response.failed"), resp}
}

// eventText returns e as the n-th event, as it goes over the wire.
func eventText(e numbered, n int) []byte {
	e.number(n)
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", e.kind(), mustJSON(e))
}
