package fault_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

const month = 30 * 24 * time.Hour

func TestRetryAfter(t *testing.T) {
	for _, row := range []struct {
		name, ms, after string
		want            time.Duration
		ok              bool
	}{
		{"absent", "", "", 0, false},
		{"seconds", "", "20", 20 * time.Second, true},
		{"fraction of seconds", "", "1.5", 1500 * time.Millisecond, true},
		{"zero", "", "0", 0, true},
		{"negative", "", "-5", 0, true},
		{"blanks", "", " 7 ", 7 * time.Second, true},
		{"milliseconds", "120", "", 120 * time.Millisecond, true},
		{"fraction of milliseconds", "0.5", "", 500 * time.Microsecond, true},
		{"milliseconds go first", "120", "20", 120 * time.Millisecond, true},
		{"unreadable milliseconds", "soon", "20", 20 * time.Second, true},
		{"date ahead", "", noon.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second, true},
		{"date past", "", noon.Add(-time.Hour).Format(http.TimeFormat), 0, true},
		{"date far ahead", "", "Fri, 31 Dec 9999 23:59:59 GMT", month, true},
		{"old form of a date", "", noon.Add(time.Minute).Format(time.ANSIC), time.Minute, true},
		{"a month is believed", "", "2592000", month, true},
		{"more is not", "", "2592001", month, true},
		{"beyond a Duration", "", "99999999999999999999", month, true},
		{"beyond a float", "", "1e999", month, true},
		{"below a float", "", "-1e999", 0, true},
		{"infinite", "", "Inf", month, true},
		{"not a number", "", "NaN", 0, false},
		{"words", "", "a while", 0, false},
		{"very long", "", strings.Repeat("9", 500), 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := http.Header{}
			if row.ms != "" {
				h.Set("retry-after-ms", row.ms)
			}
			if row.after != "" {
				h.Set("Retry-After", row.after)
			}
			if d, ok := fault.RetryAfter(h, noon); d != row.want || ok != row.ok {
				t.Errorf("got %v, %v; want %v, %v", d, ok, row.want, row.ok)
			}
		})
	}
	if _, ok := fault.RetryAfter(nil, noon); ok {
		t.Error("a delay from no headers")
	}
}

func TestDelayInText(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"Please try again in 6.57s. Visit":          6570 * time.Millisecond,
		"try again in 1m12s.":                       72 * time.Second,
		"Try again in 120 ms":                       120 * time.Millisecond,
		"try again in 120ms.":                       120 * time.Millisecond,
		"Please retry after 26 seconds.":            26 * time.Second,
		"Please retry in 34.07s.":                   34070 * time.Millisecond,
		"try again in 7h12m0s":                      7*time.Hour + 12*time.Minute,
		"try again in 1 minute":                     time.Minute,
		"try again in 2 days":                       48 * time.Hour,
		"try again in 900 days":                     month,
		"try again in a while":                      0,
		"try again in 5 bananas":                    0,
		"try again in 5":                            0,
		"try again in 1.2.3s":                       0,
		"try again later":                           0,
		"try again in 99999999999999999999999h":     month,
		"try again in " + strings.Repeat("9", 4000): 0,
	} {
		e := fault.Classify(429, nil, []byte(body("rate_limit_exceeded", "tokens", text)), noon)
		if e.RetryAfter != want {
			t.Errorf("%.60q: got %v, want %v", text, e.RetryAfter, want)
		}
	}
	gemini := `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":"a"},{"@type":"b","retryDelay":"34s"}]}}`
	if e := fault.Classify(429, nil, []byte(gemini), noon); e.RetryAfter != 34*time.Second {
		t.Errorf("a delay among the details: %v", e.RetryAfter)
	}
}
