package telemetry

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/recloser/recloser/guard"
)

// Metrics have the names, units, buckets and attributes of the conventions.
func TestOTelMetrics(t *testing.T) {
	c := startCollector(t)
	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	calls := 0
	r := newOTelRig(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		switch {
		case calls == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.Header.Get("Stream") != "":
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = w.Write([]byte("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"))
		default:
			answerWith(w)
		}
	})
	_, _, _ = r.post(t, chat+"}")
	_, _, _ = r.post(t, chat+`,"stream":true}`, "Stream", "1")
	circuit := circuitOf(t, r)
	r.close()
	wanted := units()
	for name, m := range c.metrics {
		if unit, ok := wanted[name]; !ok || unit != m.GetUnit() || m.GetDescription() == "" {
			t.Errorf("%s in %s (%s)", name, m.GetUnit(), m.GetDescription())
		}
		for _, p := range c.points(name) {
			checkNames(t, name, p.attributes)
		}
	}
	server, client, genAI := c.points("http.server.request.duration"), c.points("http.client.request.duration"), c.points("gen_ai.client.operation.duration")
	if len(server) != 1 || len(client) != 2 || len(genAI) != 2 {
		t.Fatalf("%v\n%v\n%v", server, client, genAI)
	}
	want(t, server[0].attributes, map[string]string{
		"http.request.method": "POST", "http.route": "/v1/chat/completions", "http.response.status_code": "200", "url.scheme": "http", "error.type": "",
	})
	counts := map[string]uint64{}
	for _, p := range client {
		counts[p.attributes["http.response.status_code"]+p.attributes["error.type"]] += p.count
	}
	if !maps.Equal(counts, map[string]uint64{"200": 2, "503503": 1}) || server[0].count != 2 {
		t.Errorf("%v, %d requests", counts, server[0].count)
	}
	for _, p := range genAI {
		want(t, p.attributes, map[string]string{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5"})
	}
	sums := map[string]float64{}
	for _, p := range c.points("gen_ai.client.token.usage") {
		sums[p.attributes["gen_ai.token.type"]] = p.sum
	}
	if !maps.Equal(sums, map[string]float64{"input": 9, "output": 2}) {
		t.Errorf("tokens %v", sums)
	}
	if p := c.points("gen_ai.client.operation.time_to_first_chunk"); len(p) != 1 || p[0].count != 1 {
		t.Errorf("first chunks %v", p)
	}
	if p := c.points("recloser.retries"); len(p) != 1 || p[0].sum != 1 || p[0].attributes["recloser.circuit"] != circuit {
		t.Errorf("retries %v", p)
	}
	states := c.points("recloser.circuit.state")
	if len(states) != 2 || states[0].sum != 1 || states[0].attributes["recloser.circuit.state"] != "closed" { // its upstream's too
		t.Errorf("states %v", states)
	}
	if got := boundsOf(c.metrics["gen_ai.client.operation.duration"]); !slices.Equal(got, genAIBuckets) {
		t.Errorf("buckets %v", got)
	}
	if c.holds(secretKey) || c.holds(secretPrompt) || !c.holds(circuit) {
		t.Error("a secret was exported, or nothing")
	}
}

func boundsOf(m *metrics.Metric) []float64 {
	return m.GetHistogram().GetDataPoints()[0].GetExplicitBounds()
}

// Models that clients make up are no series of their own beyond the circuits' bound.
func TestModelsOfMetricsAreThoseOfCircuits(t *testing.T) {
	c := startCollector(t)
	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	r := newOTelRig(t, func(w http.ResponseWriter, _ *http.Request) { answerWith(w) })
	if err := r.guard.SetConfig(guard.Config{Observe: r.Observe, MaxCircuits: 4}); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		_, _, _ = r.post(t, strings.Replace(chat, "gpt-5", "made-up-"+string(rune('a'+i)), 1)+"}")
	}
	r.close()
	without := 0
	points := c.points("gen_ai.client.operation.duration")
	for _, p := range points {
		if p.attributes["gen_ai.request.model"] == "" {
			without++
		}
	}
	if len(points) == 0 || len(points) > 5 || without != 1 {
		t.Errorf("%d series, %d without a model: want one, of the others", len(points), without)
	}
}

// What was made for a key is found again, by many at once, and there is an end to it.
func TestSeriesAreBounded(t *testing.T) {
	var s seriesOf[int, int]
	made := 0
	for range 2 {
		for k := range maxSeries + 100 {
			if v := s.get(k, func(k int) int { made++; return k * 2 }); v != k*2 {
				t.Fatalf("%d has %d", k, v)
			}
		}
	}
	if made != maxSeries+200 || len(*s.known.Load()) != maxSeries {
		t.Errorf("made %d, remembered %d", made, len(*s.known.Load()))
	}
}

// What a call meant whose answer was broken off is known without traces too.
func TestMetricsOfBrokenStreams(t *testing.T) {
	c := startCollector(t)
	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	r := newOTelRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	if _, _, err := r.post(t, chat+`,"stream":true}`); err == nil {
		t.Error("the stream was whole")
	}
	r.close()
	server := c.points("http.server.request.duration")
	if len(server) != 1 || server[0].attributes["error.type"] != "service" {
		t.Errorf("%v", server)
	}
}
