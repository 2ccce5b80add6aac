package guard

import (
	"net/http"
	"strconv"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
)

// result is what a circuit records of the exchange.
func (a *attempt) result() breaker.Result {
	r := result(a.fault, a.resp != nil)
	if r.Outcome == breaker.Failure && !a.set.gray.counts(a.fault) {
		r.Outcome = breaker.Ignored
	}
	return r
}

// result is what a circuit records of an exchange.
func result(f *fault.Error, answered bool) breaker.Result {
	r := breaker.Result{Outcome: breaker.Success}
	if f != nil {
		r = breaker.Result{Outcome: breaker.Ignored, Class: class(f), RetryAfter: f.RetryAfter, Cause: cause(f)}
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

// class is what f is to a policy.
func class(f *fault.Error) breaker.Class {
	switch f.Kind {
	case fault.Timeout:
		return breaker.Hang
	case fault.Service:
		return breaker.QuickFailure
	case fault.Overload:
		if counts(f) {
			return breaker.QuickFailure
		}
		return breaker.Quota
	case fault.RateLimit, fault.Quota:
		return breaker.Quota
	default:
		return breaker.Nothing
	}
}

// cause is f in a word of a small vocabulary: a status that says what failed, a
// code of ours where no response came, else the kind. The codes that services
// make up are too many.
func cause(f *fault.Error) string {
	switch {
	case f.Status >= http.StatusBadRequest:
		return strconv.Itoa(f.Status)
	case f.Kind == fault.Service && f.Status == 0 && f.Code != "":
		return f.Code
	default:
		return f.Kind.String()
	}
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
