package openaitest

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"time"
)

// refusal is what the API says to a request that does not fit.
func (f *Limited) refusal(a account, subject string, tokens int) APIError {
	e := APIError{
		Status: http.StatusTooManyRequests, Type: "tokens", Code: "rate_limit_exceeded",
		Header: f.headers(a),
	}
	if a.tokens.never(tokens) { // no wait helps, so none is told
		e.Message = fmt.Sprintf("Request too large for %s in organization %s on tokens per min (TPM): "+
			"Limit %d, Requested %d. The input or output tokens must be reduced in order to run successfully.",
			subject, organization, a.tokens.size, tokens)
		return e
	}
	short, wait := shortageOf(&a, tokens), a.wait(tokens)
	e.Type = short.kind
	e.Message = fmt.Sprintf("Rate limit reached for %s in organization %s on %s per %s: "+
		"Limit %d, Used %d, Requested %d. Please try again in %v.",
		subject, organization, short.kind, short.per, short.limit, short.used, short.requested, milliseconds(wait))
	f.addWait(e.Header, wait)
	return e
}

// shortage is what a refusal says about the bucket that takes longer to fill.
type shortage struct {
	kind, per              string
	limit, used, requested int
}

func shortageOf(a *account, tokens int) shortage {
	b, span := &a.tokens, time.Minute
	s := shortage{kind: "tokens", per: "min (TPM)", requested: tokens}
	if a.requests.wait(1, a.now) == a.wait(tokens) {
		b, s = &a.requests, shortage{kind: "requests", per: "min (RPM)", requested: 1}
	}
	if b.each > span { // less than one a minute
		s.per, span = "day (RPD)", 24*time.Hour
	}
	s.limit = max(1, int(math.Round(float64(span)/float64(b.each))))
	s.used = max(0, s.limit-b.left(a.now))
	return s
}

// addWait adds to h what tells the wait.
func (f *Limited) addWait(h http.Header, wait time.Duration) {
	if f.Bare || f.NoRetryAfter {
		return
	}
	h.Set("Retry-After", wholeSeconds(wait))
	if f.Millis {
		h.Set("Retry-After-Ms", strconv.FormatInt(milliseconds(wait).Milliseconds(), 10))
	}
}

// headers are those of an account, for good answers and refusals. Limit is what
// the bucket holds, so that limit, remaining and reset agree; messages have the
// limit per minute. The two are the same at the API.
func (f *Limited) headers(a account) http.Header {
	h := make(http.Header)
	if f.Bare {
		return h
	}
	for suffix, b := range map[string]*bucket{"Requests": &a.requests, "Tokens": &a.tokens} {
		if b.limits() {
			h.Set("X-Ratelimit-Limit-"+suffix, strconv.Itoa(b.size))
			h.Set("X-Ratelimit-Remaining-"+suffix, strconv.Itoa(b.left(a.now)))
			h.Set("X-Ratelimit-Reset-"+suffix, milliseconds(b.refill(a.now)).String())
		}
	}
	return h
}

// milliseconds rounds up to them, as the API tells times: one that is told must
// not be too short.
func milliseconds(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}

// announce makes the good answer to r carry h in place of what it makes up.
func announce(w http.ResponseWriter, r *http.Request, h http.Header) {
	c := callOf(r.Context())
	if c == nil {
		maps.Copy(w.Header(), h)
		return
	}
	if c.limits == nil {
		c.limits = make(http.Header)
	}
	maps.Copy(c.limits, h)
}
