package demo

import (
	"net/http"
	"testing"
	"time"
)

// The rows are those of the fact sheet on official clients.
func TestPolicyDoesWhatTheSDKsDo(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	tests := []struct {
		name    string
		retries int
		status  int
		header  map[string]string
		luck    float64
		wait    time.Duration
		again   bool
	}{
		{"no answer", 0, 0, nil, 0, 500 * time.Millisecond, true},
		{"408", 0, 408, nil, 0, 500 * time.Millisecond, true},
		{"409", 0, 409, nil, 0, 500 * time.Millisecond, true},
		{"429", 0, 429, nil, 0, 500 * time.Millisecond, true},
		{"500", 0, 500, nil, 0, 500 * time.Millisecond, true},
		{"503", 0, 503, nil, 0, 500 * time.Millisecond, true},
		{"529", 0, 529, nil, 0, 500 * time.Millisecond, true},
		{"400", 0, 400, nil, 0, 0, false},
		{"401", 0, 401, nil, 0, 0, false},
		{"404", 0, 404, nil, 0, 0, false},
		{"422", 0, 422, nil, 0, 0, false},

		{"second delay", 1, 503, nil, 0, time.Second, true},
		{"two retries at most", 2, 503, nil, 0, 0, false},
		{"half of the jitter", 0, 503, nil, 0.5, 437500 * time.Microsecond, true},
		{"nearly all of the jitter", 1, 503, nil, 0.999, 750250 * time.Microsecond, true},

		{"told to retry a 400", 0, 400, map[string]string{"X-Should-Retry": "true"}, 0, 500 * time.Millisecond, true},
		{"told not to retry a 503", 0, 503, map[string]string{"X-Should-Retry": "false"}, 0, 0, false},
		{"told so with a delay", 0, 503, map[string]string{"X-Should-Retry": "false", "Retry-After": "1"}, 0, 0, false},
		{"told something else", 0, 503, map[string]string{"X-Should-Retry": "maybe"}, 0, 500 * time.Millisecond, true},
		{"told to retry once too often", 2, 400, map[string]string{"X-Should-Retry": "true"}, 0, 0, false},

		{"seconds", 0, 429, map[string]string{"Retry-After": "7"}, 0.9, 7 * time.Second, true},
		{"fractions", 0, 429, map[string]string{"Retry-After": "1.5"}, 0, 1500 * time.Millisecond, true},
		{"milliseconds first", 0, 429, map[string]string{"Retry-After": "7", "Retry-After-Ms": "250"}, 0, 250 * time.Millisecond, true},
		{"fractions of milliseconds", 0, 429, map[string]string{"Retry-After-Ms": "0.5"}, 0, 500 * time.Microsecond, true},
		{"a date", 0, 503, map[string]string{"Retry-After": date(3 * time.Second)}, 0, 3 * time.Second, true},
		{"a past date", 0, 503, map[string]string{"Retry-After": date(-time.Hour)}, 0, 0, true},
		{"zero", 0, 503, map[string]string{"Retry-After": "0"}, 0, 0, true},
		{"two minutes", 0, 503, map[string]string{"Retry-After": "120"}, 0, 2 * time.Minute, true},
		{"more than two minutes", 0, 503, map[string]string{"Retry-After": "120.5"}, 0, 0, false},
		{"for ever", 0, 503, map[string]string{"Retry-After": "1e300"}, 0, 0, false},
		{"a far date", 0, 503, map[string]string{"Retry-After": date(time.Hour)}, 0, 0, false},
		{"no delay at all", 0, 503, map[string]string{"Retry-After": "soon"}, 0, 500 * time.Millisecond, true},
		{"not a number", 0, 503, map[string]string{"Retry-After": "NaN"}, 0, 500 * time.Millisecond, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := make(http.Header)
			for name, value := range tt.header {
				header.Set(name, value)
			}
			wait, again := official().again(tt.retries, tt.status, header, now, tt.luck)
			if again != tt.again || again && wait != tt.wait {
				t.Errorf("waits %v, again %v; want %v, %v", wait, again, tt.wait, tt.again)
			}
		})
	}
}

func TestPolicyCapsItsOwnDelay(t *testing.T) {
	p := official()
	for retries, want := range []time.Duration{500e6, 1e9, 2e9, 4e9, 8e9, 8e9, 8e9} {
		if got := p.delay(retries, 0); got != want {
			t.Errorf("delay %d is %v; want %v", retries, got, want)
		}
	}
	if got := p.delay(1000, 0); got != 8*time.Second {
		t.Errorf("a late delay is %v; want 8s", got)
	}
}
