package telemetry

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// maxPath is how much of a path goes into a span.
const maxPath = 256

// exchangeKey finds the exchange in its request's context.
type exchangeKey struct{}

// exchangeContext is the context of a request, in which its exchange is found. As part
// of that it costs nothing of its own.
type exchangeContext struct {
	context.Context // with the exchange's span

	exchange *exchange
}

// Value returns the exchange, or what was there before.
func (c *exchangeContext) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return c.exchange
	}
	return c.Context.Value(key)
}

// exchange is a request that is being answered. To the handler it is the
// http.ResponseWriter, so that it sees the status.
type exchange struct {
	http.ResponseWriter

	otel   *OTel
	ctx    exchangeContext
	span   trace.Span // nil: no traces
	method string
	scheme string
	route  string
	start  time.Time
	status int  // 0: none was sent
	whole  bool // the handler has come to its end

	mu       sync.Mutex // guards what follows
	kind     string     // what the call meant, when it has ended; "": it has not
	attempts []openSpan // those that are out
}

// openSpan is that of an attempt that is out.
type openSpan struct {
	number int
	span   trace.Span
}

// Middleware returns h with a span for each request, in the trace that its
// traceparent tells of, and its time among the metrics.
func (o *OTel) Middleware(h http.Handler) http.Handler {
	if o == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{
			ResponseWriter: w, otel: o, method: methodOf(r.Method), scheme: "http", route: routeOf(r.URL.Path), start: time.Now(),
		}
		if r.TLS != nil {
			x.scheme = "https"
		}
		ctx := r.Context()
		if o.tracer != nil {
			ctx = x.begin(r)
		}
		x.ctx = exchangeContext{ctx, x}
		defer x.end()
		h.ServeHTTP(x, r.WithContext(&x.ctx))
		x.whole = true
	})
}

// begin starts the span of the request and returns a context with it.
func (x *exchange) begin(r *http.Request) context.Context {
	name := x.method
	if name == "_OTHER" {
		name = "HTTP"
	}
	if x.route != "" {
		name += " " + x.route
	}
	ctx := x.otel.propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, x.span = x.otel.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(x.start))
	if !x.span.IsRecording() {
		return ctx
	}
	x.span.SetAttributes(
		semconv.HTTPRequestMethodKey.String(x.method),
		semconv.URLScheme(x.scheme),
		semconv.URLPath(shortened(r.URL.EscapedPath())),
	)
	if x.route != "" {
		x.span.SetAttributes(semconv.HTTPRoute(x.route))
	}
	return ctx
}

// end is called when the handler returns or panics.
func (x *exchange) end() {
	errorType := x.errorType()
	if m := x.otel.metrics; m != nil {
		m.served(x, errorType)
	}
	if x.span == nil || !x.span.IsRecording() {
		return
	}
	if x.status != 0 {
		x.span.SetAttributes(semconv.HTTPResponseStatusCode(x.status))
	}
	if errorType != "" {
		x.span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
		x.span.SetStatus(codes.Error, "")
	}
	x.span.End()
}

// errorType is what went wrong with the answer, by the conventions for servers: a
// status from 500, or that it was broken off; then by what the call meant. "": nothing.
func (x *exchange) errorType() string {
	switch {
	case x.status >= http.StatusInternalServerError:
		return strconv.Itoa(x.status)
	case x.whole:
		return ""
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.kind == "" || x.kind == meantSuccess {
		return "aborted"
	}
	return x.kind
}

// WriteHeader notes the status.
func (x *exchange) WriteHeader(status int) {
	if status >= http.StatusOK {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write sends what it is given.
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	return x.ResponseWriter.Write(p)
}

// Hijack hands the connection over to another protocol.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(x.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("telemetry: %w", err)
	}
	x.status = http.StatusSwitchingProtocols
	return conn, buffered, nil
}

// Unwrap lets http.ResponseController find what the server's writer can do.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// shortened is a text that somebody else chose, as far as it goes into a span.
func shortened(s string) string {
	if len(s) > maxPath {
		return s[:maxPath]
	}
	return s
}

// addEvent adds an event to a span.
func addEvent(span trace.Span, name string, attrs []attribute.KeyValue) {
	span.AddEvent(name, trace.WithAttributes(attrs...))
}
