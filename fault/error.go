package fault

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Sentinels for errors.Is, one for each kind of failure. [Error.Is] says which
// error matches which.
var (
	ErrService   = errors.New("fault: service failure")
	ErrOverload  = errors.New("fault: service overloaded")
	ErrTimeout   = errors.New("fault: timeout")
	ErrRateLimit = errors.New("fault: rate limit")
	ErrQuota     = errors.New("fault: quota exhausted")
	ErrCaller    = errors.New("fault: caller's mistake")
	ErrCancelled = errors.New("fault: cancelled")
)

// Error says what an exchange that did not succeed meant. It is made by the
// functions of this package and not changed afterwards; readers may share it.
type Error struct {
	Kind Kind

	// Status is the HTTP status. It is 0 when no response came, and that of the
	// stream, 200, for an error event.
	Status int

	// Code is the API's error code or, without one, Recloser's own name for what
	// happened (see the Code constants). It may be empty.
	Code string

	// Type is the API's error type. It may be empty.
	Type string

	// RequestID is what the service's support asks for. It may be empty.
	RequestID string

	// RetryAfter is how long the service asked to wait; 0: it did not say.
	RetryAfter time.Duration

	// Advice is what the service said about trying again.
	Advice Advice

	// NotDone: the service surely did not carry out the call, so that it can be
	// repeated whatever it does.
	NotDone bool

	// Unreached: the host was never reached; DNS, dialling or TLS failed.
	Unreached bool

	// Edge: the answer came from the edge in front of the API, not the API.
	Edge bool

	// Row names the row of [Table] that decided. It may be empty.
	Row string

	// Why is one sentence for people: what this means.
	Why string

	// Err is the cause, if there is one: the transport's error.
	Err error `json:"-"`
}

// Error tells kind, status, code, request id and delay in one line, e.g.
// "fault: rate limit (429 rate_limit_exceeded, request req_1, retry after 2s)".
// It holds no text that the service wrote.
func (e *Error) Error() string {
	what := join(" ", digits(e.Status), cleanCode(e.Code))
	if text := causeText(e.Err); text != "" {
		what = join(": ", what, text)
	}
	details := join(", ", what, prefix("request ", cleanID(e.RequestID)), prefix("retry after ", delayText(e.RetryAfter)))
	if details == "" {
		return e.title()
	}
	return e.title() + " (" + details + ")"
}

func (e *Error) title() string {
	if s := sentinel(e.Kind); s != nil {
		return s.Error()
	}
	return "fault: " + e.Kind.String()
}

// Format writes Error's text for every verb, so that a careless %+v of a copy
// cannot print what the cause holds.
func (e Error) Format(s fmt.State, verb rune) {
	text := e.Error()
	if verb == 'q' {
		text = strconv.Quote(text)
	}
	_, _ = io.WriteString(s, text)
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the sentinel of the error's kind. Two kinds have
// a second one: an overload or a timeout that the service itself reported with a
// status of 500 or more is also ErrService, and an overload with status 429 is
// also ErrRateLimit. Exhausted quota is ErrQuota and nothing else, so that code
// which waits for rate limits does not wait for money.
func (e *Error) Is(target error) bool {
	switch target {
	case nil:
		return false
	case sentinel(e.Kind):
		return true
	case ErrService:
		return e.Status >= 500 && (e.Kind == Overload || e.Kind == Timeout)
	case ErrRateLimit:
		return e.Status == 429 && e.Kind == Overload
	}
	return false
}

func sentinel(k Kind) error {
	switch k {
	case Service:
		return ErrService
	case Overload:
		return ErrOverload
	case Timeout:
		return ErrTimeout
	case RateLimit:
		return ErrRateLimit
	case Quota:
		return ErrQuota
	case Caller:
		return ErrCaller
	case Cancelled:
		return ErrCancelled
	default:
		return nil
	}
}

func join(sep string, parts ...string) string {
	kept := parts[:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

func prefix(with, s string) string {
	if s == "" {
		return ""
	}
	return with + s
}

func digits(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func delayText(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return d.String()
}
