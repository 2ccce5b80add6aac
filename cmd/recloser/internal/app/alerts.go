package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/alert"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// AlertTargets returns where alerts go. The error names the setting, and no secret.
func AlertTargets(cfg *config.Serve) ([]*alert.Target, error) {
	var all []*alert.Target
	for i, to := range cfg.Alerts.To {
		t, err := alert.ParseTarget(to.URL)
		if err != nil {
			return nil, fmt.Errorf("%s, entry %d: %w", cfg.Settings.Get("alerts").Origin, i+1, err)
		}
		if to.Critical {
			t = t.OnlyCritical()
		}
		all = append(all, t)
	}
	return all, nil
}

// alerts are the troubles of the process, and how people hear of them.
type alerts struct {
	engine *alert.Engine
	log    *slog.Logger
	link   string // to the dashboard, where the configuration has none

	stop context.CancelFunc // of the engine
	done sync.WaitGroup

	mu       sync.Mutex
	delivery *alert.Delivery
	to       string // the text of the setting that it is made of
}

// openAlerts makes what finds troubles. It begins with what the history knows: what
// people were told already, and how many calls were answered.
func (a *App) openAlerts(ctx context.Context, cfg *config.Serve) error {
	w := &alerts{log: a.log}
	w.engine = alert.New(alert.Config{
		Deliver: func(alert.Page) bool { return false }, Record: a.recordAlert, Counts: a.counts, Components: a.components,
	})
	a.alerts = w
	targets, err := AlertTargets(cfg)
	if err != nil {
		return err
	}
	w.configure(cfg, targets)
	if h := a.history; h != nil {
		w.recall(ctx, h)
	}
	return nil
}

// configure makes rules and targets those of a configuration.
func (w *alerts) configure(cfg *config.Serve, targets []*alert.Target) {
	rules := alert.Rules(cfg.Alerts.Rules)
	if rules.Link == "" {
		rules.Link = w.link
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if to := cfg.Settings.Get("alerts").Text; w.delivery == nil || to != w.to {
		old := w.delivery
		w.delivery = alert.NewDelivery(targets, alert.DeliveryConfig{Log: w.log, Firing: w.engine.Firing})
		w.to = to
		if old != nil {
			w.handOver(old)
		}
	}
	w.engine.SetRules(rules, w.tell)
}

// recall takes in what the history knows. If that cannot be read, it says so itself.
func (w *alerts) recall(ctx context.Context, h *history.History) {
	now := time.Now()
	if events, err := h.Events(ctx, time.Unix(0, 0), now, report.AlertEvent, report.TakenEvent); err == nil {
		w.engine.Restore(events)
	}
	hour := now.Truncate(time.Hour).Add(-time.Hour)
	for _, part := range []struct {
		from, to time.Time
		span     time.Duration
	}{{now.Add(-3 * 24 * time.Hour), hour, time.Hour}, {hour, now, time.Minute}} {
		if cells, err := h.Cells(ctx, part.from, part.to, part.span, ""); err == nil {
			w.engine.Seed(cells)
		}
	}
}

// startAlerts lets the engine look. Where the dashboard is, is known by now.
func (a *App) startAlerts(cfg *config.Serve) error {
	w := a.alerts
	if addr := a.AdminAddr(); addr != nil {
		w.link = "http://" + addr.String()
	}
	targets, err := AlertTargets(cfg)
	if err != nil {
		return err
	}
	w.configure(cfg, targets)
	ctx, stop := context.WithCancel(a.base)
	w.stop = stop
	w.done.Go(func() { w.engine.Run(ctx) })
	return nil
}

// close has the engine look once more, and sends what waits.
func (w *alerts) close() {
	if w.stop != nil {
		w.stop()
	}
	w.done.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.delivery != nil {
		w.finish(w.delivery)
	}
}

// deliveryTime is how long alerts that wait may take to be sent when all shall end.
const deliveryTime = 5 * time.Second

func (w *alerts) finish(d *alert.Delivery) {
	ctx, cancel := context.WithTimeout(context.Background(), deliveryTime)
	defer cancel()
	if err := d.Close(ctx); err != nil {
		w.log.Warn("alerts are lost", "problem", err.Error())
	}
}

// handOverTime is how long a reload waits for what is being sent.
const handOverTime = time.Second

// handOver leaves what waits to the new targets.
func (w *alerts) handOver(old *alert.Delivery) {
	ctx, cancel := context.WithTimeout(context.Background(), handOverTime)
	defer cancel()
	if err := old.HandOver(ctx, w.delivery); err != nil {
		w.log.Warn("alerts are lost", "problem", err.Error())
	}
}

// tell logs a page and has it delivered, to the targets of now: those of a configuration
// that is being replaced take none any more. It reports whether one shall have it.
func (w *alerts) tell(p alert.Page) bool {
	level := slog.LevelWarn
	if p.State == alert.Resolved {
		level = slog.LevelInfo
	}
	w.log.LogAttrs(context.Background(), level, "alert", slog.String("key", p.Key), slog.String("rule", p.Rule),
		slog.String("severity", string(p.Severity)), slog.String("state", string(p.State)), slog.Time("since", instant(p.Since)),
		slog.String("title", p.Title), slog.String("why", p.Why))
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.delivery.Deliver(p)
}

func (w *alerts) status() []alert.TargetStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.delivery.Status()
}

// recordAlert writes down what people were told, and that it was taken. The pages show
// only the former.
func (a *App) recordAlert(e report.Event) {
	if a.history != nil {
		a.history.Event(e)
	}
	if a.live != nil && e.Kind == report.AlertEvent {
		a.live.Alert(e)
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
