package integration

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"go.opentelemetry.io/otel/attribute"
	genai "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/semconv/v1.41.0/genaiconv"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
)

// otelNames are the attributes that may be exported: those that the conventions'
// packages have, and our own.
func otelNames() []attribute.Key {
	return []attribute.Key{
		semconv.HTTPRequestMethodKey, semconv.HTTPRouteKey, semconv.HTTPResponseStatusCodeKey, semconv.HTTPRequestResendCountKey,
		semconv.URLSchemeKey, semconv.URLPathKey, semconv.URLFullKey, semconv.ServerAddressKey, semconv.ServerPortKey, semconv.ErrorTypeKey,
		"http.response.header.x-request-id",
		genai.GenAIOperationNameKey, genai.GenAIProviderNameKey, genai.GenAIRequestModelKey, genai.GenAIRequestStreamKey,
		genai.GenAIResponseTimeToFirstChunkKey, genai.GenAIUsageInputTokensKey, genai.GenAIUsageOutputTokensKey, genai.GenAITokenTypeKey,
		"recloser.circuit", "recloser.target", "recloser.next_target", "recloser.attempt", "recloser.attempts", "recloser.probe",
		"recloser.kind", "recloser.wait", "recloser.circuit.state",
	}
}

// otelMetricNames are the metrics that may be exported.
func otelMetricNames() []string {
	return []string{
		httpconv.ServerRequestDuration{}.Name(), httpconv.ClientRequestDuration{}.Name(), genaiconv.ClientOperationDuration{}.Name(),
		genaiconv.ClientOperationTimeToFirstChunk{}.Name(), genaiconv.ClientTokenUsage{}.Name(),
		"recloser.circuit.state", "recloser.refusals", "recloser.gated", "recloser.retries", "recloser.fallbacks",
	}
}

const (
	otelTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	otelParent = "00f067aa0ba902b7"
	otelAnswer = "an answer for nobody else"
)

// contexts are the trace contexts that a service was called with.
type contexts struct {
	mu   sync.Mutex
	seen []string
}

// answer makes a service that answers the n-th call as it is told, 1 being the first.
func (c *contexts) answer(status func(n int) int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		c.seen = append(c.seen, r.Header.Get("Traceparent")+" "+r.Header.Get("Tracestate"))
		n := len(c.seen)
		c.mu.Unlock()
		w.Header().Set("X-Request-Id", "req_"+fmt.Sprint(n))
		if code := status(n); code != http.StatusOK {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"error":{"message":%q,"code":"made up"}}`, r.Header.Get("Authorization")+" sent "+secretPrompt)
			return
		}
		if strings.Contains(string(body), `"stream":true`) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", otelAnswer)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"choices":[{"message":{"content":%q},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}`, otelAnswer)
	}
}

func otelClient(s *server, headers ...string) openai.Client {
	options := []option.RequestOption{option.WithBaseURL(s.URL()), option.WithAPIKey(secretKey), option.WithQuery("api-key", secretQuery)}
	for i := 0; i < len(headers); i += 2 {
		options = append(options, option.WithHeader(headers[i], headers[i+1]))
	}
	return openai.NewClient(options...)
}

func otelChat() openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: "gpt-5", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(secretPrompt)}}
}

// A call of the official client that falls back is one trace, its client's: the
// request's span, beneath it one for each attempt, with whose context that goes out.
// Names are those of the conventions, and nothing secret is in any byte of it.
func TestOTelFallback(t *testing.T) {
	t.Parallel()
	collector := startOTelCollector(t)
	var primary, backup contexts
	one, oneCircuit := startUpstream(t, primary.answer(func(n int) int { return map[bool]int{true: 503, false: 200}[n == 1] }))
	two, twoCircuit := startUpstream(t, backup.answer(func(int) int { return 200 }))
	serve := startServeFile(t, append(collector.env(), "PRIMARY_KEY="+secretPrimary, "BACKUP_KEY="+secretBackup), []string{
		"upstream: " + one, "targets:",
		"  - {name: primary, key: {env: PRIMARY_KEY}}",
		"  - {name: backup, url: " + two + ", key: {env: BACKUP_KEY}, model: gpt-5-backup}",
	})
	client := otelClient(serve, "traceparent", "00-"+otelTrace+"-"+otelParent+"-01", "tracestate", "vendor=1")
	out, err := client.Chat.Completions.New(t.Context(), otelChat())
	if err != nil || out.Choices[0].Message.Content != otelAnswer {
		t.Fatal(out, err)
	}
	stream := client.Chat.Completions.NewStreaming(t.Context(), otelChat())
	for stream.Next() {
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	serve.stop() // exports what is left

	requests := collector.named("POST /v1/chat/completions")
	first, second := collector.named("chat gpt-5"), collector.named("chat gpt-5-backup")
	if len(requests) != 2 || len(first) != 2 || len(second) != 1 {
		t.Fatalf("%d requests, %d and %d attempts", len(requests), len(first), len(second))
	}
	request := requests[0]
	checkSpan(t, request, traces.Span_SPAN_KIND_SERVER, otelParent, map[string]string{
		"http.route": "/v1/chat/completions", "http.response.status_code": "200", "recloser.kind": "success", "recloser.attempts": "2",
		"recloser.target": "backup", "recloser.circuit": twoCircuit + "/gpt-5-backup", "error.type": "",
	})
	id := hex.EncodeToString(request.GetSpanId())
	checkSpan(t, first[0], traces.Span_SPAN_KIND_CLIENT, id, map[string]string{
		"recloser.target": "primary", "recloser.circuit": oneCircuit + "/gpt-5", "error.type": "503", "http.response.status_code": "503",
		"url.full": one + "/chat/completions", "gen_ai.request.model": "gpt-5", "http.response.header.x-request-id": "req_1",
	})
	checkSpan(t, second[0], traces.Span_SPAN_KIND_CLIENT, id, map[string]string{
		"recloser.target": "backup", "gen_ai.request.model": "gpt-5-backup", "gen_ai.usage.input_tokens": "9", "gen_ai.usage.output_tokens": "2",
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "http.response.status_code": "200", "error.type": "",
	})
	checkSpan(t, first[1], traces.Span_SPAN_KIND_CLIENT, hex.EncodeToString(requests[1].GetSpanId()), map[string]string{"gen_ai.request.stream": "true"})
	if e := request.GetEvents(); len(e) != 1 || e[0].GetName() != "recloser.fallback" ||
		otelAttributes(e[0].GetAttributes())["recloser.next_target"] != "backup" || first[0].GetStatus().GetCode() != traces.Status_STATUS_CODE_ERROR {
		t.Errorf("events %v, and %v", e, first[0].GetStatus())
	}
	for span, got := range map[*traces.Span]string{first[0]: primary.seen[0], first[1]: primary.seen[1], second[0]: backup.seen[0]} {
		if want := "00-" + otelTrace + "-" + hex.EncodeToString(span.GetSpanId()) + "-01 vendor=1"; got != want {
			t.Errorf("an attempt went out with %s, want %s", got, want)
		}
	}
	checkExport(t, collector)
	if !strings.Contains(serve.output(), `"trace_id":"`+otelTrace+`","span_id":"`+id+`"`) {
		t.Error("the access log does not say in which trace the call was")
	}
}

// checkSpan demands a span's place in the client's trace and some of its attributes;
// what is to be empty must not be there.
func checkSpan(t *testing.T, s *traces.Span, kind traces.Span_SpanKind, parent string, attributes map[string]string) {
	t.Helper()
	if hex.EncodeToString(s.GetTraceId()) != otelTrace || hex.EncodeToString(s.GetParentSpanId()) != parent || s.GetKind() != kind {
		t.Errorf("%s is %s of %x beneath %x, want it beneath %s", s.GetName(), s.GetKind(), s.GetTraceId(), s.GetParentSpanId(), parent)
	}
	if s.GetEndTimeUnixNano() <= s.GetStartTimeUnixNano() || s.GetStatus().GetMessage() != "" {
		t.Errorf("%s lasted from %d to %d, with status %v", s.GetName(), s.GetStartTimeUnixNano(), s.GetEndTimeUnixNano(), s.GetStatus())
	}
	got := otelAttributes(s.GetAttributes())
	for name, value := range attributes {
		if got[name] != value {
			t.Errorf("%s: %s is %q, want %q", s.GetName(), name, got[name], value)
		}
	}
}

// checkExport compares all names with those of the conventions, and searches every
// byte for secrets.
func checkExport(t *testing.T, c *otelCollector) {
	t.Helper()
	check := func(of string, attributes map[string]string) {
		for name := range attributes {
			if !slices.Contains(otelNames(), attribute.Key(name)) {
				t.Errorf("%s has %s, which is in no conventions", of, name)
			}
		}
	}
	for _, s := range c.spans {
		check(s.GetName(), otelAttributes(s.GetAttributes()))
		for _, e := range s.GetEvents() {
			check(e.GetName(), otelAttributes(e.GetAttributes()))
		}
	}
	for name, m := range c.metrics {
		if !slices.Contains(otelMetricNames(), name) {
			t.Errorf("the metric %s is in no conventions", name)
		}
		for _, p := range pointsOf(m) {
			check(name, p)
		}
	}
	for _, name := range otelMetricNames()[:3] {
		if len(pointsOf(c.metrics[name])) == 0 {
			t.Errorf("there is no metric %s", name)
		}
	}
	if c.resource["service.name"] != "recloser" || c.resource["service.instance.id"] == "" || c.resource["host.name"] != "" || len(c.schemas) > 2 {
		t.Errorf("the resource is %v, of %v", c.resource, c.schemas)
	}
	for _, secret := range append(secrets(), otelAnswer, "Bearer") {
		if c.holds(secret) || c.holds(secret[len(secret)/2:]) {
			t.Errorf("%q was exported", secret)
		}
	}
	if !c.holds("POST /v1/chat/completions") {
		t.Error("there is nothing to search")
	}
}

// Refusals and gates are events of the request's span.
func TestOTelRefusals(t *testing.T) {
	t.Parallel()
	collector := startOTelCollector(t)
	var service contexts
	upstream, _ := startUpstream(t, service.answer(func(n int) int { return []int{500, 500, 429}[min(n, 3)-1] }))
	serve := startServeIn(t, collector.env(), "--upstream", upstream, "--failure-threshold", "2", "--retries", "1", "--retry-base-delay", "1ms")
	said := []answer{serve.chat(t, "broken"), serve.chat(t, "broken"), serve.chat(t, "broken"), serve.chat(t, "limited"), serve.chat(t, "limited")}
	serve.stop()
	events := map[string]int{}
	for _, s := range collector.named("POST /v1/chat/completions") {
		for _, e := range s.GetEvents() {
			events[e.GetName()]++
		}
	}
	if events["recloser.refused"] != 2 || events["recloser.gate"] != 1 { // by a circuit and by a gate
		t.Errorf("events %v after %+v", events, said)
	}
	checkExport(t, collector)
}

// A collector that refuses what it is sent costs calls nothing; the log says so once.
func TestOTelCollectorInTrouble(t *testing.T) {
	t.Parallel()
	collector := startOTelCollector(t)
	collector.status.Store(http.StatusForbidden)
	var service contexts
	upstream, _ := startUpstream(t, service.answer(func(int) int { return 200 }))
	serve := startServeIn(t, collector.env(), "--upstream", upstream)
	const problem = "403 Forbidden"
	eventually(t, "a line about the collector", func() bool {
		if said := serve.chat(t, "m"); said.Status != http.StatusOK {
			t.Fatalf("%+v", said)
		}
		return strings.Contains(serve.output(), problem)
	})
	serve.stop()
	if log := serve.output(); strings.Count(log, problem) != 1 || strings.Contains(log, collector.url) {
		t.Error("the log says it again, or where the collector is")
	}
}

// Without OTEL_ variables the client's context goes on untouched.
func TestOTelOff(t *testing.T) {
	t.Parallel()
	var service contexts
	upstream, _ := startUpstream(t, service.answer(func(int) int { return 200 }))
	serve := startServe(t, "--upstream", upstream)
	const parent = "00-" + otelTrace + "-" + otelParent + "-01"
	client := otelClient(serve, "traceparent", parent, "tracestate", "vendor=1")
	if _, err := client.Chat.Completions.New(t.Context(), otelChat()); err != nil {
		t.Fatal(err)
	}
	if service.seen[0] != parent+" vendor=1" {
		t.Errorf("it went on as %s", service.seen[0])
	}
}
