package app

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/telemetry"
)

const (
	maxPendingLog = 1 << 20 // bytes; some 3,000 calls
	logFlushTime  = 2 * time.Second
)

// Log is the log of the process. Close it in the end.
type Log struct {
	*slog.Logger

	async *asyncLog
	level *slog.LevelVar
}

// SetLevel changes the least that is logged.
func (l *Log) SetLevel(level slog.Level) { l.level.Set(level) }

// OpenLog returns a log that is written to w, which may block. terminal tells
// what w is. Levels and format are those of cfg.
func OpenLog(w io.Writer, terminal bool, cfg *config.Serve) *Log {
	text := cfg.LogFormat == config.LogText || cfg.LogFormat == config.LogAuto && terminal
	level := &slog.LevelVar{}
	level.Set(cfg.LogLevel)
	direct := slog.New(newHandler(w, text, level))
	async := newAsyncLog(w, maxPendingLog, func(n int) {
		direct.Error("log lines were dropped: the log is read too slowly", "lines", n)
	})
	return &Log{Logger: slog.New(newHandler(async, text, level)), async: async, level: level}
}

// Close writes what waits; it gives up after two seconds.
func (l *Log) Close() error { return l.async.Close(logFlushTime) }

func newHandler(w io.Writer, text bool, level slog.Leveler) slog.Handler {
	opts := &slog.HandlerOptions{Level: level}
	if text {
		return telemetry.LogHandler(utc{slog.NewTextHandler(w, opts)})
	}
	return telemetry.LogHandler(utc{slog.NewJSONHandler(w, opts)})
}

// utc is a handler whose records have times in UTC, to the millisecond. It does
// not look at attributes: that would cost each call more than its line.
type utc struct{ slog.Handler }

func (h utc) Handle(ctx context.Context, r slog.Record) error {
	r.Time = instant(r.Time)
	return h.Handler.Handle(ctx, r)
}

func (h utc) WithAttrs(attrs []slog.Attr) slog.Handler { return utc{h.Handler.WithAttrs(attrs)} }

func (h utc) WithGroup(name string) slog.Handler { return utc{h.Handler.WithGroup(name)} }

// instant is a time as it is logged.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
