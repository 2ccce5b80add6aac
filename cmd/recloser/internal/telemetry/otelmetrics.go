package telemetry

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
)

// otelMetrics are the instruments. Attributes are put together once for each series
// and then looked up.
type otelMetrics struct {
	meter metric.Meter

	server, client, operation, firstChunk metric.Float64Histogram
	tokens                                metric.Int64Histogram

	refusals, gated, retries, fallbacks metric.Int64Counter
	state                               metric.Int64ObservableUpDownCounter

	requests seriesOf[requestKey, []metric.RecordOption]
	attempts seriesOf[attemptKey, *attemptSeries]
	circuits seriesOf[string, []metric.AddOption]
}

// requestKey is what tells requests to the proxy apart.
type requestKey struct {
	method, scheme, route, errorType string
	status                           int
}

// attemptKey is what tells attempts apart.
type attemptKey struct {
	circuit, host, method, operation, errorType string
	status                                      int
}

// attemptSeries are the attributes of attempts. Of one that is no operation of GenAI
// there are HTTP's alone.
type attemptSeries struct {
	http, genAI, input, output []metric.RecordOption
}

func newOTelMetrics(meter metric.Meter) (*otelMetrics, error) {
	m := &otelMetrics{meter: meter}
	seconds := func(name, about string, buckets []float64) metric.Float64Histogram {
		h, _ := meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(about), metric.WithExplicitBucketBoundaries(buckets...))
		return h
	}
	count := func(name, unit, about string) metric.Int64Counter {
		c, _ := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(about))
		return c
	}
	m.server = seconds(httpconv.ServerRequestDuration{}.Name(), httpconv.ServerRequestDuration{}.Description(), httpBuckets)
	m.client = seconds(httpconv.ClientRequestDuration{}.Name(), httpconv.ClientRequestDuration{}.Description(), httpBuckets)
	m.operation = seconds(metricGenAIDuration, "GenAI operation duration.", genAIBuckets)
	m.firstChunk = seconds(metricGenAIFirstChunk, "Time to receive the first chunk of a streamed answer.", genAIBuckets)
	m.refusals = count(metricRefusals, "{call}", "Calls that no circuit and no gate let through.")
	m.gated = count(metricGated, "{refusal}", "Attempts that a gate, or a bound of what is in flight, did not let through.")
	m.retries = count(metricRetries, "{retry}", "Attempts at a target where the call had been before.")
	m.fallbacks = count(metricFallbacks, "{fallback}", "Attempts at another target than the first.")
	var err, err2 error
	m.tokens, err = meter.Int64Histogram(metricGenAITokens, metric.WithUnit("{token}"),
		metric.WithDescription("Number of input and output tokens used."), metric.WithExplicitBucketBoundaries(tokenBuckets...))
	m.state, err2 = meter.Int64ObservableUpDownCounter(metricState, metric.WithUnit("{circuit}"),
		metric.WithDescription("1 for the state that a circuit is in."))
	return m, errors.Join(err, err2)
}

// WatchCircuits has the states of circuits among the metrics, from now on.
func (o *OTel) WatchCircuits(circuits *breaker.Registry) error {
	if o == nil || o.metrics == nil {
		return nil
	}
	state := o.metrics.state
	_, err := o.metrics.meter.RegisterCallback(func(_ context.Context, to metric.Observer) error {
		for _, b := range circuits.All() {
			to.ObserveInt64(state, 1, metric.WithAttributes(recloserCircuit.String(b.Name()), recloserState.String(b.State().String())))
		}
		return nil
	}, state)
	return err
}

// served counts a request to the proxy.
func (m *otelMetrics) served(x *exchange, errorType string) {
	key := requestKey{x.method, x.scheme, x.route, errorType, x.status}
	m.server.Record(x.ctx.Context, time.Since(x.start).Seconds(), m.requests.get(key, newRequestSeries)...)
}

func newRequestSeries(k requestKey) []metric.RecordOption {
	attrs := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(k.method), semconv.URLScheme(k.scheme)}
	if k.route != "" {
		attrs = append(attrs, semconv.HTTPRoute(k.route))
	}
	return recordOptions(withOutcome(attrs, k.status, k.errorType))
}

// withOutcome adds how an exchange ended.
func withOutcome(attrs []attribute.KeyValue, status int, errorType string) []attribute.KeyValue {
	if status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(status))
	}
	if errorType != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(errorType))
	}
	return attrs
}

func recordOptions(attrs []attribute.KeyValue) []metric.RecordOption {
	return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}
}

// observe counts what happens to a call.
func (m *otelMetrics) observe(ctx context.Context, e *guard.Event) {
	switch e.Type {
	case guard.AttemptEnded:
		m.attempt(ctx, e)
	case guard.Gated:
		m.gated.Add(ctx, 1, m.circuits.get(e.Circuit, newCircuitSeries)...)
	case guard.CallEnded:
		if e.Refused {
			m.refusals.Add(ctx, 1, m.circuits.get(e.Circuit, newCircuitSeries)...)
		}
	case guard.AttemptBegun, guard.Retrying, guard.FallingBack:
	}
}

func newCircuitSeries(circuit string) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(recloserCircuit.String(circuit)))}
}

func (m *otelMetrics) attempt(ctx context.Context, e *guard.Event) {
	if e.Retries > 0 {
		m.retries.Add(ctx, 1, m.circuits.get(e.Circuit, newCircuitSeries)...)
	}
	if e.Fallbacks > 0 {
		m.fallbacks.Add(ctx, 1, m.circuits.get(e.Circuit, newCircuitSeries)...)
	}
	if e.Request == nil {
		return
	}
	s := m.seriesOf(e)
	m.client.Record(ctx, e.Duration.Seconds(), s.http...)
	if s.genAI == nil {
		return
	}
	m.operation.Record(ctx, e.Duration.Seconds(), s.genAI...)
	if e.Stream && e.Content > 0 {
		m.firstChunk.Record(ctx, e.Content.Seconds(), s.genAI...)
	}
	if e.InputTokens > 0 {
		m.tokens.Record(ctx, e.InputTokens, s.input...)
	}
	if e.OutputTokens > 0 {
		m.tokens.Record(ctx, e.OutputTokens, s.output...)
	}
}

// seriesOf finds the attributes of an attempt.
func (m *otelMetrics) seriesOf(e *guard.Event) *attemptSeries {
	key := attemptKey{
		circuit: e.Circuit, host: e.Request.URL.Host, method: methodOf(e.Request.Method),
		operation: operationOf(e.Request.Method, e.Request.URL.Path), errorType: errorTypeOf(e.Fault), status: e.Status,
	}
	return m.attempts.get(key, func(k attemptKey) *attemptSeries { return newAttemptSeries(k, e) })
}

// newAttemptSeries puts together the attributes of attempts such as that of e. The
// model is there if it is the circuit's: circuits are bounded, what clients call a
// model is not.
func newAttemptSeries(k attemptKey, e *guard.Event) *attemptSeries {
	u := e.Request.URL
	server := []attribute.KeyValue{semconv.ServerAddress(u.Hostname()), semconv.ServerPort(portOf(u))}
	s := &attemptSeries{http: recordOptions(withOutcome(append(server[:2:2], semconv.HTTPRequestMethodKey.String(k.method)), k.status, k.errorType))}
	if k.operation == "" {
		return s
	}
	genAI := append(server[:2:2], genAIOperation.String(k.operation), genAIProvider.String(providerOf(u.Hostname())))
	if e.Model != "" && strings.HasSuffix(e.Circuit, "/"+e.Model) {
		genAI = append(genAI, genAIModel.String(e.Model))
	}
	all := slices.Clip(genAI)
	s.genAI = recordOptions(withOutcome(all, 0, k.errorType))
	s.input = recordOptions(append(all, genAITokenType.String("input")))
	s.output = recordOptions(append(all, genAITokenType.String("output")))
	return s
}

// maxSeries bounds how many series are remembered. It is the bound that
// OpenTelemetry has for each instrument.
const maxSeries = 2000

// seriesOf remembers what was made for keys. Looking one up takes no lock, and
// nothing is allocated for it.
type seriesOf[K comparable, V any] struct{ known atomic.Pointer[map[K]V] }

// get returns the series of a key, which it makes if there is none.
func (s *seriesOf[K, V]) get(key K, make func(K) V) V {
	old := s.known.Load()
	if old != nil {
		if v, ok := (*old)[key]; ok {
			return v
		}
	}
	return s.learn(key, make(key))
}

// learn remembers a series, while there is room.
func (s *seriesOf[K, V]) learn(key K, v V) V {
	for {
		old := s.known.Load()
		grown := map[K]V{key: v}
		if old != nil {
			if len(*old) >= maxSeries {
				return v
			}
			grown = maps.Clone(*old)
			grown[key] = v
		}
		if s.known.CompareAndSwap(old, &grown) {
			return v
		}
	}
}
