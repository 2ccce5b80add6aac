package telemetry

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// patience bounds what must happen soon.
const patience = 10 * time.Second

// standIn stands in for an OTLP collector, and keeps what it is sent.
type standIn struct {
	*httptest.Server

	status atomic.Int64  // that it answers with; 0: 200
	hang   chan struct{} // if not nil it does not answer until it is closed
	asked  atomic.Int64

	mu      sync.Mutex
	raw     []byte
	spans   []*tracepb.Span
	metrics map[string]*metrics.Metric // the last of each name
	about   map[string]string          // the resource
}

// startCollector starts one, and points the OTEL_ environment to it.
func startCollector(t *testing.T) *standIn {
	t.Helper()
	c := &standIn{metrics: map[string]*metrics.Metric{}, about: map[string]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.serve(t, w, r) }))
	t.Cleanup(c.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
	return c
}

func (c *standIn) serve(t *testing.T, w http.ResponseWriter, r *http.Request) {
	c.asked.Add(1)
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	raw, err := io.ReadAll(body)
	if c.hang != nil {
		select {
		case <-c.hang:
		case <-r.Context().Done():
		}
		return
	}
	if status := c.status.Load(); status != 0 {
		w.WriteHeader(int(status))
		fmt.Fprint(w, "the collector's own words")
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, raw...)
	switch r.URL.Path {
	case "/v1/traces":
		var in collectortrace.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(raw, &in)
		}
		c.takeTraces(&in)
	case "/v1/metrics":
		var in collectormetrics.ExportMetricsServiceRequest
		if err == nil {
			err = proto.Unmarshal(raw, &in)
		}
		c.takeMetrics(&in)
	default:
		t.Errorf("the collector was asked for %s", r.URL.Path)
	}
	if err != nil {
		t.Errorf("%s: %v", r.URL.Path, err)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *standIn) takeTraces(in *collectortrace.ExportTraceServiceRequest) {
	for _, resource := range in.GetResourceSpans() {
		maps.Copy(c.about, attributesOf(resource.GetResource().GetAttributes()))
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
}

func (c *standIn) takeMetrics(in *collectormetrics.ExportMetricsServiceRequest) {
	for _, resource := range in.GetResourceMetrics() {
		for _, scope := range resource.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				c.metrics[m.GetName()] = m
			}
		}
	}
}

// named returns the spans of that name that have come.
func (c *standIn) named(name string) (found []*tracepb.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	return found
}

// attributesOf has attributes as text.
func attributesOf(list []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, kv := range list {
		all[kv.GetKey()] = valueOf(kv.GetValue())
	}
	return all
}

func valueOf(v *common.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_IntValue:
		return fmt.Sprint(v.IntValue)
	case *common.AnyValue_DoubleValue:
		return fmt.Sprint(v.DoubleValue)
	case *common.AnyValue_BoolValue:
		return fmt.Sprint(v.BoolValue)
	case *common.AnyValue_ArrayValue:
		text := ""
		for _, v := range v.ArrayValue.GetValues() {
			text += valueOf(v)
		}
		return text
	}
	return "?"
}

// point is what is asked of a data point.
type point struct {
	attributes map[string]string
	count      uint64  // of a histogram
	sum        float64 // or the value
}

// points are those of a metric that have come last.
func (c *standIn) points(name string) (all []point) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.metrics[name]
	for _, p := range m.GetHistogram().GetDataPoints() {
		all = append(all, point{attributesOf(p.GetAttributes()), p.GetCount(), p.GetSum()})
	}
	for _, p := range m.GetSum().GetDataPoints() {
		all = append(all, point{attributesOf(p.GetAttributes()), 0, float64(p.GetAsInt())})
	}
	return all
}

// holds reports whether the text is anywhere in what has come.
func (c *standIn) holds(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Contains(c.raw, []byte(text))
}

// eventually polls until ok, for as long as patience lasts.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within %v: %s", patience, what)
}
