package gate

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ReadLimits reads the x-ratelimit-* headers of an answer. get returns a header's
// value, or "", as http.Header.Get does; it is given names in canonical form, so
// that Get need not make them, and a get of another kind must not mind the case.
// Of several limits of tokens it is the one that takes longest to come back.
func ReadLimits(get func(name string) string) (requests, tokens Limit) {
	requests = readLimit(get, "X-Ratelimit-Limit-Requests", "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests")
	tokens = readLimit(get, "X-Ratelimit-Limit-Tokens", "X-Ratelimit-Remaining-Tokens", "X-Ratelimit-Reset-Tokens")
	tokens = slower(tokens, readLimit(get,
		"X-Ratelimit-Limit-Project-Tokens", "X-Ratelimit-Remaining-Project-Tokens", "X-Ratelimit-Reset-Project-Tokens"))
	tokens = slower(tokens, readLimit(get,
		"X-Ratelimit-Limit-Tokens_usage_based", "X-Ratelimit-Remaining-Tokens_usage_based", "X-Ratelimit-Reset-Tokens_usage_based"))
	return requests, tokens
}

func readLimit(get func(string) string, limit, remaining, reset string) Limit {
	most := count(get(limit))
	if most <= 0 {
		return Limit{}
	}
	return Limit{most, count(get(remaining)), ParseReset(get(reset))}
}

// slower is the limit that takes longer to come back; a, if both take as long.
func slower(a, b Limit) Limit {
	if b.refill() > a.refill() {
		return b
	}
	return a
}

// count reads a whole number; -1 if it is none.
func count(s string) int64 {
	if s == "" { // most headers are not there, and an error is made on the heap
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// ParseReset reads how long a limit takes to fill: "6m0s", "120ms", "50.529s", or
// bare seconds, as Azure writes it. It is 0 if it makes no sense.
func ParseReset(s string) time.Duration {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return 0
	case isNumber(s[len(s)-1]): // a duration ends with its unit
		seconds, err := strconv.ParseFloat(s, 64)
		if ns := seconds * 1e9; err == nil && ns > 0 && ns < math.MaxInt64 {
			return time.Duration(ns)
		}
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0
	}
	return max(d, 0)
}

// isNumber reports whether c may be the last byte of a number.
func isNumber(c byte) bool { return c == '.' || '0' <= c && c <= '9' }
