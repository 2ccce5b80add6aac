package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// OTelConfig is what OpenOTel needs besides the OTEL_ environment.
type OTelConfig struct {
	Version string
	// Log is told, once a minute at most, that an export failed. Its handler must not
	// block. Nil: nobody is.
	Log *slog.Logger
}

// OTel exports traces and metrics. Make it with OpenOTel. A nil one does nothing: its
// Middleware is none. It is safe for concurrent use.
type OTel struct {
	tracer     trace.Tracer // nil: no traces
	propagator propagation.TraceContext
	metrics    *otelMetrics // nil: no metrics

	traces   *sdktrace.TracerProvider
	exporter *spanExporter
	meters   *sdkmetric.MeterProvider
	stop     sync.Once
	stopped  error
}

// OpenOTel returns what the OTEL_ variables of the process ask for, which the
// exporters, the sampler and the processors read themselves; nil if that is nothing.
// A signal is on where its exporter is named (OTEL_TRACES_EXPORTER,
// OTEL_METRICS_EXPORTER) or an endpoint is given for it or for both
// (OTEL_EXPORTER_OTLP_ENDPOINT), unless its exporter is "none" or OTEL_SDK_DISABLED is
// true: a process that is only given a name, or a sampler, does not begin to look for
// a collector. What cannot be used is logged and left out, as the specification has
// it. Nothing is waited for: a collector may come later.
//
// The problems of OpenTelemetry's own parts have no other way out than its global
// error handler and logger, which write to standard error by default, header values
// of the environment included; so both are replaced, by the first one opened that
// has something to do.
func OpenOTel(ctx context.Context, cfg OTelConfig) *OTel {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	traces, metrics := signalOn("TRACES"), signalOn("METRICS")
	if !traces && !metrics {
		return nil
	}
	report := newOTelProblems(log)
	report.install()
	defer report.isOpen()
	o := &OTel{}
	about := resourceOf(ctx, cfg.Version, report)
	if traces {
		o.openTraces(ctx, about, report)
	}
	if metrics {
		o.openMetrics(ctx, about, report)
	}
	if o.tracer == nil && o.metrics == nil {
		return nil
	}
	log.LogAttrs(ctx, slog.LevelInfo, "opentelemetry", slog.Bool("traces", o.tracer != nil), slog.Bool("metrics", o.metrics != nil))
	return o
}

// signalOn reports whether the environment asks for traces or metrics.
func signalOn(signal string) bool {
	exporter := strings.TrimSpace(os.Getenv("OTEL_" + signal + "_EXPORTER"))
	switch {
	case strings.EqualFold(strings.TrimSpace(os.Getenv("OTEL_SDK_DISABLED")), "true"), exporter == "none":
		return false
	case exporter != "":
		return true
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
}

// resourceOf says what the process is: by default little, as the environment can say
// more. It tells nothing of the machine, its user and the command line.
func resourceOf(ctx context.Context, version string, report *otelProblems) *resource.Resource {
	about, err := resource.New(ctx,
		resource.WithService(), // for its instance id; of each name the last one counts
		resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName("recloser"), semconv.ServiceVersion(version)),
		resource.WithFromEnv(),
	)
	if err != nil { // about has the rest
		report.say("environment", errors.New("OTEL_RESOURCE_ATTRIBUTES cannot be read as a whole"))
	}
	return about
}

func (o *OTel) openTraces(ctx context.Context, about *resource.Resource, report *otelProblems) {
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		report.say("traces exporter", err)
		return
	}
	o.exporter = newSpanExporter(exporter)
	o.traces = sdktrace.NewTracerProvider(sdktrace.WithBatcher(o.exporter), sdktrace.WithResource(about))
	o.tracer = o.traces.Tracer(scope)
}

func (o *OTel) openMetrics(ctx context.Context, about *resource.Resource, report *otelProblems) {
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		report.say("metrics exporter", err)
		return
	}
	options := []sdkmetric.Option{sdkmetric.WithReader(reader), sdkmetric.WithResource(about)}
	if o.tracer == nil { // no trace could be an example, and looking for one costs something
		options = append(options, sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter))
	}
	o.meters = sdkmetric.NewMeterProvider(options...)
	if o.metrics, err = newOTelMetrics(o.meters.Meter(scope)); err != nil {
		report.say("metrics", err)
	}
}

// Traces reports whether there are any.
func (o *OTel) Traces() bool { return o != nil && o.tracer != nil }

// Shutdown exports what is left, and ends all goroutines, when ctx ends at the
// latest. It may be called again.
func (o *OTel) Shutdown(ctx context.Context) error {
	if o == nil {
		return nil
	}
	o.stop.Do(func() {
		var both sync.WaitGroup
		var traces, metrics error
		if o.traces != nil {
			both.Go(func() {
				traces = o.traces.Shutdown(ctx)
				o.exporter.abandon()
			})
		}
		if o.meters != nil {
			both.Go(func() { metrics = o.meters.Shutdown(ctx) })
		}
		both.Wait()
		o.stopped = errors.Join(traces, metrics)
	})
	return o.stopped
}
