package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/alert"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// alerts are the troubles of the process, and how people hear of them.
type alerts struct {
	engine *alert.Engine
	log    *slog.Logger

	stop context.CancelFunc
	done sync.WaitGroup
}

// openAlerts makes what finds troubles. It begins with what the history knows: what
// people were told already, and how many calls were answered.
func (a *App) openAlerts(ctx context.Context, cfg *config.Serve) {
	w := &alerts{log: a.log}
	w.engine = alert.New(alert.Config{
		Rules: alert.Rules(cfg.Alerts.Rules), Deliver: w.deliver, Record: a.recordAlert,
		Counts: a.counts, Components: a.components,
	})
	if h := a.history; h != nil {
		w.recall(ctx, h)
	}
	a.alerts = w
}

// recall takes in what the history knows. If that cannot be read, it says so itself.
func (w *alerts) recall(ctx context.Context, h *history.History) {
	now := time.Now()
	if events, err := h.Events(ctx, time.Unix(0, 0), now, report.AlertEvent); err == nil {
		w.engine.Restore(events)
	}
	hour := now.Truncate(time.Hour)
	for _, part := range []struct {
		from, to time.Time
		span     time.Duration
	}{{now.Add(-3 * 24 * time.Hour), hour, time.Hour}, {hour, now, time.Minute}} {
		if cells, err := h.Cells(ctx, part.from, part.to, part.span, ""); err == nil {
			w.engine.Seed(cells)
		}
	}
}

// start lets the engine look.
func (w *alerts) start(ctx context.Context) {
	ctx, w.stop = context.WithCancel(ctx)
	w.done.Go(func() { w.engine.Run(ctx) })
}

// close has the engine look once more.
func (w *alerts) close() {
	if w.stop != nil {
		w.stop()
		w.done.Wait()
	}
}

// deliver tells of a page.
func (w *alerts) deliver(p alert.Page) {
	level := slog.LevelWarn
	if p.State == alert.Resolved {
		level = slog.LevelInfo
	}
	w.log.LogAttrs(context.Background(), level, "alert", slog.String("key", p.Key), slog.String("rule", p.Rule),
		slog.String("severity", string(p.Severity)), slog.String("state", string(p.State)), slog.Time("since", instant(p.Since)),
		slog.String("title", p.Title), slog.String("why", p.Why))
}

// recordAlert writes down what people were told.
func (a *App) recordAlert(e report.Event) {
	if a.history != nil {
		a.history.Event(e)
	}
}

// components tell how the parts of the process are.
func (a *App) components() []alert.Component {
	if a.history == nil {
		return nil
	}
	s := a.history.Status()
	return []alert.Component{{Name: "history", OK: s.State == history.Good, Reason: s.Reason, Since: s.Since}}
}

// counts hands over what was counted at each circuit.
func (a *App) counts(yield func(string, alert.Counts)) {
	a.meter.Each(func(circuit string, attempts, calls report.Kinds, refused int64) {
		yield(circuit, alert.Counts{Attempts: attempts, Calls: calls, Refused: refused})
	})
}
