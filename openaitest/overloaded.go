package openaitest

import (
	"net/http"
	"time"
)

// Overloaded sheds load: the service has no capacity for the model. The zero
// value answers 503 server_is_overloaded; with status 429 it is slow_down, the
// answer to traffic that grows too fast.
//
// In a script: overloaded, overloaded 429, overloaded retry-after=5s.
type Overloaded struct {
	// Status is the HTTP status. Zero: 503.
	Status int
	// RetryAfter is sent in whole seconds, rounded up. Zero: not sent.
	RetryAfter time.Duration
}

// Name is "overloaded".
func (Overloaded) Name() string { return "overloaded" }

func (f Overloaded) String() string {
	return say("overloaded").count(f.Status).duration("retry-after", f.RetryAfter).String()
}

// Serve sends the refusal.
func (f Overloaded) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	e := APIError{
		Status: orDefault(f.Status, http.StatusServiceUnavailable),
		Type:   "service_unavailable_error", Code: "server_is_overloaded",
		Message: "The model has no capacity at the moment. Please try again later.",
	}
	if e.Status == http.StatusTooManyRequests {
		e.Type, e.Code = "rate_limit_error", "slow_down"
		e.Message = "The traffic of this organization grew too fast. Please slow down."
	}
	if f.RetryAfter > 0 {
		e.Header = http.Header{"Retry-After": {wholeSeconds(f.RetryAfter)}}
	}
	e.Serve(w, r, next)
}
