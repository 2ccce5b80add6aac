package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

// A collector that is down, that answers with errors or not at all costs requests
// nothing. The log says so, once in a while and without its address; and at the end
// nothing is left behind.
func TestCollectorInTrouble(t *testing.T) {
	for _, trouble := range []string{"down", "errors", "silent"} {
		t.Run(trouble, func(t *testing.T) {
			c := startCollector(t)
			t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "20")
			t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "50")
			t.Setenv("OTEL_BSP_EXPORT_TIMEOUT", "50")
			t.Setenv("OTEL_METRIC_EXPORT_TIMEOUT", "50")
			switch trouble {
			case "down":
				c.Close()
			case "errors":
				c.status.Store(http.StatusBadRequest)
			case "silent":
				c.hang = make(chan struct{})
				defer close(c.hang)
			}
			r := newOTelRig(t, func(w http.ResponseWriter, _ *http.Request) { answerWith(w) })
			for range 20 {
				if status, body, err := r.post(t, chat+"}"); status != 200 || body != completion || err != nil {
					t.Fatal(status, body, err)
				}
			}
			eventually(t, "a line in the log", func() bool { return strings.Contains(r.logged(), "problem=") })
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_ = r.Shutdown(ctx)
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("the end took %v", took)
			}
			log := r.logged()
			if n := strings.Count(log, "problem="); n != 1 || strings.Contains(log, "127.0.0.1") && trouble != "down" || strings.Contains(log, "own words") || strings.Contains(log, "://") {
				t.Errorf("%d lines:\n%s", n, log)
			}
			nothingLeft(t)
		})
	}
}

// An export that is on its way is broken off at the end.
func TestEndOfAnExportOnItsWay(t *testing.T) {
	c := startCollector(t)
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_METRIC_EXPORT_TIMEOUT"} {
		t.Setenv(name, "60000")
	}
	c.hang = make(chan struct{})
	defer close(c.hang)
	r := newOTelRig(t, func(w http.ResponseWriter, _ *http.Request) { answerWith(w) })
	_, _, _ = r.post(t, chat+"}")
	eventually(t, "an export", func() bool { return c.asked.Load() > 0 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it ended with %v", err)
	}
	nothingLeft(t)
}

// nothingLeft demands that no goroutine of OpenTelemetry is left.
func nothingLeft(t *testing.T) {
	t.Helper()
	var stacks strings.Builder
	eventually(t, "the end of all goroutines of OpenTelemetry", func() bool {
		stacks.Reset()
		_ = pprof.Lookup("goroutine").WriteTo(&stacks, 2)
		return !strings.Contains(stacks.String(), "go.opentelemetry.io/otel/sdk")
	})
}

// An exporter that there is not is left out, and the log says so.
func TestUnknownExporter(t *testing.T) {
	startCollector(t)
	t.Setenv("OTEL_TRACES_EXPORTER", "pigeons")
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	r := newOTelRig(t, func(w http.ResponseWriter, _ *http.Request) { answerWith(w) })
	if status, _, _ := r.post(t, chat+"}"); status != 200 || r.OTel != nil || !strings.Contains(r.logged(), "unknown exporter") {
		t.Errorf("%d, %v, %s", status, r.OTel, r.logged())
	}
}

// What OpenTelemetry says of variables that it cannot use has their values, which may
// be keys.
func TestProblemsKeepSecrets(t *testing.T) {
	startCollector(t)
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS": "authorization:" + secretKey, "OTEL_RESOURCE_ATTRIBUTES": "odd " + secretKey,
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			r := newOTelRig(t, func(w http.ResponseWriter, _ *http.Request) { answerWith(w) })
			if log := r.logged(); !strings.Contains(log, "of=environment problem=") || strings.Contains(log, secretKey) {
				t.Errorf("%s", log)
			}
		})
	}
}

func TestPlainProblem(t *testing.T) {
	const at = "https://u:p@collector/v1/traces?token=t"
	for want, err := range map[string]error{
		"connection refused":                            &url.Error{Op: "Post", URL: at, Err: errors.New("connection refused")},
		"failed to send to (address) 401 Unauthorized":  fmt.Errorf("failed to send to %s: 401 Unauthorized (%w)", at, errors.New("body: you are u:p")),
		"rejected: " + strings.Repeat("x", 190) + "...": errors.New("rejected: " + strings.Repeat("x", 500)),
	} {
		if got := plainProblem(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The lines about problems are a minute apart, and tell how many there were between.
func TestProblemsAreToldNowAndThen(t *testing.T) {
	var log strings.Builder
	p := newOTelProblems(slog.New(slog.NewTextHandler(&log, nil)))
	p.isOpen()
	for range 3 {
		p.Handle(errors.New("no"))
	}
	p.next = time.Now()
	p.Handle(errors.New("still not"))
	if strings.Count(log.String(), "\n") != 2 || !strings.Contains(log.String(), "unsaid=2") {
		t.Errorf("%s", log.String())
	}
}

// What is wrong with the environment is told at once, all of it, and none of its values.
func TestAllThatIsWrongWithTheEnvironment(t *testing.T) {
	startCollector(t)
	t.Setenv("OTEL_METRICS_EXPORTER", "statsd")
	for _, name := range []string{"OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER", "OTEL_BSP_SCHEDULE_DELAY"} {
		t.Setenv(name, "hunter2")
	}
	var log strings.Builder
	o := OpenOTel(t.Context(), OTelConfig{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if o == nil {
		t.Fatal("there are no traces")
	}
	defer func() { _ = o.Shutdown(t.Context()) }()
	for _, want := range []string{"OTEL_RESOURCE_ATTRIBUTES", "sampler: an OTEL_ variable", `of="metrics exporter"`} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("%q is not in:\n%s", want, &log)
		}
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Error(log.String())
	}
}
