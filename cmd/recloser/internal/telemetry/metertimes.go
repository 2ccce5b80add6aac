package telemetry

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// buckets suit calls of language models: from an answer out of a cache to a model
// that thinks for the ten minutes that a call may take. What is beyond is counted too.
func buckets() []float64 {
	return []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600}
}

// Of native histograms: a bucket's bounds are at most 10 % apart, and there are so
// many of them at most. 160 reach from 50 ms to beyond 600 s with room for outliers;
// if that is not enough they are joined by two, at most once an hour anew.
const (
	nativeFactor = 1.1
	nativeMax    = 160
	nativeReset  = time.Hour
)

// newHistogram makes one of those in Descriptions.
func newHistogram(name string, native bool) *prometheus.HistogramVec {
	d := described(name)
	o := prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: buckets()}
	if native {
		o.NativeHistogramBucketFactor = nativeFactor
		o.NativeHistogramMaxBucketNumber = nativeMax
		o.NativeHistogramMinResetDuration = nativeReset
	}
	return prometheus.NewHistogramVec(o, d.Labels)
}

// maxTraceID is longer than any; an exemplar has room for 128 letters.
const maxTraceID = 64

// traceOf is the trace of a request, or "" if it is in none that can be told.
func (m *Meter) traceOf(ctx context.Context) string {
	if m.trace == nil {
		return ""
	}
	if id := m.trace(ctx); len(id) <= maxTraceID && utf8.ValidString(id) {
		return id
	}
	return ""
}

// observe puts a duration into a histogram.
func observe(to prometheus.Observer, d time.Duration, trace string) {
	if trace != "" {
		if e, ok := to.(prometheus.ExemplarObserver); ok {
			e.ObserveWithExemplar(d.Seconds(), prometheus.Labels{"trace_id": trace})
			return
		}
	}
	to.Observe(d.Seconds())
}
