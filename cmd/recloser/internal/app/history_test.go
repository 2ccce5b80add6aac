package app

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

// remembering is the configuration of a proxy with a history, which was named or is
// the default.
func remembering(t *testing.T, upstream, file string, given bool) *config.Serve {
	t.Helper()
	cfg, err := config.Load(config.Flags(map[string]string{
		"listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "upstream": upstream, "drain-delay": "0", "history": file,
		"failure-threshold": "1", "base-timeout": "30s",
	}))
	if err != nil {
		t.Fatal(err)
	}
	cfg.HistoryGiven = given
	return cfg
}

func TestCircuitsAndGatesOutliveTheProcess(t *testing.T) {
	var attempts int
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attempts++
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "limited") {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer service.Close()
	file := filepath.Join(t.TempDir(), "state", "recloser.db")
	ask := func(a *App, body string) (status int, answer string) {
		req := httptest.NewRequest(http.MethodPost, "http://"+a.ProxyAddr().String()+"/v1/chat/completions", strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer sk-1")
		w := httptest.NewRecorder()
		a.pages.now.Load().proxy.ServeHTTP(w, req)
		return w.Code, w.Body.String()
	}
	for run := range 3 {
		a, err := New(t.Context(), remembering(t, service.URL, file, true), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for body, code := range map[string]string{`{"model":"broken"}`: "circuit_open", `{"model":"limited"}`: "gate_closed"} {
			if _, answer := ask(a, body); strings.Contains(answer, code) != (run > 0) {
				t.Errorf("run %d: %s is answered %s", run, body, answer)
			}
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if attempts != 2 { // in the first run
		t.Errorf("%d attempts", attempts)
	}
}

// The default file may be another's: then it goes on, and says so. One that was named
// must be had.
func TestHistoryThatAnotherProcessWrites(t *testing.T) {
	file := filepath.Join(t.TempDir(), "recloser.db")
	first, err := New(t.Context(), remembering(t, "http://127.0.0.1:1", file, true), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, err := New(t.Context(), remembering(t, "http://127.0.0.1:1", file, true), Options{}); err == nil || !strings.HasPrefix(err.Error(), "--history: ") {
		t.Errorf("one that was named: %v", err)
	}
	var log bytes.Buffer
	second, err := New(t.Context(), remembering(t, "http://127.0.0.1:1", file, false), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	w := httptest.NewRecorder()
	second.pages.now.Load().admin.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/readyz", nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "history: only in memory") || !strings.Contains(log.String(), "there is no history on disk") {
		t.Errorf("%d %s\n%s", w.Code, w.Body.String(), log.String())
	}
}

func TestNoHistory(t *testing.T) {
	cfg := remembering(t, "http://127.0.0.1:1", "off", true)
	a, err := New(t.Context(), cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if a.history != nil || len(a.trouble()) > 0 {
		t.Errorf("there is one: %v", a.trouble())
	}
}
