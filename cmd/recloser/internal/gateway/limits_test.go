package gateway_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// answers replies to each request with the next status and Retry-After of a list,
// and the last for ever.
func answers(list ...string) (http.HandlerFunc, *atomic.Int64) {
	var n atomic.Int64
	return func(w http.ResponseWriter, _ *http.Request) {
		status, after, _ := strings.Cut(list[min(int(n.Add(1)), len(list))-1], " ")
		w.Header().Set("Content-Type", "application/json")
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		body := `{"error":{"message":"x","type":"y","param":null,"code":null}}`
		switch status {
		case "quota":
			status, body = "429", `{"error":{"message":"x","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`
		case "200":
			body = `{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}`
		}
		code, _ := strconv.Atoi(status)
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}, &n
}

func TestCallsThatAGateHoldsBack(t *testing.T) {
	for _, row := range []struct {
		name, answer, kind, code, message string
		low, hi                           int
	}{
		{"a rate limit", "429 20", "rate_limit_error", "gate_closed", fault.MessageHighDemand, 20, 24},
		{"exhausted quota", "quota", "insufficient_quota", "key_parked", fault.MessageUnavailable, 50, 60},
	} {
		t.Run(row.name, func(t *testing.T) {
			service, n := answers(row.answer)
			r := newRig(t, service)
			if got := r.post(chatBody, "Authorization", "Bearer sk-secret"); got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Recloser-Kind") == "refused" {
				t.Fatalf("%d %s", got.StatusCode, got.body)
			}
			r.line()
			got := r.post(chatBody, "Authorization", "Bearer sk-secret")
			message, kind, code := r.apiError(got)
			if got.StatusCode != http.StatusTooManyRequests || kind != row.kind || code != row.code || message != row.message || n.Load() != 1 {
				t.Errorf("%d %s after %d attempts", got.StatusCode, got.body, n.Load())
			}
			if s, _ := strconv.Atoi(got.Header.Get("Retry-After")); s < row.low || s > row.hi {
				t.Errorf("Retry-After %s", got.Header.Get("Retry-After"))
			}
			equal(t, "Recloser-Kind", got.Header.Get("Recloser-Kind"), "refused")
			equal(t, "X-Should-Retry", got.Header.Get("X-Should-Retry"), "false")
			line := r.line()
			equal(t, "kind", line["kind"], "refused")
			equal(t, "code", line["code"], row.code)
			if got := r.post(chatBody, "Authorization", "Bearer sk-other"); got.Header.Get("Recloser-Attempts") != "1" {
				t.Errorf("another key is held back: %s", got.body)
			}
		})
	}
}

// A service that does not take a key may quote it.
func TestKeyOfATargetIsNotEchoed(t *testing.T) {
	for _, more := range []string{"", strings.Repeat(" ", 100<<10)} {
		r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"error":{"message":"Incorrect API key provided: %s","code":"invalid_api_key"}}%s`, req.Header.Get("Authorization"), more)
		}, func(s *settings) {
			own := http.Header{"Authorization": {"Bearer sk-own-of-target"}}
			s.guard.Targets = []guard.Target{{Name: "a", Header: own}, {Name: "b", Model: "other", Header: own}}
		})
		for call, want := range []int{http.StatusBadGateway, http.StatusServiceUnavailable} { // then the key is parked
			got := r.post(chatBody)
			message, kind, code := r.apiError(got)
			if got.StatusCode != want || code != "key_refused" || message != fault.MessageUnavailable || kind == "insufficient_quota" {
				t.Errorf("call %d: %d %s", call, got.StatusCode, got.body)
			}
			if line := fmt.Sprint(r.line()); strings.Contains(got.body+line+fmt.Sprint(got.Header), "sk-own") {
				t.Errorf("the key is in %s or %s", got.body, line)
			}
		}
	}
}

func TestTargetIsTold(t *testing.T) {
	service, _ := answers("503", "200")
	r := newRig(t, service, func(s *settings) {
		s.guard.Targets = []guard.Target{{Name: "first"}, {Name: "second", Model: "gpt-5-mini"}}
	})
	got := r.post(chatBody)
	if got.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	equal(t, "Recloser-Target", got.Header.Get("Recloser-Target"), "second")
	equal(t, "Recloser-Attempts", got.Header.Get("Recloser-Attempts"), "2")
	line := r.line()
	equal(t, "log", []any{line["target"], line["fallbacks"], line["circuit"]}, []any{"second", 1.0, line["circuit"]})
	if !strings.HasSuffix(line["circuit"].(string), "/gpt-5-mini") {
		t.Errorf("circuit %v", line["circuit"])
	}
}

func TestClientTokensAreNotPassedOn(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		if got := req.Header.Get("Authorization") + req.Header.Get("Api-Key"); got != "" {
			t.Errorf("passed on: %s", got)
		}
		_, _ = w.Write([]byte(`{}`))
	}, func(s *settings) { s.proxy.ClientTokens = []string{"rc-token-of-one-team"} })
	if got := r.post(chatBody, "Authorization", "Bearer rc-token-of-one-team", "Api-Key", "x"); got.StatusCode != http.StatusOK {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

func TestClientTokens(t *testing.T) {
	var passed atomic.Pointer[http.Header]
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		h := req.Header.Clone()
		passed.Store(&h)
		_, _ = w.Write([]byte(`{}`))
	}, func(s *settings) {
		s.proxy.ClientTokens = []string{"rc-token-of-one-team", "rc-token-of-another"}
		s.guard.Targets = []guard.Target{{Name: "own", Header: http.Header{"Authorization": {"Bearer sk-own"}}}}
	})
	for _, header := range [][]string{nil, {"Authorization", "Bearer sk-other"}, {"Authorization", "Bearer"}, {"Authorization", ""}} {
		got := r.post(chatBody, header...)
		message, kind, code := r.apiError(got)
		if got.StatusCode != http.StatusUnauthorized || kind != "invalid_request_error" || code != "invalid_client_token" || message == "" {
			t.Errorf("%v: %d %s", header, got.StatusCode, got.body)
		}
	}
	if passed.Load() != nil {
		t.Error("a stranger's call was passed on")
	}
	for _, header := range [][]string{
		{"Authorization", "Bearer rc-token-of-one-team"}, {"Authorization", "bearer rc-token-of-another"}, {"Api-Key", "rc-token-of-another"},
	} {
		if got := r.post(chatBody, header...); got.StatusCode != http.StatusOK {
			t.Errorf("%v: %d %s", header, got.StatusCode, got.body)
		}
		if h := *passed.Load(); h.Get("Authorization") != "Bearer sk-own" || h.Get("Api-Key") != "" {
			t.Errorf("passed on: %v", h)
		}
	}
}

// An empty token would be that of everybody who has none.
func TestEmptyClientTokenIsRefused(t *testing.T) {
	g, err := guard.New(nil, guard.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tokens := range [][]string{{""}, {"rc-token-of-one-team", ""}} {
		_, err := gateway.New(gateway.Config{Guard: g, Upstream: parse(t, "http://127.0.0.1/v1"), ClientTokens: tokens})
		if err == nil || !strings.Contains(err.Error(), "ClientTokens") {
			t.Errorf("%q: %v", tokens, err)
		}
	}
}
