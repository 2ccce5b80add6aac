package app

import (
	"context"
	"log/slog"
	"math"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/gate"
)

// logTransitions returns an observer that writes transitions to a log whose
// handler must not block. In a mode other than normal, each line says so.
func logTransitions(log *slog.Logger) func(breaker.Transition) {
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
	}
}

// logGates returns an observer that writes what gates do to a log whose handler
// must not block. That a key is parked is a warning: somebody has to pay, or to
// give it another.
func logGates(log *slog.Logger) func(gate.Transition) {
	return func(tr gate.Transition) {
		level := slog.LevelInfo
		if tr.To == gate.Parked {
			level = slog.LevelWarn
		}
		attrs := []slog.Attr{
			slog.String("key", tr.Label), slog.String("model", tr.Model),
			slog.String("from", tr.From.String()), slog.String("to", tr.To.String()), slog.String("reason", string(tr.Reason)),
		}
		if !tr.Until.IsZero() {
			attrs = append(attrs, slog.Time("until", instant(tr.Until)))
		}
		if tr.To == gate.Limited {
			attrs = append(attrs, slog.Float64("calls_per_second", math.Round(tr.Rate*100)/100))
		}
		log.LogAttrs(context.Background(), level, "gate", attrs...)
	}
}
