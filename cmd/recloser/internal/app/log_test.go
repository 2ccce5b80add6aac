package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

func TestLogFormat(t *testing.T) {
	tests := []struct {
		format   config.LogFormat
		terminal bool
		json     bool
	}{
		{config.LogAuto, true, false},
		{config.LogAuto, false, true},
		{config.LogText, false, false},
		{config.LogJSON, true, true},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		log := OpenLog(&out, tt.terminal, &config.Serve{LogFormat: tt.format})
		log = &Log{Logger: slog.New(log.Handler().WithGroup("g").WithAttrs([]slog.Attr{slog.Int("n", 1)})), async: log.async}
		at := time.Unix(0, 5_000_001).In(time.FixedZone("elsewhere", 3600))
		_ = log.Handler().Handle(t.Context(), slog.NewRecord(at, slog.LevelInfo, "hello", 0))
		log.Debug("not this")
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		line := out.String()
		if json := strings.HasPrefix(line, "{"); json != tt.json || strings.Count(line, "\n") != 1 {
			t.Errorf("%+v: %s", tt, line)
		}
		if !strings.Contains(line, "1970-01-01T00:00:00.005Z") {
			t.Errorf("the time is not UTC with milliseconds: %s", line)
		}
	}
}

func TestDroppedLinesAreLogged(t *testing.T) {
	to := newStuck()
	log := OpenLog(to, true, &config.Serve{})
	long := strings.Repeat("x", 10_000)
	for range 500 { // twice what a batch on its way and the next one hold
		log.Info("long", "text", long)
	}
	close(to.release)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(to.String(), `level=ERROR msg="log lines were dropped: the log is read too slowly" lines=`) {
		t.Error("nobody says that lines were dropped")
	}
}

func TestTransitionsAreLogged(t *testing.T) {
	var out bytes.Buffer
	log := OpenLog(&out, true, &config.Serve{})
	var told []breaker.State
	observe := all(logTransitions(log.Logger), nil, func(tr breaker.Transition) { told = append(told, tr.To) })
	observe(breaker.Transition{
		Name: "api.openai.com/gpt-4o", From: breaker.Closed, To: breaker.Open, Reason: breaker.ConsecutiveFailures,
		Evidence: breaker.Evidence{Failures: 5, Causes: "3 × 503, 2 × timeout"}, Openings: 1, Until: time.Unix(1, 0),
	})
	observe(breaker.Transition{Name: "api.openai.com/gpt-4o", From: breaker.Open, To: breaker.HalfOpen, Reason: breaker.ProbeDue})
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`level=WARN msg=transition circuit=api.openai.com/gpt-4o from=closed to=open reason="consecutive failures" failures=5 why="5 consecutive failures (3 × 503, 2 × timeout)" openings=1 until=1970-01-01T00:00:01.000Z` + "\n",
		`level=INFO msg=transition circuit=api.openai.com/gpt-4o from=open to=half-open reason="open period over"` + "\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("not in the log: %sbut: %s", want, out.String())
		}
	}
	if len(told) != 2 || told[0] != breaker.Open {
		t.Errorf("told %v", told)
	}
}
