package guard_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

func TestSetConfigIsAllOrNothing(t *testing.T) {
	r := newRig(t, answer(func(req *http.Request) (*http.Response, error) {
		return respond(req, 500, text(""), "Content-Type", "application/json"), nil
	}), once)
	for range 2 {
		_, _, _ = r.chat("http://api")
	}
	bad := guard.Config{
		Breaker: breaker.Config{FailureThreshold: 3}, Retry: retry.Config{MaxRetries: 101},
		Overrides: []guard.Override{{Breaker: breaker.Config{SlowRate: 2}}},
	}
	err := r.SetConfig(bad)
	if err == nil || !strings.Contains(err.Error(), "MaxRetries") || !strings.Contains(err.Error(), "SlowRate") {
		t.Errorf("%v", err)
	}
	_, _, _ = r.chat("http://api")
	if m := r.metrics("api/gpt-5"); m.State != breaker.Closed || m.FailedCalls != 3 {
		t.Errorf("a wrong configuration changed something: %+v", m)
	}
	if err := r.SetConfig(guard.Config{Retry: retry.Config{MaxRetries: -1}, Breaker: breaker.Config{FailureThreshold: 4}}); err != nil {
		t.Fatal(err)
	}
	_, _, _ = r.chat("http://api")
	if m := r.metrics("api/gpt-5"); m.State != breaker.Open || m.FailedCalls != 4 {
		t.Errorf("not open after the fourth failure: %+v", m)
	}
	if r.MaxRetries() != 0 {
		t.Errorf("%d retries", r.MaxRetries())
	}
}

// A call keeps what it began with, to the end of its stream.
func TestCallUnderWayKeepsItsSettings(t *testing.T) {
	pr, pw := io.Pipe()
	r := newRig(t, answer(func(req *http.Request) (*http.Response, error) {
		return respond(req, 200, pr, "Content-Type", "text/event-stream"), nil
	}), guard.Config{Retry: retry.Config{MaxRetries: -1}, Commit: guard.CommitHeaders})
	resp, err := r.RoundTrip(newPost(t, "http://api", chat))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	// With this one a stream without any end of its own is whole.
	any := guard.EndAny
	if err := r.SetConfig(guard.Config{Ending: any}); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = io.WriteString(pw, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n")
		_ = pw.Close()
	}()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the stream has no end, and nothing is said")
	}
	if r.count(guard.CallEnded) != 1 {
		t.Error("its own observer heard nothing")
	}
}

// The connect timeout belongs to the transport, which is made anew for it.
func TestSetConfigOfOwnTransport(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}`)
	})
	r := newRig(t, nil, once)
	for _, connect := range []time.Duration{0, 0, time.Second, time.Second, -1} {
		if err := r.SetConfig(guard.Config{Timeouts: guard.Timeouts{Connect: connect}}); err != nil {
			t.Fatal(err)
		}
		if _, body, err := r.chat(s.URL); err != nil || body == "" {
			t.Errorf("%v: %v", connect, err)
		}
	}
}

func TestSetConfigWithCallsGoingOn(t *testing.T) {
	r := newRig(t, answer(func(req *http.Request) (*http.Response, error) {
		if req.Header.Get("Fail") != "" {
			return respond(req, 500, text("{}"), "Content-Type", "application/json"), nil
		}
		return respond(req, 200, text(`{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}`), "Content-Type", "application/json"), nil
	}), quick)
	var stop atomic.Bool
	var calls atomic.Int64
	var callers sync.WaitGroup
	for i := range 4 {
		callers.Go(func() {
			for n := 0; !stop.Load(); n++ {
				body := strings.Replace(chat, "gpt-5", []string{"gpt-5", "o3", "m"}[(i+n)%3], 1)
				req := newPost(t, "http://api", body)
				if n%7 == 0 {
					req.Header.Set("Fail", "1")
				}
				if resp, err := r.RoundTrip(req); err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
				calls.Add(1)
			}
		})
	}
	var seen atomic.Int64
	for n := 0; n < 300 || calls.Load() < 500 && n < 1_000_000; n++ {
		cfg := guard.Config{
			Breaker:     breaker.Config{FailureThreshold: 1 + n%5, FailureRate: 0.5, RateWindow: time.Duration(1+n%3) * time.Second, BaseTimeout: time.Millisecond, Ramp: n%2 == 0},
			MaxCircuits: 10, Count: guard.Count(n % 2), Retry: retry.Config{MaxRetries: 1 + n%2, BaseDelay: time.Millisecond},
			Observe: func(context.Context, guard.Event) { seen.Add(1) },
			Overrides: []guard.Override{
				{Models: []string{"o*"}, Breaker: breaker.Config{FailureThreshold: 2 + n%3}, Timeouts: guard.Timeouts{Idle: time.Second}},
				{Upstream: "api", Breaker: breaker.Config{ResetTimeout: time.Duration(10+n%10) * time.Millisecond}},
			},
		}
		if err := r.SetConfig(cfg); err != nil {
			t.Fatal(err)
		}
	}
	stop.Store(true)
	callers.Wait()
	if calls.Load() == 0 || seen.Load() == 0 {
		t.Errorf("%d calls, %d events", calls.Load(), seen.Load())
	}
	if n := r.Circuits().Len(); n != 4 {
		t.Errorf("%d circuits", n)
	}
}

// Who is told of a gate's change by SetConfig may make a call there.
func TestSetConfigWithAnObserverThatCalls(t *testing.T) {
	var r *rig
	told := 0
	cfg := once
	cfg.Gate.OnTransition = func(tr gate.Transition) {
		if tr.Reason == gate.NewConfig {
			told++
			_, _, _ = r.chat("http://alerts")
		}
	}
	r = newRig(t, answer(good), cfg)
	_, _, _ = r.chat("http://api")
	for range 2 { // the second one limits the rate
		r.gate("gpt-5").ReportAt(time.Now().Add(-time.Minute), gate.Report{Kind: gate.RateLimit, RetryAfter: time.Second})
	}
	cfg.Gate.NoRate = true
	set := make(chan error, 1)
	go func() { set <- r.SetConfig(cfg) }()
	select {
	case err := <-set:
		if err != nil || told != 1 {
			t.Errorf("%v, told %d times", err, told)
		}
	case <-time.After(5 * time.Second):
		t.Error("SetConfig does not return")
	}
}
