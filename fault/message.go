package fault

import (
	"strconv"
	"time"
)

// The words for an end user, letter for letter.
const (
	// MessageHighDemand: the caller's limit is used up; it passes by itself.
	MessageHighDemand = "Our AI service is experiencing high demand. Please try again in a few moments."
	// MessageUnavailable: the service failed, or cannot be paid.
	MessageUnavailable = "Our AI service is temporarily unavailable. We're working on it."
)

// MessageRetryIn is the words for an end user while a circuit is open: when to
// come back, in whole seconds, rounded up, at least one.
func MessageRetryIn(d time.Duration) string {
	n := int64(d / time.Second)
	if d%time.Second > 0 {
		n++
	}
	if n <= 1 {
		return "AI service is temporarily unavailable. Please try again in 1 second."
	}
	return "AI service is temporarily unavailable. Please try again in " + strconv.FormatInt(n, 10) + " seconds."
}

// UserMessage returns the words for an end user, or "" if none are due: for nil,
// for a caller's mistake, for a caller who left, for an error that is not known.
//
// It looks through everything that err wraps, joined errors too, first for a
// rate limit or a gate's refusal, then for the refusal of an open circuit, then
// for a failure of the service. A circuit's refusal is any error with a method
// RetryIn() time.Duration; a gate's has RateLimited() bool too. If that says false,
// a key is parked, and the words are those of a failure: no time is known.
func UserMessage(err error) string {
	var f findings
	f.collect(err)
	switch {
	case f.limited:
		return MessageHighDemand
	case f.refused:
		return MessageRetryIn(f.retryIn)
	case f.failed:
		return MessageUnavailable
	}
	return ""
}

// findings is what a chain of errors holds.
type findings struct {
	limited, refused, failed bool
	retryIn                  time.Duration // of the first refusal
}

// collect looks at err and all that it wraps.
func (f *findings) collect(err error) {
	if e, ok := err.(*Error); err == nil || ok && e == nil {
		return
	}
	f.look(err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		f.collect(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			f.collect(inner)
		}
	}
}

// look notes what one error of the chain says.
func (f *findings) look(err error) {
	switch e := err.(type) {
	case *Error:
		f.fault(e)
	case interface{ RetryIn() time.Duration }:
		f.refusal(err, e.RetryIn())
	case interface{ As(target any) bool }:
		var inner *Error
		if e.As(&inner) && inner != nil {
			f.fault(inner)
		}
	default:
		f.bare(err)
	}
}

func (f *findings) fault(e *Error) {
	switch {
	case e.Is(ErrRateLimit):
		f.limited = true
	case e.Kind == Service, e.Kind == Overload, e.Kind == Timeout, e.Kind == Quota:
		f.failed = true
	}
}

func (f *findings) refusal(err error, in time.Duration) {
	if gate, ok := err.(interface{ RateLimited() bool }); ok {
		f.limited = f.limited || gate.RateLimited()
		f.failed = f.failed || !gate.RateLimited()
		return
	}
	if !f.refused {
		f.refused, f.retryIn = true, in
	}
}

// bare recognises a sentinel without an Error around it.
func (f *findings) bare(err error) {
	switch err {
	case ErrRateLimit:
		f.limited = true
	case ErrService, ErrOverload, ErrTimeout, ErrQuota:
		f.failed = true
	}
}
