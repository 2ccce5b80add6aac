package demo

import (
	"net/http"
	"strconv"
	"time"
)

// policy is when and how an official client tries again. The facts are those of
// openai-go v3.96; openai-python does the same, and openai-node too but for
// Retry-After of more than a minute.
type policy struct {
	retries   int           // attempts beyond the first
	base      time.Duration // the first delay, doubled each time
	longest   time.Duration // the longest delay of its own
	maxAdvice time.Duration // the longest delay that a service may ask for
}

// official is what the SDKs do if nothing is set.
func official() policy {
	return policy{retries: 2, base: 500 * time.Millisecond, longest: 8 * time.Second, maxAdvice: 2 * time.Minute}
}

// again tells whether to try again after the given number of retries, and how
// long to wait before. header is nil if no answer came; luck is from [0, 1).
func (p policy) again(retries, status int, header http.Header, now time.Time, luck float64) (time.Duration, bool) {
	if retries >= p.retries || !retryable(status, header) {
		return 0, false
	}
	if wait, given := advice(header, now); given {
		return wait, wait <= p.maxAdvice
	}
	return p.delay(retries, luck), true
}

// delay is the client's own: doubling, capped, less up to a quarter.
func (p policy) delay(retries int, luck float64) time.Duration {
	wait := p.longest
	if retries < 30 {
		wait = min(p.base<<retries, p.longest)
	}
	return wait - time.Duration(luck*0.25*float64(wait))
}

// retryable tells whether an answer, or none, is one to try again after.
func retryable(status int, header http.Header) bool {
	switch header.Get("X-Should-Retry") {
	case "true":
		return true
	case "false":
		return false
	}
	switch status {
	case 0, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return true
	}
	return status >= http.StatusInternalServerError
}

// advice is how long the service asked to wait.
func advice(header http.Header, now time.Time) (wait time.Duration, given bool) {
	if wait, ok := number(header.Get("Retry-After-Ms"), time.Millisecond); ok {
		return wait, true
	}
	text := header.Get("Retry-After")
	if wait, ok := number(text, time.Second); ok {
		return wait, true
	}
	if at, err := time.Parse(time.RFC1123, text); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

// number reads a count of units; fractions are allowed.
func number(text string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != n {
		return 0, false
	}
	const longest = 24 * time.Hour
	return time.Duration(min(max(0, n*float64(unit)), float64(longest))), true
}
