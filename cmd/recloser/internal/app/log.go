package app

import (
	"io"
	"log/slog"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

const (
	maxPendingLog = 1 << 20 // bytes; some 3,000 calls
	logFlushTime  = 2 * time.Second
)

// Log is the log of the process. Close it in the end.
type Log struct {
	*slog.Logger

	async *asyncLog
}

// OpenLog returns a log that is written to w, which may block. terminal tells
// what w is. Levels and format are those of cfg.
func OpenLog(w io.Writer, terminal bool, cfg *config.Serve) *Log {
	text := cfg.LogFormat == config.LogText || cfg.LogFormat == config.LogAuto && terminal
	direct := slog.New(newHandler(w, text, cfg.LogLevel))
	async := newAsyncLog(w, maxPendingLog, func(n int) {
		direct.Error("log lines were dropped: the log is read too slowly", "lines", n)
	})
	return &Log{Logger: slog.New(newHandler(async, text, cfg.LogLevel)), async: async}
}

// Close writes what waits; it gives up after two seconds.
func (l *Log) Close() error { return l.async.Close(logFlushTime) }

func newHandler(w io.Writer, text bool, level slog.Level) slog.Handler {
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: utc}
	if text {
		return slog.NewTextHandler(w, opts)
	}
	return slog.NewJSONHandler(w, opts)
}

const timeLayout = "2006-01-02T15:04:05.000Z"

// utc writes times as RFC 3339, in UTC, with milliseconds.
func utc(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindTime {
		a.Value = slog.StringValue(a.Value.Time().UTC().Format(timeLayout))
	}
	return a
}
