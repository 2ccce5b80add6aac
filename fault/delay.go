package fault

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxDelay is the longest wait that is believed.
const maxDelay = 30 * 24 * time.Hour

// RetryAfter reads how long the service asks to wait: retry-after-ms, which may
// have a fraction, else retry-after, a number of seconds or a date, which now
// resolves. It is not ok when neither is there and readable. A time that has
// passed is a wait of 0; one over 30 days is taken for 30 days.
func RetryAfter(h http.Header, now time.Time) (d time.Duration, ok bool) {
	if d, ok := delayOf(h.Get("Retry-After-Ms"), time.Millisecond); ok {
		return d, true
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	if d, ok := delayOf(value, time.Second); ok {
		return d, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxDelay), true
}

// delayOf reads a number of units.
func delayOf(value string, unit time.Duration) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value == "" || len(value) > 400 {
		return 0, false
	}
	n, err := strconv.ParseFloat(value, 64) // out of range: an infinity, and an error
	if math.IsNaN(n) || err != nil && !math.IsInf(n, 0) {
		return 0, false
	}
	return scale(n, unit), true
}

// scale is n units within 0 and maxDelay.
func scale(n float64, unit time.Duration) time.Duration {
	switch d := n * float64(unit); {
	case d <= 0:
		return 0
	case d >= float64(maxDelay):
		return maxDelay
	default:
		return time.Duration(math.Round(d))
	}
}

// delayInText finds "try again in 6.57s" and its like in a message in lower case;
// 0 without one.
func delayInText(text string) time.Duration {
	for _, mark := range [...]string{"try again in ", "retry in ", "retry after ", "try again after ", "please wait ", "resets in "} {
		if _, rest, ok := strings.Cut(text, mark); ok {
			return leadingDelay(rest)
		}
	}
	return 0
}

// leadingDelay reads the duration that text begins with, such as "6.57s",
// "1m12s", "120 ms" or "26 seconds".
func leadingDelay(text string) time.Duration {
	total := 0.0
	for len(text) > 0 {
		n := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if n <= 0 {
			break
		}
		value, err := strconv.ParseFloat(strings.TrimRight(text[:n], "."), 64)
		if err != nil {
			break
		}
		rest := strings.TrimPrefix(text[n:], " ")
		word := rest[:letters(rest)]
		unit, ok := unitOf(word)
		if !ok {
			break
		}
		total += value * float64(unit)
		text = rest[len(word):]
	}
	return scale(total, 1)
}

// letters counts the letters that s begins with.
func letters(s string) int {
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return i
		}
	}
	return len(s)
}

func unitOf(word string) (time.Duration, bool) {
	switch word {
	case "ms", "millisecond", "milliseconds":
		return time.Millisecond, true
	case "s", "sec", "secs", "second", "seconds":
		return time.Second, true
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute, true
	case "h", "hour", "hours":
		return time.Hour, true
	case "d", "day", "days":
		return 24 * time.Hour, true
	}
	return 0, false
}
