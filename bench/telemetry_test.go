package bench

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// telemetries are what can be on, by the environment.
var telemetries = [...]struct {
	name string
	env  []string
}{
	{"traces-10%", []string{"OTEL_TRACES_EXPORTER=otlp", "OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.1"}},
	{"traces-100%", []string{"OTEL_TRACES_EXPORTER=otlp"}},
	{"metrics", []string{"OTEL_METRICS_EXPORTER=otlp", "OTEL_METRIC_EXPORT_INTERVAL=1000"}}, // in place of a minute
}

// newCollector stands in for what traces and metrics are sent to. It counts the
// requests for a GET.
func newCollector() http.Handler {
	var count atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodGet {
			if count.Load() == 0 {
				w.WriteHeader(http.StatusNoContent)
			}
			return
		}
		count.Add(1)
		w.Header().Set("Content-Type", "application/x-protobuf")
	})
}

// BenchmarkProxyTelemetry is recloser serve with traces or metrics on, beside one
// without. -benchtime is the time for each of the two.
func BenchmarkProxyTelemetry(b *testing.B) {
	binary := buildRecloser(b)
	upstream := "http://" + startSelf(b, "upstream").addr + "/v1"
	for _, with := range telemetries {
		b.Run("with="+with.name, func(b *testing.B) {
			collector := startSelf(b, "collector")
			off := startRecloser(b, binary, upstream, nil, "--admin", "off")
			on := startRecloser(b, binary, upstream, append(with.env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+collector.addr, otherOff(with.name)), "--admin", "off")
			c := &comparison{total: benchtime(), sides: [2]side{
				{"off", off, newClient(b, off.addr, false)},
				{"on", on, newClient(b, on.addr, false)},
			}}
			if _, err := takeTurns(c.sides, c.total/4); err != nil { // to warm up
				b.Fatal(err)
			}
			for n, side := range c.sides {
				b.Run("impl="+side.impl, c.bench(n))
			}
			exported := func() bool { return get(b, collector).StatusCode == http.StatusOK }
			for end := time.Now().Add(exportTime); !exported(); time.Sleep(100 * time.Millisecond) {
				if time.Now().After(end) {
					b.Fatal("nothing was exported")
				}
			}
		})
	}
}

// exportTime is longer than any exporter waits here, which a short run may be over
// before: 5 s for traces.
const exportTime = 30 * time.Second

// otherOff switches off what is not to be measured.
func otherOff(with string) string {
	if with == "metrics" {
		return "OTEL_TRACES_EXPORTER=none"
	}
	return "OTEL_METRICS_EXPORTER=none"
}
