package telemetry

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
)

// service answers with a status, or does not answer if it is 0.
type service struct{ status int }

func (s *service) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	body := `{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":3}}`
	if s.status != http.StatusOK {
		body = `{"error":{"message":"no","type":"server_error"}}`
	}
	return &http.Response{
		StatusCode: s.status, ProtoMajor: 1, ProtoMinor: 1, Request: req, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/json"}, "Retry-After": {"7"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// rig is a guard with its metrics.
type rig struct {
	*Metrics

	service service
	guard   *guard.Guard
	meter   *Meter
}

func newRig(t *testing.T, c MeterConfig, set func(*MetricsConfig)) *rig {
	t.Helper()
	return rigWith(t, NewMeter(c), set)
}

// rigOf is a rig whose meter is there already.
func rigOf(t *testing.T, m *Meter) *rig {
	t.Helper()
	return rigWith(t, m, nil)
}

func rigWith(t *testing.T, m *Meter, set func(*MetricsConfig)) *rig {
	t.Helper()
	r := &rig{service: service{http.StatusOK}, meter: m}
	cfg := guard.Config{Policy: guard.Classic, Observe: m.Observe} // its circuits open one by one, after 5 failures
	cfg.Retry.MaxRetries = -1
	cfg.Breaker.OnTransition = m.Transition
	cfg.Limits.MaxInFlight = 10
	var err error
	if r.guard, err = guard.New(&r.service, cfg); err != nil {
		t.Fatal(err)
	}
	mc := MetricsConfig{Meter: m, Guard: r.guard, Version: "v1"}
	if set != nil {
		set(&mc)
	}
	r.Metrics = NewMetrics(mc)
	return r
}

// call makes one.
func (r *rig) call(ctx context.Context, model string) {
	body := `{"model":"` + model + `","messages":[]}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://api/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer sk-hunter2")
	if resp, err := r.guard.RoundTrip(req); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

// gather demands that nothing is wrong with what is collected.
func gather(t *testing.T, r *rig) []*dto.MetricFamily {
	t.Helper()
	all, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// scrape returns what is told to somebody who accepts that.
func (r *rig) scrape(t *testing.T, accept string) string {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	req.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	return w.Body.String()
}

// lines demands that a scrape has them.
func lines(t *testing.T, text string, want ...string) {
	t.Helper()
	have := make(map[string]bool)
	for line := range strings.SplitSeq(text, "\n") {
		have[line] = true
	}
	for _, line := range want {
		if !have[line] {
			t.Errorf("there is no %s", line)
		}
	}
}

// outage is a rig after an answer, five failures that opened a circuit, a refusal, and
// two rate limits.
func outage(t *testing.T, c MeterConfig, set func(*MetricsConfig)) *rig {
	t.Helper()
	r := newRig(t, c, set)
	r.call(t.Context(), "gpt-5")
	r.service.status = http.StatusServiceUnavailable
	for range 6 {
		r.call(t.Context(), "gpt-5")
	}
	r.service.status = http.StatusTooManyRequests
	r.call(t.Context(), "mini")
	r.call(t.Context(), "mini")
	return r
}

func everything(c *MetricsConfig) {
	c.History = func() History {
		return History{State: "degraded", PendingCells: 4, LostRows: 2, Size: 4096, Written: time.Unix(1700000000, 5e8)}
	}
	c.Alerts = func() []AlertCount {
		return []AlertCount{{"circuit-open", "critical", 2}, {"circuit-open", "critical", 1}, {"brown\xffout", "warning", 0}}
	}
	c.Notifications = func() []NotificationCount { return []NotificationCount{{"ops", 5, 1, 2}, {"ops", 1, 0, 0}} }
}

func TestScrape(t *testing.T) {
	r := outage(t, MeterConfig{}, everything)
	lines(t, r.scrape(t, "text/plain"),
		`recloser_calls_total{kind="success",model="gpt-5",upstream="api"} 1`,
		`recloser_calls_total{kind="service",model="gpt-5",upstream="api"} 5`,
		`recloser_calls_total{kind="refused",model="gpt-5",upstream="api"} 1`,
		`recloser_calls_total{kind="quota",model="gpt-5",upstream="api"} 0`,
		`recloser_attempts_total{kind="service",model="gpt-5",upstream="api"} 5`,
		`recloser_tokens_total{direction="input",model="gpt-5",upstream="api"} 11`,
		`recloser_attempt_duration_seconds_count{model="gpt-5",upstream="api"} 1`,
		`recloser_call_duration_seconds_count{model="gpt-5",upstream="api"} 6`,
		`recloser_circuit_state{model="gpt-5",state="open",upstream="api"} 1`,
		`recloser_circuit_state{model="gpt-5",state="closed",upstream="api"} 0`,
		`recloser_circuit_state{model="",state="closed",upstream="api"} 1`,
		`recloser_circuit_mode{mode="normal",model="gpt-5",upstream="api"} 1`,
		`recloser_circuit_transitions_total{from="closed",model="gpt-5",to="open",upstream="api"} 1`,
		`recloser_circuit_permits_total{model="gpt-5",upstream="api"} 6`,
		`recloser_circuit_permits_total{model="",upstream="api"} 0`, // or sums would count all twice
		`recloser_circuit_failures_total{model="gpt-5",upstream="api"} 5`,
		`recloser_circuit_refusals_total{model="gpt-5",upstream="api"} 1`,
		`recloser_circuits_bypassed 0`,
		`recloser_max_in_flight_attempts{model="gpt-5",upstream="api"} 10`,
		`recloser_in_flight_attempts{model="gpt-5",upstream="api"} 0`,
		`recloser_history_state{state="degraded"} 1`,
		`recloser_history_lost_total{what="attempts"} 2`,
		`recloser_history_pending{what="cells"} 4`,
		`recloser_history_written_timestamp_seconds 1.7000000005e+09`,
		`recloser_alerts_firing{alert="circuit-open",severity="critical"} 3`,
		`recloser_notifications_total{result="sent",target="ops"} 6`,
		`# TYPE recloser_circuit_down_since_timestamp_seconds gauge`,
	)
	text := r.scrape(t, "text/plain")
	for _, want := range []string{`recloser_gate_state{key="`, `recloser_gate_reports_total{key="`, "go_goroutines ", "process_start_time_seconds ", `recloser_build_info{go_version="go`} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
	if strings.Contains(text, "hunter2") {
		t.Error("a key is in the metrics")
	}
}

func TestRetriesAndFallbacks(t *testing.T) {
	r := newRig(t, MeterConfig{}, nil)
	for _, e := range []guard.Event{
		{Type: guard.AttemptEnded, Circuit: "api/a", Kind: fault.Service},
		{Type: guard.AttemptEnded, Circuit: "api/a", Retries: 1},
		{Type: guard.CallEnded, Asked: "api/a", Retries: 1},
		{Type: guard.AttemptEnded, Circuit: "api/b", Fallbacks: 1},
		{Type: guard.CallEnded, Asked: "api/a", Retries: 2, Fallbacks: 1},
		{Type: guard.CallEnded, Asked: "api/a", Retries: 1, Kind: fault.Timeout},
		{Type: guard.CallEnded, Asked: "api/a", Refused: true, RequestTokens: 9},
	} {
		r.meter.Observe(t.Context(), e)
	}
	lines(t, r.scrape(t, "text/plain"),
		`recloser_retries_total{model="a",upstream="api"} 1`,
		`recloser_retries_total{model="b",upstream="api"} 0`,
		`recloser_fallbacks_total{model="a",upstream="api"} 0`,
		`recloser_fallbacks_total{model="b",upstream="api"} 1`,
		`recloser_rescued_calls_total{by="retry",model="a",upstream="api"} 1`,
		`recloser_rescued_calls_total{by="fallback",model="a",upstream="api"} 1`,
		`recloser_saved_tokens_total{model="a",upstream="api"} 9`,
		`recloser_call_duration_seconds_count{model="a",upstream="api"} 3`)
}

// Each caller's key has gates; only those are told of that have something to tell.
func TestGatesThatNothingIsHeldAgainst(t *testing.T) {
	r := newRig(t, MeterConfig{}, nil)
	r.call(t.Context(), "gpt-5")
	if text := r.scrape(t, "text/plain"); strings.Contains(text, "recloser_gate_") || r.guard.Gates().Len() == 0 {
		t.Error(text)
	}
}

func TestNothingHasHappenedYet(t *testing.T) {
	r := newRig(t, MeterConfig{}, nil)
	text := r.scrape(t, "text/plain")
	if strings.Contains(text, "upstream=") || strings.Contains(text, "history") || !strings.Contains(text, "recloser_circuits_bypassed 0") {
		t.Error(text)
	}
}

func TestLint(t *testing.T) {
	r := outage(t, MeterConfig{}, everything)
	problems, err := testutil.GatherAndLint(r.registry)
	if err != nil || len(problems) > 0 {
		t.Error(err, problems)
	}
}

// 10,000 models that a client invents are as many series as the guard has circuits.
func TestInventedModels(t *testing.T) {
	r := newRig(t, MeterConfig{}, nil)
	for i := range 10_000 {
		r.call(t.Context(), "invented-"+string(rune('a'+i%26))+strings.Repeat("x", i%200)+"-"+time.Duration(i).String())
	}
	series := 0
	for _, f := range gather(t, r) {
		if n := len(f.GetMetric()); n > 9*(breaker.DefaultMaxCircuits+2) {
			t.Errorf("%s has %d series", f.GetName(), n)
		}
		series += len(f.GetMetric())
	}
	text := r.scrape(t, "text/plain")
	t.Logf("%d metrics, %d lines, %d bytes", series, strings.Count(text, "\n"), len(text))
	lines(t, text, `recloser_calls_total{kind="success",model="other",upstream="api"} 9000`)
}

// hostile are names of models that would break out of a label.
var hostile = []string{
	`quote\"quote`, `back\\slash`, `\\`, `{a=\"b\"} 1`, `# EOF`, strings.Repeat("m", 256), "日本語", `a/b/c`, `"} 1`, "other", `\u2028`,
}

func TestHostileModels(t *testing.T) {
	r := newRig(t, MeterConfig{}, nil)
	for _, model := range hostile {
		r.call(t.Context(), model)
	}
	r.meter.Observe(t.Context(), guard.Event{Type: guard.AttemptEnded, Circuit: "api/new\nline\x00\xff", Kind: fault.Kind(200), InputTokens: -5})
	if problems, err := testutil.GatherAndLint(r.registry); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for _, accept := range []string{"text/plain", "application/openmetrics-text;version=1.0.0"} {
		for line := range strings.SplitSeq(strings.TrimSpace(r.scrape(t, accept)), "\n") {
			if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "recloser_") && !strings.HasPrefix(line, "go_") && !strings.HasPrefix(line, "process_") {
				t.Errorf("%s: %q", accept, line)
			}
		}
	}
	lines(t, r.scrape(t, "text/plain"), `recloser_attempts_total{kind="service",model="new\nline`+"\x00\uFFFD"+`",upstream="api"} 1`)
}

func TestExemplars(t *testing.T) {
	type key struct{}
	r := newRig(t, MeterConfig{TraceID: func(ctx context.Context) string { id, _ := ctx.Value(key{}).(string); return id }}, nil)
	r.call(context.WithValue(t.Context(), key{}, "4bf92f3577b34da6a3ce929d0e0e4736"), "gpt-5")
	r.call(context.WithValue(t.Context(), key{}, strings.Repeat("x", 500)), "gpt-5")
	r.call(context.WithValue(t.Context(), key{}, "\xff"), "gpt-5")
	r.call(t.Context(), "gpt-5")
	const exemplar = ` # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} `
	text := r.scrape(t, "application/openmetrics-text;version=1.0.0")
	if n := strings.Count(text, exemplar); n != 3 || strings.Count(text, " # {") != n || !strings.HasSuffix(text, "# EOF\n") {
		t.Error(text)
	}
	lines(t, r.scrape(t, "text/plain"), `recloser_call_duration_seconds_count{model="gpt-5",upstream="api"} 4`,
		`recloser_first_content_seconds_count{model="gpt-5",upstream="api"} 4`)
}

func TestNativeHistograms(t *testing.T) {
	for _, native := range []bool{false, true} {
		for _, f := range gather(t, outage(t, MeterConfig{NativeHistograms: native}, nil)) {
			if f.GetName() != callTime {
				continue
			}
			h := f.GetMetric()[0].GetHistogram()
			if (h.Schema != nil) != native || len(h.GetBucket()) != len(buckets()) {
				t.Errorf("native %v: %v", native, h)
			}
		}
	}
}

func TestOnlyReaders(t *testing.T) {
	w := httptest.NewRecorder()
	newRig(t, MeterConfig{}, nil).Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/metrics", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Error(w.Code, w.Header())
	}
}

// What cannot be collected is left out and told, and the rest is there.
func TestTroubleIsTold(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, MeterConfig{}, func(c *MetricsConfig) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Notifications = func() []NotificationCount { panic("broken") }
	})
	if text := r.scrape(t, "text/plain"); !strings.Contains(text, "go_goroutines") || !strings.Contains(log.String(), "broken") {
		t.Error(text, log.String())
	}
}

// limited is a rig whose gate lets calls through at a rate.
func limited(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, MeterConfig{}, nil)
	now := time.Now()
	g := r.guard.Gates().GetAt(now, "key", "gpt-5")
	for i := range 3 {
		at := now.Add(time.Duration(i-3) * 10 * time.Second)
		g.ReportAt(at, gate.Report{Kind: gate.RateLimit, Begun: at, RetryAfter: time.Second})
	}
	if m := g.Metrics(); m.State != gate.Limited {
		t.Fatalf("the gate is %s", m.State)
	}
	return r
}
