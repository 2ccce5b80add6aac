package gateway_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
	"github.com/recloser/recloser/guard"
)

// newAdmin returns a rig whose requests go to an admin listener.
func newAdmin(t *testing.T, cfg gateway.AdminConfig) *rig {
	t.Helper()
	if cfg.Guard == nil {
		g, err := guard.New(nil, guard.Config{Breaker: breaker.Config{FailureThreshold: 2}})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Guard = g
	}
	srv := httptest.NewServer(gateway.NewAdmin(cfg))
	t.Cleanup(srv.Close)
	return &rig{T: t, proxy: srv, client: srv.Client(), guard: cfg.Guard}
}

func TestHealthAndReadiness(t *testing.T) {
	var trouble error
	r := newAdmin(t, gateway.AdminConfig{Token: "t", Ready: func() error { return trouble }})
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := r.do("GET", path, ""); got.StatusCode != http.StatusOK || got.body != "ok\n" {
			t.Errorf("%s: %d %q", path, got.StatusCode, got.body)
		}
	}
	trouble = errors.New("shutting down")
	if got := r.do("GET", "/readyz", ""); got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "shutting down") {
		t.Errorf("%d %q", got.StatusCode, got.body)
	}
	if got := r.do("GET", "/healthz", ""); got.StatusCode != http.StatusOK {
		t.Errorf("%d", got.StatusCode)
	}
	if got := newAdmin(t, gateway.AdminConfig{}).do("GET", "/readyz", ""); got.StatusCode != http.StatusOK {
		t.Errorf("without Ready: %d", got.StatusCode)
	}
}

func TestCircuitsAsJSON(t *testing.T) {
	r := newAdmin(t, gateway.AdminConfig{})
	if got := r.do("GET", "/api/circuits", ""); got.body != `{"circuits":[],"gates":[]}`+"\n" {
		t.Errorf("empty: %s", got.body)
	}
	start := time.Date(2026, 11, 24, 10, 0, 0, 0, time.FixedZone("", 3600)).Add(5 * time.Millisecond)
	model := r.guard.Circuits().Child("host", "model")
	for i := range 2 {
		p, err := model.AllowAt(start.Add(time.Duration(i) * time.Second))
		if err != nil {
			t.Fatal(err)
		}
		p.RecordAt(start.Add(time.Duration(i)*time.Second), breaker.Failure)
	}
	if _, err := model.AllowAt(start.Add(time.Second)); err == nil {
		t.Fatal("not open")
	}
	var got struct {
		Circuits []map[string]any `json:"circuits"`
		Gates    []any            `json:"gates"`
	}
	a := r.do("GET", "/api/circuits", "")
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || len(got.Circuits) != 2 || got.Gates == nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	upstream, below := got.Circuits[0], got.Circuits[1]
	equal(t, "names", []any{upstream["name"], below["name"]}, []string{"host", "host/model"})
	until := model.Metrics().Until.UTC().Format("2006-01-02T15:04:05.000Z")
	equal(t, "circuit", below, map[string]any{
		"name": "host/model", "state": "open", "mode": "normal",
		"total_calls": 2, "failed_calls": 2, "refused_calls": 1, "would_refuse": 0, "ramp": 0, "bounds": nil,
		"why":                  model.WhyAt(time.Now().UTC()),
		"consecutive_failures": 2, "stalled_calls": 0, "openings": 1, "probe_out": false,
		"last_failure": "2026-11-24T09:00:01.005Z", "since": "2026-11-24T09:00:01.005Z", "until": until,
	})
	if v, has := upstream["last_failure"]; !has || v != nil {
		t.Errorf("last_failure is %v", v)
	}
	if v, has := upstream["until"]; !has || v != nil {
		t.Errorf("until is %v", v)
	}
}

func TestAdminToken(t *testing.T) {
	r := newAdmin(t, gateway.AdminConfig{Token: "right"})
	for authorization, want := range map[string]int{
		"": 401, "Bearer wrong": 401, "Bearer righ": 401, "Bearer rightt": 401, "Bearer": 401, "Bearer ": 401,
		"Basic right": 401, "right": 401, "Bearer right": 200, "bearer right": 200,
	} {
		for _, path := range []string{"/", "/api/circuits"} {
			var header []string
			if authorization != "" {
				header = []string{"Authorization", authorization}
			}
			got := r.do("GET", path, "", header...)
			if got.StatusCode != want {
				t.Errorf("%q %s: %d", authorization, path, got.StatusCode)
			}
			if want != 401 {
				continue
			}
			if _, _, code := r.apiError(got); code != "unauthorized" || got.Header.Get("WWW-Authenticate") == "" || strings.Contains(got.body, "right") {
				t.Errorf("%q %s: %v %s", authorization, path, got.Header, got.body)
			}
		}
	}
	if got := r.do("GET", "/nothing", ""); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("what there is not: %d", got.StatusCode)
	}
}

func TestAdminOnlyShows(t *testing.T) {
	r := newAdmin(t, gateway.AdminConfig{Version: "1.2.3"})
	if got := r.do("GET", "/", ""); got.StatusCode != http.StatusOK || !strings.HasPrefix(got.body, "Recloser 1.2.3\n") || !strings.Contains(got.body, "/api/circuits") {
		t.Errorf("%d %q", got.StatusCode, got.body)
	}
	for _, path := range []string{"/", "/healthz", "/readyz", "/api/circuits"} {
		for method, want := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405, "DELETE": 405, "OPTIONS": 405} {
			got := r.do(method, path, "")
			if got.StatusCode != want || want == 405 && got.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d %v", method, path, got.StatusCode, got.Header)
			}
			h := got.Header
			if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("%s %s: %v", method, path, h)
			}
		}
	}
	for _, path := range []string{"/api", "/api/circuits/", "/v1/models", "/healthz/"} {
		got := r.do("GET", path, "")
		if _, _, code := r.apiError(got); got.StatusCode != http.StatusNotFound || code != "not_found" {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
	}
}
