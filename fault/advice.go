package fault

import (
	"net/http"
	"strings"
)

// Advice is what the service said about trying again, in its header
// x-should-retry.
type Advice uint8

const (
	// Unsaid: it said nothing.
	Unsaid Advice = iota
	// Retry: it said that trying again may help.
	Retry
	// Stop: it said that trying again is useless.
	Stop
)

// String is "unsaid", "retry" or "stop".
func (a Advice) String() string {
	switch a {
	case Retry:
		return "retry"
	case Stop:
		return "stop"
	default:
		return "unsaid"
	}
}

// adviceOf reads x-should-retry.
func adviceOf(h http.Header) Advice {
	switch strings.ToLower(strings.TrimSpace(h.Get("X-Should-Retry"))) {
	case "true":
		return Retry
	case "false":
		return Stop
	default:
		return Unsaid
	}
}

// Retryable reports whether trying again could help: a failure, overload,
// timeout or rate limit passes, a mistake does not, except where the table says
// otherwise. What the service advised goes first, but no advice makes money or
// brings back a caller who left. Whether repeating is safe is another question;
// see NotDone.
func (e *Error) Retryable() bool {
	switch {
	case e.Kind == Success, e.Kind == Quota, e.Kind == Cancelled, e.Advice == Stop:
		return false
	case e.Advice == Retry:
		return true
	}
	if a := exception(e); a != Unsaid {
		return a == Retry
	}
	return e.Kind != Caller
}

// exception finds what the table says about repeating this error, if that is not
// what its kind says. An error without a row goes by its status and names.
func exception(e *Error) Advice {
	s := said{status: e.Status, code: e.Code, typ: e.Type}
	for r := range Table() {
		if r.Repeat == Unsaid || r.Kind != e.Kind {
			continue
		}
		if r.Name == e.Row || e.Row == "" && r.matches(&s) && (e.Status == 0) == r.noticed() {
			return r.Repeat
		}
	}
	return Unsaid
}
