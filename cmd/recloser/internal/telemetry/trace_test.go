package telemetry

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

const (
	clientTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	clientSpan   = "00f067aa0ba902b7"
	clientParent = "00-" + clientTrace + "-" + clientSpan + "-01"
)

// A call that is tried twice is three spans of its client's trace: the request's, and
// beneath it one for each attempt, with which the context of that span goes out.
func TestSpansOfARetriedCall(t *testing.T) {
	c := startCollector(t)
	var mu sync.Mutex
	var parents, states []string
	r := newOTelRig(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		parents, states = append(parents, r.Header.Get("Traceparent")), append(states, r.Header.Get("Tracestate")+r.Header.Get("Baggage"))
		if len(parents) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"error":{"message":"`+secretPrompt+` with `+secretKey+`"}}`)
			return
		}
		answerWith(w)
	})
	if status, _, err := r.post(t, chat+"}", "Traceparent", clientParent, "Tracestate", "vendor=1", "Baggage", "who=me"); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	r.close()
	server, attempts := one(t, c, "POST /v1/chat/completions"), c.named("chat gpt-5")
	if hex.EncodeToString(server.GetTraceId()) != clientTrace || hex.EncodeToString(server.GetParentSpanId()) != clientSpan ||
		server.GetKind() != tracepb.Span_SPAN_KIND_SERVER || server.GetStatus().GetCode() != tracepb.Status_STATUS_CODE_UNSET {
		t.Errorf("the request's span is %v", server)
	}
	want(t, attributesOf(server.GetAttributes()), map[string]string{
		"http.request.method": "POST", "http.route": "/v1/chat/completions", "url.path": "/v1/chat/completions", "url.scheme": "http",
		"http.response.status_code": "200", "recloser.kind": "success", "recloser.attempts": "2", "recloser.circuit": circuitOf(t, r),
	})
	if e := server.GetEvents(); len(e) != 1 || e[0].GetName() != "recloser.retry" || attributesOf(e[0].GetAttributes())["recloser.kind"] != "service" {
		t.Errorf("events %v", e)
	}
	if len(attempts) != 2 || len(parents) != 2 {
		t.Fatalf("%d spans and %d attempts", len(attempts), len(parents))
	}
	for i, span := range attempts {
		if got := fmt.Sprintf("00-%s-%s-01", clientTrace, hex.EncodeToString(span.GetSpanId())); parents[i] != got || states[i] != "vendor=1who=me" {
			t.Errorf("attempt %d went out with %s and %s, want %s", i+1, parents[i], states[i], got)
		}
		if string(span.GetParentSpanId()) != string(server.GetSpanId()) || span.GetKind() != tracepb.Span_SPAN_KIND_CLIENT {
			t.Errorf("attempt %d is %v", i+1, span)
		}
		checkNames(t, span.GetName(), attributesOf(span.GetAttributes()))
	}
	checkNames(t, server.GetName(), attributesOf(server.GetAttributes()))
	want(t, attributesOf(attempts[0].GetAttributes()), map[string]string{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5", "server.address": "127.0.0.1",
		"http.response.status_code": "503", "error.type": "503", "recloser.attempt": "1", "recloser.kind": "service",
	})
	want(t, attributesOf(attempts[1].GetAttributes()), map[string]string{
		"http.request.resend_count": "1", "http.response.status_code": "200", "gen_ai.usage.input_tokens": "9", "gen_ai.usage.output_tokens": "2",
		"http.response.header.x-request-id": "req_77", "error.type": "", "recloser.attempt": "2",
	})
	if attempts[0].GetStatus().GetCode() != tracepb.Status_STATUS_CODE_ERROR || attempts[0].GetStatus().GetMessage() != "" {
		t.Errorf("the failure's status is %v", attempts[0].GetStatus())
	}
	want(t, c.about, map[string]string{"service.name": "recloser", "service.version": "v1"})
	if c.about["service.instance.id"] == "" {
		t.Errorf("about %v", c.about)
	}
	keepsSecrets(t, c)
}

// What is decided beside attempts is events of the request's span.
func TestEventsOfARefusal(t *testing.T) {
	c := startCollector(t)
	r := newOTelRig(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	for range 5 {
		_, _, _ = r.post(t, chat+"}")
	}
	r.close()
	refused := 0
	for _, span := range c.named("POST /v1/chat/completions") {
		for _, e := range span.GetEvents() {
			checkNames(t, e.GetName(), attributesOf(e.GetAttributes()))
			if e.GetName() == "recloser.refused" {
				refused++
				want(t, attributesOf(span.GetAttributes()), map[string]string{"recloser.kind": "refused", "error.type": "502", "recloser.attempts": "0"})
				if span.GetStatus().GetCode() != tracepb.Status_STATUS_CODE_ERROR {
					t.Errorf("%v", span)
				}
			}
		}
	}
	if refused == 0 {
		t.Error("no event tells of a refusal")
	}
}

// A stream that its client leaves, one that breaks and one whose service never answers
// end their spans once.
func TestSpansOfStreamsThatEndEarly(t *testing.T) {
	c := startCollector(t)
	r := newOTelRig(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"delta":{"content":"`+secretAnswer+`"}}]}`+"\n\n")
		_ = http.NewResponseController(w).Flush()
		if r.Header.Get("Break") != "" {
			panic(http.ErrAbortHandler)
		}
		<-r.Context().Done()
	})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, r.proxy.URL+"/v1/chat/completions", strings.NewReader(chat+`,"stream":true}`))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = resp.Body.Read(make([]byte, 10))
	resp.Body.Close()
	if _, _, err := r.post(t, chat+`,"stream":true}`, "Break", "1"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the broken stream ended with %v", err)
	}
	eventually(t, "two requests and two attempts", func() bool {
		return len(c.named("POST /v1/chat/completions")) == 2 && len(c.named("chat gpt-5")) == 2
	})
	for _, span := range append(c.named("POST /v1/chat/completions"), c.named("chat gpt-5")...) {
		a := attributesOf(span.GetAttributes())
		if kind := a["recloser.kind"]; kind != "cancelled" && kind != "service" || a["error.type"] == "" || span.GetStatus().GetCode() != tracepb.Status_STATUS_CODE_ERROR {
			t.Errorf("%s: %v, %v", span.GetName(), a, span.GetStatus())
		}
		if span.GetName() == "chat gpt-5" && (a["gen_ai.request.stream"] != "true" || a["gen_ai.response.time_to_first_chunk"] == "") {
			t.Errorf("%v", a)
		}
	}
	r.close()
	if n := len(c.named("chat gpt-5")); n != 2 {
		t.Errorf("%d spans of attempts", n)
	}
	keepsSecrets(t, c)
}

// A trace that is not kept goes on all the same, marked so; one that cannot be read
// does not, nor does its tracestate.
func TestContextThatIsNotKept(t *testing.T) {
	c := startCollector(t)
	t.Setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
	var got, state string
	r := newOTelRig(t, func(w http.ResponseWriter, r *http.Request) {
		got, state = r.Header.Get("Traceparent"), r.Header.Get("Tracestate")
		answerWith(w)
	})
	for given, begin := range map[string]string{"00-" + clientTrace + "-" + clientSpan + "-00": "00-" + clientTrace, "nonsense": "00-", "": "00-"} {
		_, _, _ = r.post(t, chat+"}", "Traceparent", given, "Tracestate", "vendor=1")
		kept := begin != "00-"
		if !strings.HasPrefix(got, begin) || len(got) != 55 || !strings.HasSuffix(got, "-00") || got == given || kept != (state == "vendor=1") {
			t.Errorf("%q went out as %q with %q", given, got, state)
		}
	}
	_, _, _ = r.post(t, chat+"}", "Traceparent", clientParent)
	if !strings.HasPrefix(got, "00-"+clientTrace) || !strings.HasSuffix(got, "-01") {
		t.Errorf("the client's decision to keep became %q", got)
	}
	r.close()
	if n := len(c.named("POST /v1/chat/completions")); n != 1 {
		t.Errorf("%d spans, want that of the client who keeps them", n)
	}
}

// Without OTEL_ variables there is nothing, and the client's context goes on as it is.
func TestNothingWithoutEnvironment(t *testing.T) {
	for name, value := range map[string]string{"OTEL_SERVICE_NAME": "x", "OTEL_TRACES_SAMPLER": "always_on"} {
		t.Setenv(name, value)
	}
	var got string
	r := newOTelRig(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Traceparent") + r.Header.Get("Tracestate")
		answerWith(w)
	})
	if _, _, _ = r.post(t, chat+"}", "Traceparent", clientParent, "Tracestate", "vendor=1"); r.OTel != nil || got != clientParent+"vendor=1" {
		t.Errorf("%v, and %q went out", r.OTel, got)
	}
}

func TestWhatIsOn(t *testing.T) {
	for _, row := range []struct {
		env             string
		traces, metrics bool
	}{
		{"", false, false},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://x", true, true},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://x", true, false},
		{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://x", false, true},
		{"OTEL_METRICS_EXPORTER=console", false, true},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://x OTEL_METRICS_EXPORTER=none", true, false},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://x OTEL_SDK_DISABLED=True", false, false},
		{"OTEL_SERVICE_NAME=x OTEL_RESOURCE_ATTRIBUTES=a=b", false, false},
	} {
		t.Run(row.env, func(t *testing.T) {
			for v := range strings.FieldsSeq(row.env) {
				name, value, _ := strings.Cut(v, "=")
				t.Setenv(name, value)
			}
			if traces, metrics := signalOn("TRACES"), signalOn("METRICS"); traces != row.traces || metrics != row.metrics {
				t.Errorf("traces %t, metrics %t", traces, metrics)
			}
		})
	}
}

// Records in a trace say in which.
func TestLogHandler(t *testing.T) {
	c := startCollector(t)
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	var log strings.Builder
	r := newOTelRig(t, func(w http.ResponseWriter, _ *http.Request) { answerWith(w) })
	logger := slog.New(LogHandler(slog.NewTextHandler(&log, nil))).With("a", 1)
	id := ""
	h := r.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		logger.InfoContext(r.Context(), "in")
		id = TraceID(r.Context())
	}))
	logger.InfoContext(t.Context(), "out")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/v1/models", nil)
	req.Header.Set("Traceparent", clientParent)
	h.ServeHTTP(silent{}, req)
	r.close()
	span := one(t, c, "GET /v1/models")
	in, out := "msg=in a=1 trace_id="+clientTrace+" span_id="+hex.EncodeToString(span.GetSpanId()), "msg=out a=1\n"
	if !strings.Contains(log.String(), in) || !strings.Contains(log.String(), out) || id != clientTrace || TraceID(t.Context()) != "" {
		t.Errorf("%s\n%q", log.String(), id)
	}
}

func TestRoutes(t *testing.T) {
	for path, want := range map[string]string{
		"/v1/chat/completions": "/v1/chat/completions", "/chat/completions": "/v1/chat/completions", "/v1/responses/resp_1": "/v1/responses/{id}",
		"/v1/responses/resp_1/cancel": "/v1/responses/{id}/cancel", "/v1/threads/a/runs/b": "/v1/threads/{id}/runs/{id}",
		"/v1/responses/": "", "/v1/": "", "": "", "/v1/chat/completions/x/y/z": "", "/wp-login.php": "", "/v1/models/a/b": "", "/v1models": "",
	} {
		if got := routeOf(path); got != want {
			t.Errorf("%q is %q, want %q", path, got, want)
		}
	}
	for row, want := range map[string]string{
		"POST /v1/chat/completions": "chat", "POST /v1/responses": "chat", "POST /openai/deployments/x/chat/completions": "chat",
		"POST /v1/completions": "text_completion", "POST /v1/embeddings": "embeddings", "GET /v1/responses/x": "", "POST /v1/files": "",
	} {
		method, path, _ := strings.Cut(row, " ")
		if got := operationOf(method, path); got != want {
			t.Errorf("%s is %q, want %q", row, got, want)
		}
	}
	for host, want := range map[string]string{"api.openai.com": "openai", "my.openai.azure.com": "azure.ai.openai", "localhost": "openai", "api.groq.com": "groq"} {
		if got := providerOf(host); got != want {
			t.Errorf("%s is %q", host, got)
		}
	}
}

// one is the only span of that name, which may take a moment to come.
func one(t *testing.T, c *standIn, name string) *tracepb.Span {
	t.Helper()
	spans := c.named(name)
	if len(spans) != 1 {
		t.Fatalf("%d spans are called %s", len(spans), name)
	}
	return spans[0]
}

// want demands attributes; what is to be empty must not be there.
func want(t *testing.T, got, wanted map[string]string) {
	t.Helper()
	for name, value := range wanted {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
}

// circuitOf is the name of the only circuit of a model.
func circuitOf(t *testing.T, r *otelRig) string {
	t.Helper()
	for _, b := range r.guard.Circuits().All() {
		if strings.Contains(b.Name(), "/") {
			return b.Name()
		}
	}
	t.Fatal("there is no circuit")
	return ""
}

// keepsSecrets searches all that was exported, byte by byte.
func keepsSecrets(t *testing.T, c *standIn) {
	t.Helper()
	if !c.holds("POST /v1/chat/completions") {
		t.Error("there is nothing to search")
	}
	for _, secret := range []string{secretKey, secretPrompt, secretAnswer, "Bearer", "?key"} {
		if c.holds(secret) {
			t.Errorf("%q was exported", secret)
		}
	}
}
