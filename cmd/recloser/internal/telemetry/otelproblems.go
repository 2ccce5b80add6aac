package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// problemPause is the time between two lines about problems.
const problemPause = time.Minute

// otelProblems logs what goes wrong: each thing that is wrong with the environment, and
// with exports something now and then.
type otelProblems struct {
	log *slog.Logger

	mu     sync.Mutex
	opened bool            // the environment has been read
	said   map[string]bool // before that: both signals meet with the same
	next   time.Time       // not before it
	unsaid int
}

func newOTelProblems(log *slog.Logger) *otelProblems {
	return &otelProblems{log: log, said: make(map[string]bool)}
}

// isOpen says that the environment has been read.
func (p *otelProblems) isOpen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened = true
}

// install makes it OpenTelemetry's own error handler and logger.
func (p *otelProblems) install() {
	otel.SetErrorHandler(p)
	otel.SetLogger(logr.FromSlogHandler(otelLog{p}))
}

// Handle is told of errors for which OpenTelemetry has no caller. While the environment
// is read they are about it, and end with values.
func (p *otelProblems) Handle(err error) {
	p.mu.Lock()
	opened := p.opened
	p.mu.Unlock()
	if opened {
		p.say("export", err)
		return
	}
	what, _, _ := strings.Cut(err.Error(), ":")
	p.unusable(what)
}

// unusable says that a variable is.
func (p *otelProblems) unusable(what string) {
	p.say("environment", errors.New(what+": an OTEL_ variable cannot be used"))
}

func (p *otelProblems) say(what string, err error) {
	problem := plainProblem(err)
	p.mu.Lock()
	now := time.Now()
	silent, unsaid := false, 0
	switch {
	case !p.opened:
		silent = p.said[what+problem]
		p.said[what+problem] = true
	case now.Before(p.next):
		silent = true
		p.unsaid++
	default:
		unsaid = p.unsaid
		p.next, p.unsaid = now.Add(problemPause), 0
	}
	p.mu.Unlock()
	if silent {
		return
	}
	p.log.LogAttrs(context.Background(), slog.LevelWarn, "opentelemetry", slog.String("of", what),
		slog.String("problem", problem), slog.Int("unsaid", unsaid))
}

// maxProblem is how much of an error is logged.
const maxProblem = 200

var address = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"]*`)

// plainProblem is an error's text without addresses, which may have tokens, and
// without what a collector has answered.
func plainProblem(err error) string {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	text, _, _ := strings.Cut(err.Error(), "body: ")
	text = strings.TrimRight(address.ReplaceAllString(text, "(address)"), " :(")
	if len(text) > maxProblem {
		text = text[:maxProblem] + "..."
	}
	return text
}

// otelLog is where OpenTelemetry logs. Of its errors, which are about variables that
// cannot be used, only the message is passed on: what goes with it are values, which
// may be keys.
type otelLog struct{ problems *otelProblems }

func (l otelLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

func (l otelLog) Handle(_ context.Context, r slog.Record) error {
	l.problems.unusable(r.Message)
	return nil
}

func (l otelLog) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l otelLog) WithGroup(string) slog.Handler { return l }

// spanExporter is an exporter whose exports can be broken off: the batch processor
// itself lets one that is on its way go on after its shutdown, for half a minute.
type spanExporter struct {
	sdktrace.SpanExporter

	ctx     context.Context
	abandon context.CancelFunc
}

func newSpanExporter(e sdktrace.SpanExporter) *spanExporter {
	ctx, cancel := context.WithCancel(context.Background())
	return &spanExporter{SpanExporter: e, ctx: ctx, abandon: cancel}
}

// ExportSpans exports spans, until it is abandoned.
func (e *spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.ctx, cancel)()
	return e.SpanExporter.ExportSpans(ctx, spans)
}
