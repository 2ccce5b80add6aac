package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// hasty is the official policy at a hundredth of its delays.
func hasty() policy {
	p := official()
	p.base /= 100
	return p
}

func TestClientRetriesAsOften(t *testing.T) {
	tests := []struct {
		script   string
		result   result
		attempts int
	}{
		{"healthy", answeredAtOnce, 1},
		{"first 1", answeredLater, 2},
		{"first 2", answeredLater, 3},
		{"down", failed, 3},
		{"reset", failed, 3},
		{"down 400", failed, 1},
		{"truncated", failed, 1}, // the answer has been handed over
	}
	for _, tt := range tests {
		t.Run(tt.script, func(t *testing.T) {
			service := openaitest.Start(t, openaitest.Config{Script: tt.script, ClientHeader: labelHeader})
			c := newClient(service.BaseURL, "me", hasty())
			defer c.close()
			o := c.call(t.Context(), luckOf(1, 1))
			if o.result != tt.result || o.attempts != tt.attempts {
				t.Errorf("result %d after %d attempts; want %d after %d", o.result, o.attempts, tt.result, tt.attempts)
			}
			if got := service.Counts().ByClient["me"].Attempts; got != int64(tt.attempts) {
				t.Errorf("%d attempts arrived; want %d", got, tt.attempts)
			}
			for i, r := range service.Log() {
				if got := r.Header.Get("X-Stainless-Retry-Count"); got != fmt.Sprint(i) {
					t.Errorf("attempt %d says %q retries", i+1, got)
				}
			}
		})
	}
}

func TestClientUnderstandsTheProxy(t *testing.T) {
	tests := []struct {
		name    string
		status  int
		header  map[string]string
		body    string
		result  result
		message string
	}{
		{"refused", 503, map[string]string{"X-Should-Retry": "false"}, `{"error":{"message":"Later.","code":"circuit_open"}}`, refused, "Later."},
		{"failed", 503, map[string]string{"X-Should-Retry": "false", "Recloser-Message": "We're on it."}, `{"error":{"message":"Boom."}}`, failed, "We're on it."},
		{"no object", 502, map[string]string{"X-Should-Retry": "false"}, `<html>`, failed, "502 Bad Gateway"},
		{"at once", 200, map[string]string{"Recloser-Attempts": "1"}, `{}`, answeredAtOnce, ""},
		{"the proxy's retry", 200, map[string]string{"Recloser-Attempts": "2"}, `{}`, answeredLater, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var calls atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				for name, value := range tt.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			}))
			defer server.Close()
			c := newClient(server.URL, "me", hasty())
			defer c.close()
			o := c.call(t.Context(), luckOf(1, 1))
			if o.result != tt.result || o.message != tt.message || calls.Load() != 1 {
				t.Errorf("result %d, %q, %d calls; want %d, %q, 1", o.result, o.message, calls.Load(), tt.result, tt.message)
			}
		})
	}
}

func TestPatienceAndTheEndOfTheDemoEndACall(t *testing.T) {
	service := openaitest.Start(t, openaitest.Config{Script: "hang"})
	c := newClient(service.BaseURL, "me", hasty())
	defer c.close()

	patient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if o := c.call(patient, luckOf(1, 1)); o.result != failed || o.attempts != 1 {
		t.Errorf("out of patience: result %d after %d attempts; want %d after 1", o.result, o.attempts, failed)
	}
	over, end := context.WithCancel(t.Context())
	end()
	if o := c.call(over, luckOf(1, 1)); o.result != stopped {
		t.Errorf("the demo is over: result %d; want %d", o.result, stopped)
	}
}

func TestCrowdKeepsItsBooks(t *testing.T) {
	recovery := time.Now()
	var c crowd
	leave := func(r result, attempts int, took, ended time.Duration) {
		c.enter()
		c.leave(outcome{result: r, attempts: attempts, took: took, ended: recovery.Add(ended)}, recovery)
	}
	leave(answeredAtOnce, 1, time.Second, -2*time.Second)
	leave(failed, 3, 2*time.Second, -time.Second)
	leave(refused, 1, 0, -time.Second)
	leave(answeredLater, 2, time.Second, 3*time.Second)
	leave(answeredAtOnce, 1, time.Second, 4*time.Second)
	leave(stopped, 1, time.Second, 5*time.Second)
	c.enter()

	b := c.now()
	got := []int{b.calls, b.waiting, b.answered(), b.results[refused], b.results[failed], b.attempts}
	if want := []int{5, 1, 3, 1, 1, 8}; !slices.Equal(got, want) {
		t.Errorf("calls, waiting, answered, refused, failed, attempts are %v; want %v", got, want)
	}
	if b.lost != 2*time.Second || b.lostEach() != time.Second {
		t.Errorf("lost %v, %v each; want 2s, 1s", b.lost, b.lostEach())
	}
	if got := b.recovered.Sub(recovery); got != 3*time.Second {
		t.Errorf("the first answer came %v after the recovery; want 3s", got)
	}
}
