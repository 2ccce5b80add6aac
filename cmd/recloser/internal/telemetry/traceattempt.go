package telemetry

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

const (
	meantSuccess = "success"
	meantRefused = "refused" // nothing went wrong with it, so fault has no name for it
)

// Observe is a guard.Config.Observe. An attempt of a request that Middleware has
// seen is a span beneath that request's, whose context goes out with it; what is
// decided between attempts is events of the request's span.
func (o *OTel) Observe(ctx context.Context, e guard.Event) {
	if o == nil {
		return
	}
	if o.metrics != nil {
		o.metrics.observe(ctx, &e)
	}
	if o.tracer == nil && e.Type != guard.CallEnded {
		return // no span to be part of, and its request is far up its context
	}
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		x.observe(&e)
	}
}

func (x *exchange) observe(e *guard.Event) {
	if e.Type == guard.CallEnded {
		x.mu.Lock()
		x.kind = meaningOf(e)
		x.mu.Unlock()
	}
	if x.span == nil {
		return
	}
	recording := x.span.IsRecording()
	switch e.Type {
	case guard.AttemptEnded: // perhaps when its request's span has ended
		x.attemptEnded(e)
		return
	case guard.AttemptBegun:
		if recording {
			x.attemptBegun(e)
		} else {
			x.otel.inject(x.ctx.Context, e)
		}
		return
	default:
	}
	if recording {
		x.between(e)
	}
}

// between notes what is decided between attempts, and at the end.
func (x *exchange) between(e *guard.Event) {
	switch e.Type {
	case guard.Retrying:
		addEvent(x.span, eventRetry, append(whereabouts(e), recloserKind.String(meaningOf(e)), recloserWait.Float64(e.Wait.Seconds())))
	case guard.FallingBack:
		addEvent(x.span, eventFallback, append(whereabouts(e), recloserKind.String(meaningOf(e)), recloserNext.String(e.To)))
	case guard.Gated:
		addEvent(x.span, eventGate, append(whereabouts(e), recloserKind.String(meaningOf(e)), recloserWait.Float64(e.Wait.Seconds())))
	case guard.CallEnded:
		x.callEnded(e)
	case guard.AttemptBegun, guard.AttemptEnded:
	}
}

// whereabouts is what an event between attempts is about.
func whereabouts(e *guard.Event) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 6)
	attrs = append(attrs, recloserCircuit.String(e.Circuit))
	if e.Target != "" {
		attrs = append(attrs, recloserTarget.String(e.Target))
	}
	if e.Attempt > 0 {
		attrs = append(attrs, recloserAttempt.Int(e.Attempt))
	}
	return attrs
}

// meaningOf is what an event meant.
func meaningOf(e *guard.Event) string {
	if e.Refused {
		return meantRefused
	}
	return e.Kind.String()
}

func (x *exchange) callEnded(e *guard.Event) {
	if e.Refused {
		attrs := []attribute.KeyValue{recloserCircuit.String(e.Circuit)}
		if e.Fault != nil { // of a gate or a bound; a circuit's has none
			attrs = append(attrs, recloserKind.String(e.Kind.String()))
		}
		addEvent(x.span, eventRefused, attrs)
	}
	x.span.SetAttributes(recloserKind.String(meaningOf(e)), recloserAttempts.Int(e.Attempt))
	if e.Circuit != "" {
		x.span.SetAttributes(recloserCircuit.String(e.Circuit))
	}
	if e.Target != "" {
		x.span.SetAttributes(recloserTarget.String(e.Target))
	}
}

func (x *exchange) attemptBegun(e *guard.Event) {
	operation := operationOf(e.Request.Method, e.Request.URL.Path)
	ctx, span := x.otel.tracer.Start(x.ctx.Context, spanName(operation, e),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attemptAttributes(operation, e)...))
	x.otel.inject(ctx, e)
	x.mu.Lock()
	x.attempts = append(x.attempts, openSpan{e.Attempt, span})
	x.mu.Unlock()
}

// spanName is the operation and the model, or the method.
func spanName(operation string, e *guard.Event) string {
	switch {
	case operation == "":
		return methodOf(e.Request.Method)
	case e.Model == "":
		return operation
	}
	return operation + " " + e.Model
}

func attemptAttributes(operation string, e *guard.Event) []attribute.KeyValue {
	u := e.Request.URL
	attrs := make([]attribute.KeyValue, 0, 20)
	attrs = append(attrs,
		semconv.HTTPRequestMethodKey.String(methodOf(e.Request.Method)),
		semconv.URLFull(u.Scheme+"://"+u.Host+shortened(u.EscapedPath())), // no query: it may have keys
		semconv.ServerAddress(u.Hostname()), semconv.ServerPort(portOf(u)),
		recloserCircuit.String(e.Circuit), recloserAttempt.Int(e.Attempt))
	if operation != "" {
		attrs = append(attrs, genAIOperation.String(operation), genAIProvider.String(providerOf(u.Hostname())))
		if e.Model != "" {
			attrs = append(attrs, genAIModel.String(e.Model))
		}
		if e.Stream {
			attrs = append(attrs, genAIStream.Bool(true))
		}
	}
	if e.Retries > 0 {
		attrs = append(attrs, semconv.HTTPRequestResendCount(e.Attempt-1))
	}
	if e.Target != "" {
		attrs = append(attrs, recloserTarget.String(e.Target))
	}
	if e.Probe {
		attrs = append(attrs, recloserProbe.Bool(true))
	}
	return attrs
}

// attemptEnded ends the attempt's span, if it has one.
func (x *exchange) attemptEnded(e *guard.Event) {
	span := x.take(e.Attempt)
	if span == nil {
		return
	}
	attrs := make([]attribute.KeyValue, 0, 8)
	attrs = append(attrs, recloserKind.String(meaningOf(e)))
	if e.Status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(e.Status))
	}
	if id := e.RequestID; printable(id) {
		attrs = append(attrs, headerRequestID.StringSlice([]string{id}))
	}
	if e.Stream && e.Content > 0 {
		attrs = append(attrs, genAIFirstChunk.Float64(e.Content.Seconds()))
	}
	if e.InputTokens > 0 {
		attrs = append(attrs, genAIInputTokens.Int64(e.InputTokens))
	}
	if e.OutputTokens > 0 {
		attrs = append(attrs, genAIOutputTokens.Int64(e.OutputTokens))
	}
	if errorType := errorTypeOf(e.Fault); errorType != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(errorType))
		span.SetStatus(codes.Error, "") // without words: a service's may quote the prompt, or the key
	}
	span.SetAttributes(attrs...)
	span.End()
}

// take returns the span of an attempt that is out, once.
func (x *exchange) take(number int) trace.Span {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, a := range x.attempts {
		if a.number == number {
			x.attempts = append(x.attempts[:i], x.attempts[i+1:]...)
			return a.span
		}
	}
	return nil
}

// errorTypeOf is what went wrong, in a word of a small vocabulary: a status, a code
// of ours where no answer came, else the kind. The codes that services make up are
// too many.
func errorTypeOf(f *fault.Error) string {
	switch {
	case f == nil:
		return ""
	case f.Status >= http.StatusBadRequest:
		return strconv.Itoa(f.Status)
	case f.Status == 0:
		return cmp.Or(f.Code, f.Kind.String())
	}
	return f.Kind.String()
}

// portOf is the port of an address, or that of its scheme.
func portOf(u *url.URL) int {
	if port, err := strconv.Atoi(u.Port()); err == nil {
		return port
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}

// maxID is the longest id of a service that goes into a span.
const maxID = 128

// printable reports whether a service's id looks like one.
func printable(id string) bool {
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return id != "" && len(id) <= maxID
}
