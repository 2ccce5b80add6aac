package gate

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ReadLimits reads the x-ratelimit-* headers of an answer. get returns a header's
// value, or "", as http.Header.Get does. Of several limits of tokens it is the
// one that takes longest to come back.
func ReadLimits(get func(name string) string) (requests, tokens Limit) {
	requests = readLimit(get, "requests")
	tokens = readLimit(get, "tokens")
	for _, of := range [...]string{"project-tokens", "tokens_usage_based"} {
		if l := readLimit(get, of); l.refill() > tokens.refill() {
			tokens = l
		}
	}
	return requests, tokens
}

func readLimit(get func(string) string, of string) Limit {
	most := count(get("x-ratelimit-limit-" + of))
	if most <= 0 {
		return Limit{}
	}
	return Limit{most, count(get("x-ratelimit-remaining-" + of)), ParseReset(get("x-ratelimit-reset-" + of))}
}

// count reads a whole number; -1 if it is none.
func count(s string) int64 {
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
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		if ns := seconds * 1e9; ns > 0 && ns < math.MaxInt64 {
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
