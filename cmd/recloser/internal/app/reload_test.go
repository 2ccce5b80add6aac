package app

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

// again reads the rig's configuration with other flags.
func (r *rig) again(t *testing.T, flags ...string) *config.Serve {
	t.Helper()
	given := map[string]string{"drain-delay": "0", "listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "history": "off", "upstream": r.cfg.Load().Upstream.String()}
	for _, f := range flags {
		name, text, _ := strings.Cut(f, "=")
		given[name] = text
	}
	cfg, err := config.Load(config.Flags(given))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestReloadIsAllOrNothing(t *testing.T) {
	before, err := config.Load(config.Flags(map[string]string{"drain-delay": "0", "listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "history": "off"}))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a, err := New(t.Context(), before, Options{Log: slog.New(slog.NewTextHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	r := &rig{App: a}
	next := r.again(t, "listen=127.0.0.1:1", "retries=7")
	if r.Reload(next, nil) || r.cfg.Load() != before || r.guard.MaxRetries() != 2 {
		t.Error("half of a configuration was taken")
	}
	if r.Reload(nil, errors.New("f.yaml:1: one\nf.yaml:2: two")) || r.cfg.Load() != before {
		t.Error("a configuration that could not be read was taken")
	}
	for _, want := range []string{"it cannot change while Recloser runs: restart it", `problems="[f.yaml:1: one f.yaml:2: two]"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, &out)
		}
	}
	if next = r.again(t, "retries=7", "admin-token=hunter2"); !r.Reload(next, nil) || r.cfg.Load() != next || r.guard.MaxRetries() != 7 {
		t.Errorf("it was not taken: %s", &out)
	}
	if !strings.Contains(out.String(), `changed.admin_token="none (default) -> [set] (flag)" changed.retries="2 (default) -> 7 (flag)"`) || strings.Contains(out.String(), "hunter2") {
		t.Errorf("the log is %s", &out)
	}
}

// A stream goes on through a reload, and new calls find the new configuration.
func TestStreamGoesOnThroughAReload(t *testing.T) {
	next := make(chan string)
	r := newRig(t, streaming(next), map[string]string{"commit": "headers"})
	answer := beginStream(t, r, next)
	if !r.Reload(r.again(t, "max-body=1", "commit=headers"), nil) {
		t.Fatal("not taken")
	}
	go func() {
		next <- `{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}`
		next <- "[DONE]"
		close(next)
	}()
	if text, err := io.ReadAll(answer); err != nil || !strings.Contains(string(text), "[DONE]") {
		t.Errorf("%q, %v", text, err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.proxyURL()+"/v1/chat/completions", strings.NewReader(`{"model":"m"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d: a body of more than a byte is passed on", resp.StatusCode)
	}
}

func TestReloadWithCallsGoingOn(t *testing.T) {
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	}), nil)
	var stop atomic.Bool
	var callers sync.WaitGroup
	for range 3 {
		callers.Go(func() {
			for !stop.Load() {
				if s := status(t, r.proxyURL()+"/v1/models"); s != http.StatusOK {
					t.Errorf("status %d", s)
					return
				}
			}
		})
	}
	for i := range 40 {
		flags := [][]string{{"connect-timeout=1s"}, {"retries=1", "failure-rate=0.5"}, {"admin-token=x"}}[i%3]
		if !r.Reload(r.again(t, flags...), nil) {
			t.Error("not taken")
		}
	}
	stop.Store(true)
	callers.Wait()
}
