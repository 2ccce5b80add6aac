package app

import (
	"context"
	"log/slog"

	"github.com/recloser/recloser/breaker"
)

// logTransitions returns an observer that writes transitions to a log whose
// handler must not block, and tells next, if there is one.
//
// In a mode other than normal, each line says so.
func logTransitions(log *slog.Logger, next func(breaker.Transition)) func(breaker.Transition) {
	return func(tr breaker.Transition) {
		level := slog.LevelInfo
		attrs := []slog.Attr{
			slog.String("circuit", tr.Name),
			slog.String("from", tr.From.String()),
			slog.String("to", tr.To.String()),
			slog.String("reason", string(tr.Reason)),
		}
		if tr.Mode != breaker.Normal {
			attrs = append(attrs, slog.String("mode", tr.Mode.String()))
		}
		if tr.To == breaker.Open && tr.From != tr.To {
			level = slog.LevelWarn
			attrs = append(attrs,
				slog.Int("failures", tr.Failures),
				slog.String("why", tr.Why()),
				slog.Int("openings", tr.Openings),
				slog.Time("until", instant(tr.Until)))
		}
		log.LogAttrs(context.Background(), level, "transition", attrs...)
		if next != nil {
			next(tr)
		}
	}
}
