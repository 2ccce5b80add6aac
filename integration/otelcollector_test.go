package integration

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// otelCollector stands in for an OTLP collector over HTTP, decodes what it is sent
// and keeps it.
type otelCollector struct {
	url    string
	status atomic.Int64 // that it answers with; 0: 200

	mu       sync.Mutex
	raw      []byte
	spans    []*traces.Span
	metrics  map[string]*metrics.Metric // the last of each name
	resource map[string]string
	schemas  map[string]bool // of resources and scopes
}

func startOTelCollector(t *testing.T) *otelCollector {
	t.Helper()
	c := &otelCollector{metrics: map[string]*metrics.Metric{}, schemas: map[string]bool{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := c.status.Load(); status != 0 {
			w.WriteHeader(int(status))
			return
		}
		if err := c.take(r); err != nil {
			t.Errorf("the collector was sent %s: %v", r.URL.Path, err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

// env is what points a process to it.
func (c *otelCollector) env() []string {
	return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.url, "OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_METRIC_EXPORT_INTERVAL=200", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}
}

func (c *otelCollector) take(r *http.Request) error {
	zipped, err := gzip.NewReader(r.Body)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(zipped)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, raw...)
	switch r.URL.Path {
	case "/v1/traces":
		return c.takeTraces(raw)
	case "/v1/metrics":
		return c.takeMetrics(raw)
	}
	return fmt.Errorf("nobody is there")
}

func (c *otelCollector) takeTraces(raw []byte) error {
	var in collectortrace.ExportTraceServiceRequest
	if err := proto.Unmarshal(raw, &in); err != nil {
		return err
	}
	for _, resource := range in.GetResourceSpans() {
		c.resource = otelAttributes(resource.GetResource().GetAttributes())
		c.schemas[resource.GetSchemaUrl()] = true
		for _, scope := range resource.GetScopeSpans() {
			c.schemas[scope.GetSchemaUrl()] = true
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	return nil
}

func (c *otelCollector) takeMetrics(raw []byte) error {
	var in collectormetrics.ExportMetricsServiceRequest
	if err := proto.Unmarshal(raw, &in); err != nil {
		return err
	}
	for _, resource := range in.GetResourceMetrics() {
		c.schemas[resource.GetSchemaUrl()] = true
		for _, scope := range resource.GetScopeMetrics() {
			c.schemas[scope.GetSchemaUrl()] = true
			for _, m := range scope.GetMetrics() {
				c.metrics[m.GetName()] = m
			}
		}
	}
	return nil
}

// holds reports whether the text is anywhere in what has come.
func (c *otelCollector) holds(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Contains(c.raw, []byte(text))
}

// named returns the spans of that name, in the order in which they began.
func (c *otelCollector) named(name string) (found []*traces.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	return found
}

// otelAttributes has attributes as text.
func otelAttributes(list []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, kv := range list {
		all[kv.GetKey()] = otelValue(kv.GetValue())
	}
	return all
}

func otelValue(v *common.AnyValue) string {
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
			text += otelValue(v)
		}
		return text
	}
	return "?"
}

// pointsOf are the attributes of a metric's data points, of whatever kind it is.
func pointsOf(m *metrics.Metric) (all []map[string]string) {
	for _, p := range m.GetHistogram().GetDataPoints() {
		all = append(all, otelAttributes(p.GetAttributes()))
	}
	for _, p := range m.GetSum().GetDataPoints() {
		all = append(all, otelAttributes(p.GetAttributes()))
	}
	return all
}
