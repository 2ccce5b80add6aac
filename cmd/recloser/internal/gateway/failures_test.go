package gateway_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
)

// TestRefusal opens a circuit and looks at what those get who come then.
func TestRefusal(t *testing.T) {
	for name, row := range map[string]struct {
		open    time.Duration
		random  float64
		low, hi int64 // seconds told
	}{
		"30 s":                    {30 * time.Second, 0, 30, 36},
		"an hour, told the least": {time.Hour, 0, 50, 50},
		"an hour, told the most":  {time.Hour, 0.999999, 60, 60},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, func(s *settings) {
				s.guard.Breaker = breaker.Config{FailureThreshold: 1, BaseTimeout: row.open, ResetTimeout: row.open}
				s.proxy.Rand = func() float64 { return row.random }
			})
			if got := r.post(chatBody); got.StatusCode != http.StatusInternalServerError {
				t.Fatal(got.StatusCode)
			}
			r.line()
			times := map[string]bool{}
			for range 12 {
				got := r.post(chatBody)
				message, kind, code := r.apiError(got)
				if got.StatusCode != http.StatusServiceUnavailable || code != "circuit_open" || kind != "service_unavailable_error" {
					t.Fatalf("%d %s", got.StatusCode, got.body)
				}
				seconds, err := strconv.ParseInt(got.Header.Get("Retry-After"), 10, 64)
				if err != nil || seconds < row.low || seconds > row.hi {
					t.Errorf("Retry-After %q", got.Header.Get("Retry-After"))
				}
				ms, err := strconv.ParseInt(got.Header.Get("Retry-After-Ms"), 10, 64)
				if err != nil || ms > seconds*1000 || ms <= (seconds-1)*1000 {
					t.Errorf("retry-after-ms %q, Retry-After %d", got.Header.Get("Retry-After-Ms"), seconds)
				}
				if row.open == 30*time.Second {
					equal(t, "message", message, "AI service is temporarily unavailable. Please try again in "+strconv.FormatInt(seconds, 10)+" seconds.")
				}
				equal(t, "Recloser-Message", got.Header.Get("Recloser-Message"), message)
				equal(t, "X-Should-Retry", got.Header.Get("X-Should-Retry"), "false")
				equal(t, "Recloser-Kind", got.Header.Get("Recloser-Kind"), "refused")
				equal(t, "Recloser-Attempts", got.Header.Get("Recloser-Attempts"), "0")
				line := r.line()
				equal(t, "kind", line["kind"], "refused")
				equal(t, "status", line["status"], 503)
				times[got.Header.Get("Retry-After-Ms")] = true
			}
			if row.open == 30*time.Second && len(times) < 4 {
				t.Errorf("12 callers were told only %d different times", len(times))
			}
			if m := r.metrics("gpt-4o"); m.TotalCalls != 1 || m.RefusedCalls != 12 {
				t.Errorf("%+v", m)
			}
		})
	}
}

func TestRefusalToldBySecondsAtLeastOne(t *testing.T) {
	open := make(chan time.Time, 1)
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, func(s *settings) {
		tripped(s)
		s.guard.Breaker.OnTransition = func(tr breaker.Transition) { open <- tr.Until }
		s.proxy.Now = func() time.Time { // one millisecond before the probe is due
			select {
			case until := <-open:
				open <- until
				return until.Add(-time.Millisecond)
			default:
				return time.Now()
			}
		}
	})
	r.post(chatBody)
	got := r.post(chatBody)
	equal(t, "Retry-After", got.Header.Get("Retry-After"), "1")
	if ms := got.Header.Get("Retry-After-Ms"); ms != "1" && ms != "2" {
		t.Errorf("retry-after-ms %s", ms)
	}
	message, _, _ := r.apiError(got)
	equal(t, "message", message, "AI service is temporarily unavailable. Please try again in 1 second.")
}

// TestNoAnswer has a service that fails in ways that leave nothing to pass on.
func TestNoAnswer(t *testing.T) {
	hang := func(_ http.ResponseWriter, req *http.Request) {
		io.Copy(io.Discard, req.Body)
		<-req.Context().Done()
	}
	rows := []struct {
		name    string
		service http.HandlerFunc
		change  func(*settings)
		status  int
		kind    string
		code    string
	}{
		{"nobody listens", ok, func(s *settings) { s.proxy.Upstream.Host = unused(t) }, 502, "service", "connection_refused"},
		{"no such host", ok, func(s *settings) { s.proxy.Upstream.Host = "nowhere.invalid" }, 502, "service", "dns"},
		{"closed without an answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, 502, "service", "closed"},
		{"garbage", garbage, nil, 502, "service", "malformed_response"},
		{"no headers", hang, func(s *settings) { s.guard.Timeouts.Headers = 30 * time.Millisecond }, 504, "timeout", "headers_timeout"},
		{"total time", hang, func(s *settings) { s.guard.Timeouts.Total = 30 * time.Millisecond }, 504, "timeout", "total_timeout"},
	}
	for _, row := range rows {
		for _, retries := range []bool{false, true} {
			t.Run(row.name+" "+strconv.FormatBool(retries), func(t *testing.T) {
				changes := []func(*settings){}
				if row.change != nil {
					changes = append(changes, row.change)
				}
				if retries {
					changes = append(changes, withRetries)
				}
				r := newRig(t, row.service, changes...)
				got := r.post(chatBody)
				message, kind, code := r.apiError(got)
				if got.StatusCode != row.status || code != row.code || kind != "server_error" || message != fault.MessageUnavailable {
					t.Errorf("%d %s", got.StatusCode, got.body)
				}
				equal(t, "Recloser-Kind", got.Header.Get("Recloser-Kind"), row.kind)
				equal(t, "Recloser-Message", got.Header.Get("Recloser-Message"), fault.MessageUnavailable)
				equal(t, "X-Should-Retry", got.Header.Get("X-Should-Retry") == "false", retries)
				line := r.line()
				equal(t, "kind", line["kind"], row.kind)
				equal(t, "status", line["status"], row.status)
			})
		}
	}
}

// unused returns the address of a port on which nobody listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func garbage(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	io.WriteString(conn, "HALLO WELT\r\n\r\n")
	conn.Close()
}

func TestClientThatLeavesBeforeTheAnswer(t *testing.T) {
	arrived := make(chan struct{})
	r := newRig(t, func(_ http.ResponseWriter, req *http.Request) {
		io.Copy(io.Discard, req.Body)
		close(arrived)
		<-req.Context().Done()
	}, withRetries)
	ctx, leave := context.WithCancel(t.Context())
	go func() { <-arrived; leave() }()
	req := r.request(http.MethodPost, chatPath, strings.NewReader(chatBody)).WithContext(ctx)
	if resp, err := r.client.Do(req); err == nil {
		resp.Body.Close()
		t.Error("there was an answer")
	}
	line := r.line()
	equal(t, "kind", line["kind"], "cancelled")
	equal(t, "status", line["status"], 499)
	if m := r.metrics("gpt-4o"); m.TotalCalls != 1 || m.FailedCalls != 0 {
		t.Errorf("%+v", m)
	}
	r.noMore()
}

func TestUpgradeThatCannotBeIsAnError(t *testing.T) {
	r := newRig(t, ok)
	_, in := r.raw("GET /v1/realtime HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: w\xc3\xa9b\r\n\r\n")
	if resp := r.receive(in); resp.StatusCode != http.StatusBadRequest {
		t.Fatalf("%v", resp)
	}
	equal(t, "kind", r.line()["kind"], "caller")
}

// TestCancelledCallLooksLikeNoAnswer has a call that is cancelled on our side,
// as at the end of a shutdown: its client is still there.
func TestCancelledCallLooksLikeNoAnswer(t *testing.T) {
	arrived := make(chan struct{})
	r := newRig(t, func(_ http.ResponseWriter, req *http.Request) {
		io.Copy(io.Discard, req.Body)
		close(arrived)
		<-req.Context().Done()
	})
	proxy := r.proxy.Config.Handler
	r.proxy.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithCancel(req.Context())
		defer cancel()
		go func() { <-arrived; cancel() }()
		proxy.ServeHTTP(w, req.WithContext(ctx))
	})
	resp, err := r.client.Do(r.request(http.MethodPost, chatPath, strings.NewReader(chatBody)))
	if err == nil {
		resp.Body.Close()
		t.Errorf("the answer is %s", resp.Status)
	}
	equal(t, "status", r.line()["status"], 499)
}
