package telemetry

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

// otelRig is a small proxy with telemetry, in front of a service.
type otelRig struct {
	*OTel
	guard *guard.Guard
	proxy *httptest.Server

	mu  sync.Mutex
	log bytes.Buffer
}

// Write is the log's.
func (r *otelRig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

func (r *otelRig) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

func newOTelRig(t *testing.T, service http.HandlerFunc) *otelRig {
	t.Helper()
	upstream := httptest.NewServer(service)
	t.Cleanup(upstream.Close)
	base, _ := url.Parse(upstream.URL)
	r := &otelRig{}
	r.OTel = OpenOTel(t.Context(), OTelConfig{Version: "v1", Log: slog.New(slog.NewTextHandler(r, nil))})
	var err error
	r.guard, err = guard.New(nil, guard.Config{Observe: r.Observe, Retry: retry.Config{BaseDelay: time.Millisecond, MaxRetries: 2}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.WatchCircuits(r.guard.Circuits()); err != nil {
		t.Fatal(err)
	}
	reverse := &httputil.ReverseProxy{
		Transport: r.guard, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(base) },
	}
	r.proxy = httptest.NewServer(r.Middleware(reverse))
	t.Cleanup(r.proxy.Close)
	t.Cleanup(r.close)
	return r
}

// close ends the proxy and then the telemetry, whatever the collector does.
func (r *otelRig) close() {
	r.proxy.Close() // a request may still have an end to come when its client has the answer
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = r.Shutdown(ctx)
}

const (
	secretKey    = "sk-only-for-this-service"
	secretPrompt = "a prompt of somebody"
	secretAnswer = "what the model said"
	chat         = `{"model":"gpt-5","messages":[{"role":"user","content":"` + secretPrompt + `"}]`
)

// post asks for a completion; header has names and values.
func (r *otelRig) post(t *testing.T, body string, header ...string) (status int, text string, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.proxy.URL+"/v1/chat/completions?key="+secretKey, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secretKey)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all), err
}

const completion = `{"choices":[{"message":{"content":"` + secretAnswer + `"}}],"usage":{"prompt_tokens":9,"completion_tokens":2}}`

func answerWith(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Request-Id", "req_77")
	_, _ = io.WriteString(w, completion)
}
