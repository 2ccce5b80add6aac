package openaitest_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// TestErrorAnswers has the faults that answer with an error in the API's shape.
func TestErrorAnswers(t *testing.T) {
	tests := []struct {
		script     string
		status     int
		code, kind string
		headers    map[string]string
	}{
		{"down", 503, "", "server_error", nil},
		{"down 500", 500, "", "server_error", nil},
		{"overloaded", 503, "server_is_overloaded", "service_unavailable_error", map[string]string{"Retry-After": ""}},
		{"overloaded 429 retry-after=1500ms", 429, "slow_down", "rate_limit_error", map[string]string{"Retry-After": "2"}},
		{"rate-limited", 429, "rate_limit_exceeded", "requests", map[string]string{
			"Retry-After": "1", "Retry-After-Ms": "", "X-Ratelimit-Remaining-Requests": "0",
			"X-Ratelimit-Reset-Requests": "1s", "X-Ratelimit-Remaining-Tokens": "1999800",
		}},
		{"rate-limited retry-after=50ms millis tokens", 429, "rate_limit_exceeded", "tokens", map[string]string{
			"Retry-After": "1", "Retry-After-Ms": "50", "X-Ratelimit-Remaining-Tokens": "0",
		}},
		{"rate-limited bare", 429, "rate_limit_exceeded", "requests", map[string]string{
			"Retry-After": "", "X-Ratelimit-Remaining-Requests": "",
		}},
		{"quota", 429, "insufficient_quota", "insufficient_quota", map[string]string{"Retry-After": ""}},
		{"quota 403 code=project_spend_limit_exceeded", 403, "project_spend_limit_exceeded", "insufficient_quota", nil},
		{"error 400", 400, "", "invalid_request_error", nil},
		{"error 401", 401, "invalid_api_key", "invalid_request_error", nil},
		{"error 404", 404, "model_not_found", "invalid_request_error", nil},
		{"error 503 type=server_error code=slow_down", 503, "slow_down", "server_error", nil},
		{"gzip + quota", 429, "insufficient_quota", "insufficient_quota", nil},
	}
	for _, tt := range tests {
		t.Run(tt.script, func(t *testing.T) {
			l := openaitest.Start(t, openaitest.Config{Script: tt.script})
			for _, body := range []string{chatBody, chatStreamBody} {
				g := post(t, l, chatPath, body)
				if g.err != nil || g.status != tt.status {
					t.Fatalf("status %d (%v), want %d", g.status, g.err, tt.status)
				}
				if code, kind := g.apiError(t); code != tt.code || kind != tt.kind {
					t.Errorf("code %q type %q, want %q %q", code, kind, tt.code, tt.kind)
				}
				for name, want := range tt.headers {
					if have := g.header.Get(name); have != want {
						t.Errorf("%s: %q, want %q", name, have, want)
					}
				}
				if !strings.HasPrefix(g.header.Get("X-Request-Id"), "req_") {
					t.Error("no request id")
				}
			}
		})
	}
}

func TestAPIErrorTakesAnyBody(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Fault: openaitest.APIError{Status: 503, Body: "upstream connect error"}})
	g := post(t, l, chatPath, chatBody)
	if g.status != 503 || g.body != "upstream connect error" || !strings.HasPrefix(g.header.Get("Content-Type"), "text/plain") {
		t.Errorf("%+v", g)
	}
	l.Set(openaitest.APIError{Status: 403, Body: `{"error":"Missing scopes"}`, Header: http.Header{"x-should-retry": {"false"}}})
	g = post(t, l, chatPath, chatBody)
	if g.header.Get("Content-Type") != "application/json" || g.header.Get("X-Should-Retry") != "false" {
		t.Errorf("%+v", g)
	}
}

func TestHTMLPages(t *testing.T) {
	for script, status := range map[string]int{"html": 200, "html 502": 502, "html 403": 403} {
		g := post(t, openaitest.Start(t, openaitest.Config{Script: script}), chatPath, chatBody)
		if g.status != status || !strings.HasPrefix(g.header.Get("Content-Type"), "text/html") || !strings.Contains(g.body, "<html>") {
			t.Errorf("%s: %+v", script, g)
		}
		if g.header.Get("Openai-Version") != "" {
			t.Errorf("%s: the edge sends headers of the API", script)
		}
	}
}

// TestBrokenConnections has the faults that a client sees as an error of the
// transport before there is an answer.
func TestBrokenConnections(t *testing.T) {
	tests := []struct {
		script string
		want   func(error) bool
	}{
		{"reset", func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		{"reset clean", func(err error) bool { return errors.Is(err, io.EOF) }},
		{"hang limit=10ms", func(err error) bool { return errors.Is(err, io.EOF) }},
		{"garbage", func(err error) bool { return strings.Contains(err.Error(), "malformed HTTP") }},
	}
	for _, tt := range tests {
		t.Run(tt.script, func(t *testing.T) {
			l := openaitest.Start(t, openaitest.Config{Script: tt.script})
			if g := post(t, l, chatPath, chatBody); g.err == nil || !tt.want(g.err) {
				t.Errorf("got %d, %v", g.status, g.err)
			}
			idle(t, l)
			if c := l.Counts(); c.ByStatus["none"] != 1 || c.Canceled != 0 {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestHangEndsWithTheClient(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Fault: openaitest.Hang{}})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	g := do(client(t), newRequest(ctx, t, http.MethodPost, l.URL+chatPath, chatBody))
	if !errors.Is(g.err, context.DeadlineExceeded) {
		t.Fatalf("%+v", g)
	}
	idle(t, l)
	if c := l.Counts(); c.Canceled != 1 || c.ByFault["hang"] != 1 || c.ByStatus["none"] != 1 {
		t.Errorf("%+v", c)
	}
}

func TestCloseLetsGo(t *testing.T) {
	for _, script := range []string{"hang", "stall 2", "slow headers=1h", "slow chunk=1h"} {
		l := openaitest.Start(t, openaitest.Config{Script: script})
		result := make(chan got)
		request := newRequest(t.Context(), t, http.MethodPost, l.URL+chatPath, chatStreamBody)
		go func() { result <- do(client(t), request) }()
		for l.Counts().ByFault[strings.Fields(script)[0]] == 0 {
			runtime.Gosched()
		}
		if err := l.Server.Close(); err != nil {
			t.Error(err)
		}
		if g := <-result; g.err == nil {
			t.Errorf("%s: %+v", script, g)
		}
		idle(t, l)
		if c := l.Counts(); c.Canceled != 0 {
			t.Errorf("%s: it was the server that left: %+v", script, c)
		}
	}
}

func TestSlow(t *testing.T) {
	tests := []struct {
		script string
		min    time.Duration
	}{
		{"slow headers=60ms", 60 * time.Millisecond},
		{"slow chunk=10ms", 11 * 10 * time.Millisecond},
	}
	for _, tt := range tests {
		l := openaitest.Start(t, openaitest.Config{Script: tt.script})
		begin := time.Now()
		g := post(t, l, chatPath, chatStreamBody)
		if took := time.Since(begin); g.err != nil || len(g.events()) != 11 || took < tt.min {
			t.Errorf("%s: %v, %d events, %v", tt.script, took, len(g.events()), g.err)
		}
	}
}

func TestGzipHeedsWhatTheClientAccepts(t *testing.T) {
	tests := []struct {
		script, accept string
		packed         bool
	}{
		{"gzip + down", "gzip", true},
		{"gzip + down", "identity", false},
		{"gzip always + down", "identity", true},
		{"gzip", "gzip", true},
	}
	for _, tt := range tests {
		l := openaitest.Start(t, openaitest.Config{Script: tt.script})
		r := newRequest(t.Context(), t, http.MethodPost, l.URL+chatPath, chatStreamBody)
		r.Header.Set("Accept-Encoding", tt.accept) // now net/http unpacks nothing
		g := do(client(t), r)
		if packed := g.header.Get("Content-Encoding") == "gzip"; packed != tt.packed {
			t.Errorf("%s, accepting %s: packed %v", tt.script, tt.accept, packed)
		}
		if !tt.packed {
			continue
		}
		plain, err := gzip.NewReader(strings.NewReader(g.body))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(plain); err != nil || len(text) == 0 {
			t.Errorf("%s: %q, %v", tt.script, text, err)
		}
	}
}

// TestSpoiledStreams has the faults that act inside a stream. A healthy one of
// chat has 11 events, one of responses 16.
func TestSpoiledStreams(t *testing.T) {
	tests := []struct {
		script string
		path   string
		events int
		broken bool // reading ends in an error
		last   string
	}{
		{"cut 3", chatPath, 3, false, `"content":"`},
		{"cut 0", chatPath, 0, false, ""},
		{"cut 20", chatPath, 11, false, "[DONE]"},
		{"cut 3 reset", chatPath, 3, true, `"content":"`},
		{"cut 3 partial", chatPath, 4, false, `{"id":"chatcmpl-`},
		{"cut 5", respPath, 5, false, "response.output_text.delta"},
		{"stall 3 limit=10ms", chatPath, 3, true, `"content":"`},
		{"stall 0 limit=10ms", chatPath, 0, true, ""},
		{"error-event 3", chatPath, 4, false, `"code":"server_error"`},
		{"error-event 0 code=insufficient_quota type=insufficient_quota", chatPath, 1, false, `{"error":{"message":`},
		{"error-event 6", respPath, 7, false, `{"type":"error","sequence_number":6,"error":{`},
		{"error-event 6 form=flat", respPath, 7, false, `{"type":"error","sequence_number":6,"code":"server_error"`},
		{"error-event 6 form=failed", respPath, 7, false, `{"type":"response.failed","sequence_number":6,`},
		{"error-event 6 form=both code=server_is_overloaded", respPath, 8, false, `{"type":"response.failed","sequence_number":7,`},
		{"broken-event 2", chatPath, 11, false, "[DONE]"},
		{"empty-stream", chatPath, 0, false, ""},
		{"truncated", chatPath, 5, true, `{"id":"chatcmpl-`},
		{"slow chunk=1ms + cut 2", chatPath, 2, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.script+tt.path, func(t *testing.T) {
			l := openaitest.Start(t, openaitest.Config{Script: tt.script})
			body := chatStreamBody
			if tt.path == respPath {
				body = respStreamBody
			}
			g := post(t, l, tt.path, body)
			if g.status != 200 || !strings.HasPrefix(g.header.Get("Content-Type"), "text/event-stream") {
				t.Fatalf("%+v", g)
			}
			events := g.events()
			if len(events) != tt.events || (g.err != nil) != tt.broken {
				t.Fatalf("%d events and error %v, want %d and %v:\n%s", len(events), g.err, tt.events, tt.broken, g.body)
			}
			if tt.events > 0 && !strings.Contains(events[tt.events-1], tt.last) {
				t.Errorf("the last event is %s", events[tt.events-1])
			}
			idle(t, l)
			if c := l.Counts(); c.Canceled != 0 || c.ByStatus["2xx"] != 1 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestSpoiledAnswers has what the same faults do to an answer in one piece.
func TestSpoiledAnswers(t *testing.T) {
	tests := []struct {
		script string
		broken bool
		valid  bool // JSON
	}{
		{"cut 3", false, false},
		{"cut 3 reset", true, false},
		{"stall 3 limit=10ms", true, false},
		{"error-event 3", false, true},
		{"broken-event 3", false, false},
		{"empty-stream", false, false},
		{"truncated", true, false},
		{"slow headers=1ms chunk=1ms", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.script, func(t *testing.T) {
			g := post(t, openaitest.Start(t, openaitest.Config{Script: tt.script}), chatPath, chatBody)
			if g.status != 200 || (g.err != nil) != tt.broken || json.Valid([]byte(g.body)) != tt.valid {
				t.Errorf("%+v", g)
			}
		})
	}
}

func TestErrorsPassStreamFaultsUntouched(t *testing.T) {
	for _, script := range []string{"cut 0", "stall 0", "error-event 0", "broken-event 0", "empty-stream"} {
		l := openaitest.Start(t, openaitest.Config{Script: script})
		g := post(t, l, chatPath, `{"stream":true}`)
		if g.status != 400 || g.err != nil || !json.Valid([]byte(g.body)) {
			t.Errorf("%s: %+v", script, g)
		}
	}
}

func TestBrokenEventIsNoJSON(t *testing.T) {
	g := post(t, openaitest.Start(t, openaitest.Config{Script: "broken-event 2"}), chatPath, chatStreamBody)
	for i, data := range g.events() {
		if valid := json.Valid([]byte(data)) || data == "[DONE]"; valid == (i == 2) {
			t.Errorf("event %d: %s", i, data)
		}
	}
}

func TestStallShowsLifeIfAsked(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Script: "stall 2 keepalive=5ms"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	resp, err := client(t).Do(newRequest(ctx, t, http.MethodPost, l.URL+chatPath, chatStreamBody))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	comments := 0
	for lines := bufio.NewScanner(resp.Body); comments < 3 && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), ":") {
			comments++
		}
	}
	cancel()
	idle(t, l)
	if c := l.Counts(); comments != 3 || c.Canceled != 1 || c.ByStatus["2xx"] != 1 {
		t.Errorf("%d comments, %+v", comments, c)
	}
}

func TestOverTLSAndHTTP2(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		server, err := openaitest.New(openaitest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewUnstartedServer(server)
		front.EnableHTTP2 = http2
		front.StartTLS()
		t.Cleanup(front.Close)
		ask := func(script string) got {
			line, err := openaitest.Parse(script)
			if err != nil {
				t.Fatal(err)
			}
			server.Set(line)
			return do(front.Client(), newRequest(t.Context(), t, http.MethodPost, front.URL+chatPath, chatStreamBody))
		}
		for _, script := range []string{"reset", "reset clean", "garbage", "cut 2 reset", "truncated"} {
			if g := ask(script); g.err == nil {
				t.Errorf("%s, HTTP/2 %v: %+v", script, http2, g)
			}
		}
		if g := ask("cut 2"); g.err != nil || len(g.events()) != 2 {
			t.Errorf("cut, HTTP/2 %v: %+v", http2, g)
		}
		if g := ask("healthy"); g.err != nil || len(g.events()) != 11 {
			t.Errorf("healthy, HTTP/2 %v: %+v", http2, g)
		}
	}
}
