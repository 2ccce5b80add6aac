package gateway_test

import (
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"
)

// inARow starts two proxies, the second of which calls service, and returns the
// first.
func inARow(t *testing.T, service http.HandlerFunc) *rig {
	t.Helper()
	second := newRig(t, service)
	return newRig(t, ok, func(s *settings) { s.proxy.Upstream = parse(t, second.proxy.URL+"/v1") })
}

func TestTwoProxiesInARow(t *testing.T) {
	rec := newRecorder()
	r := inARow(t, rec.ServeHTTP)
	if got := r.post(chatBody, "Recloser-Hop", "somebody"); got.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	hops := (<-rec.requests).Header["Recloser-Hop"]
	if len(hops) != 3 || hops[0] != "somebody" || hops[1] == hops[2] {
		t.Errorf("Recloser-Hop %v", hops)
	}
	for range 2 { // what one call added is not on the next
		r.post(chatBody)
		if got := (<-rec.requests).Header["Recloser-Hop"]; len(got) != 2 || got[0] != hops[1] || got[1] != hops[2] {
			t.Errorf("Recloser-Hop %v, want %v", got, hops[1:])
		}
	}
}

// TestCallThatComesBack has an upstream that leads back, at once or by way of
// another proxy.
func TestCallThatComesBack(t *testing.T) {
	var first *rig
	calls := 0
	back := func(w http.ResponseWriter, req *http.Request) {
		if calls++; calls > 3 {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		target := parse(t, first.proxy.URL)
		(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}).ServeHTTP(w, req)
	}
	for name, rig := range map[string]func() *rig{
		"at once":         func() *rig { return newRig(t, back, withRetries) },
		"through another": func() *rig { return inARow(t, back) },
	} {
		calls = 0
		first = rig()
		got := first.post(chatBody)
		if got.StatusCode != http.StatusLoopDetected || calls != 1 {
			t.Errorf("%s: %d after %d rounds: %s", name, got.StatusCode, calls, got.body)
			continue
		}
		message, _, code := first.apiError(got)
		if code != "loop_detected" || !strings.Contains(message, "--upstream") {
			t.Errorf("%s: %s", name, got.body)
		}
		equal(t, "X-Should-Retry", got.Header.Get("X-Should-Retry"), "false")
		equal(t, "status", first.line()["status"], 508)
	}
}

// TestOthersHopsAreNoLoop: a client that makes a value up is not taken for us.
func TestOthersHopsAreNoLoop(t *testing.T) {
	r := newRig(t, ok)
	if got := r.post(chatBody, "Recloser-Hop", "x", "Recloser-Hop", ""); got.StatusCode != http.StatusOK {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}
