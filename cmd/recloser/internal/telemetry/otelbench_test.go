package telemetry

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/guard"
)

// answering is a base transport that answers at once.
type answering struct{}

func (answering) RoundTrip(r *http.Request) (*http.Response, error) {
	const answer = `{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":9,"completion_tokens":2}}`
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(answer)), ContentLength: int64(len(answer)),
	}, nil
}

// silent is where an answer goes.
type silent struct{}

func (silent) Header() http.Header         { return nil }
func (silent) Write(p []byte) (int, error) { return len(p), nil }
func (silent) WriteHeader(int)             {}

// toldOf are the events of a call that is answered at once.
func toldOf(b testing.TB) [3]guard.Event {
	b.Helper()
	out, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://api.example/v1/chat/completions", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	begun := guard.Event{Type: guard.AttemptBegun, Circuit: "api.example/m", Attempt: 1, Request: out, Model: "m"}
	attempt := begun
	attempt.Type, attempt.Status, attempt.Duration, attempt.Content = guard.AttemptEnded, http.StatusOK, 80*time.Millisecond, 80*time.Millisecond
	attempt.InputTokens, attempt.OutputTokens = 9, 2
	return [3]guard.Event{begun, attempt, {Type: guard.CallEnded, Circuit: "api.example/m", Attempt: 1, Model: "m", Duration: 80 * time.Millisecond}}
}

// onlyMetrics opens metrics that are sent to a collector that takes what it is given.
func onlyMetrics(tb testing.TB) *OTel {
	tb.Helper()
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	tb.Cleanup(collector.Close)
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_METRICS_EXPORTER": "otlp", "OTEL_TRACES_EXPORTER": "none",
	} {
		tb.Setenv(name, value)
	}
	o := OpenOTel(tb.Context(), OTelConfig{})
	tb.Cleanup(func() { _ = o.Shutdown(context.WithoutCancel(tb.Context())) })
	return o
}

// What metrics count of a call is not paid for by the garbage collector.
func TestOTelMetricsDoNotAllocate(t *testing.T) {
	o, events := onlyMetrics(t), toldOf(t)
	if n := testing.AllocsPerRun(1000, func() {
		for _, e := range events {
			o.Observe(t.Context(), e)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkOTelMetrics is what metrics themselves do for a request that is one attempt.
func BenchmarkOTelMetrics(b *testing.B) {
	o, events := onlyMetrics(b), toldOf(b)
	h := o.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, e := range events {
			o.Observe(r.Context(), e)
		}
		w.WriteHeader(http.StatusOK)
	}))
	in := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/chat/completions", nil)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(silent{}, in)
	}
}

// BenchmarkOTel is what a call costs in the proxy without sockets: with nothing on,
// with metrics, and with traces that are kept or not.
func BenchmarkOTel(b *testing.B) {
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(collector.Close)
	for _, with := range []struct {
		name string
		env  map[string]string
	}{
		{"off", nil},
		{"metrics", map[string]string{"OTEL_METRICS_EXPORTER": "otlp"}},
		{"unsampled", map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_TRACES_SAMPLER": "always_off"}},
		{"sampled", map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}},
	} {
		b.Run("impl="+with.name, func(b *testing.B) {
			b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
			b.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
			for name, value := range with.env {
				b.Setenv(name, value)
				b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
			}
			if len(with.env) > 0 && with.env["OTEL_METRICS_EXPORTER"] == "" {
				b.Setenv("OTEL_METRICS_EXPORTER", "none")
			} else if len(with.env) > 0 {
				b.Setenv("OTEL_TRACES_EXPORTER", "none")
			}
			o := OpenOTel(b.Context(), OTelConfig{})
			b.Cleanup(func() { _ = o.Shutdown(b.Context()) })
			var cfg guard.Config
			if o != nil { // as the proxy does
				cfg.Observe = o.Observe
			}
			g, err := guard.New(answering{}, cfg)
			if err != nil {
				b.Fatal(err)
			}
			h := o.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				out, _ := http.NewRequestWithContext(r.Context(), http.MethodPost, "http://api.example/v1/chat/completions", strings.NewReader(`{"model":"m"}`))
				out.Header = r.Header
				resp, err := g.RoundTrip(out)
				if err != nil {
					b.Fatal(err)
				}
				var room [1024]byte
				for err == nil {
					_, err = resp.Body.Read(room[:])
				}
				_ = resp.Body.Close()
				w.WriteHeader(resp.StatusCode)
			}))
			in := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/chat/completions", nil)
			for _, name := range []string{"Authorization", "Accept", "Accept-Encoding", "Content-Type", "User-Agent", "X-Stainless-Lang", "X-Stainless-Os", "X-Stainless-Arch"} {
				in.Header.Set(name, "something")
			}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(silent{}, in)
			}
		})
	}
}
