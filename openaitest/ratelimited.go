package openaitest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// RateLimited answers 429 rate_limit_exceeded: the caller has used up what it may
// send for now.
//
// In a script: rate-limited, rate-limited retry-after=5s, rate-limited tokens,
// rate-limited bare.
type RateLimited struct {
	// RetryAfter is how long to wait. Zero: 1 s. The header has whole seconds,
	// rounded up; Millis tells it exactly.
	RetryAfter time.Duration
	// Millis adds retry-after-ms, as Azure does.
	Millis bool
	// Tokens says that the tokens are used up, rather than the requests.
	Tokens bool
	// Bare leaves out Retry-After and all rate limit headers, as happens when
	// the limit is found deeper inside the service.
	Bare bool
}

// Name is "rate-limited".
func (RateLimited) Name() string { return "rate-limited" }

func (f RateLimited) String() string {
	return say("rate-limited").duration("retry-after", f.RetryAfter).
		flag("millis", f.Millis).flag("tokens", f.Tokens).flag("bare", f.Bare).String()
}

// Serve sends the refusal.
func (f RateLimited) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	wait := f.RetryAfter
	if wait <= 0 {
		wait = time.Second
	}
	kind := "requests"
	if f.Tokens {
		kind = "tokens"
	}
	e := APIError{
		Status: http.StatusTooManyRequests, Type: kind, Code: "rate_limit_exceeded",
		Message: fmt.Sprintf("Rate limit reached on %s. Please try again in %v.", kind, wait),
	}
	if !f.Bare {
		e.Header = f.headers(wait)
	}
	e.Serve(w, r, next)
}

func (f RateLimited) headers(wait time.Duration) http.Header {
	h := make(http.Header)
	generous(h)
	spent := "Requests"
	if f.Tokens {
		spent = "Tokens"
	}
	h.Set("X-Ratelimit-Remaining-"+spent, "0")
	h.Set("X-Ratelimit-Reset-"+spent, wait.String())
	h.Set("Retry-After", wholeSeconds(wait))
	if f.Millis {
		h.Set("Retry-After-Ms", strconv.FormatFloat(float64(wait)/float64(time.Millisecond), 'f', -1, 64))
	}
	return h
}

// wholeSeconds rounds d up, to 1 at least, as Retry-After wants it.
func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(max(1, int64((d+time.Second-1)/time.Second)), 10)
}
