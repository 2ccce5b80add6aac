package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/alert"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/dashboard"
	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/cmd/recloser/internal/telemetry"
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
		Deliver: func(alert.Page) {}, Record: a.recordAlert, Counts: a.counts, Components: a.components,
	})
	a.alerts = w
	if err := w.configure(cfg); err != nil {
		return err
	}
	if h := a.history; h != nil {
		w.recall(ctx, h)
	}
	return nil
}

// configure makes rules and targets those of a configuration. Only wrong targets are an
// error, and then nothing has changed.
func (w *alerts) configure(cfg *config.Serve) error {
	targets, err := AlertTargets(cfg)
	if err != nil {
		return err
	}
	rules := alert.Rules(cfg.Alerts.Rules)
	if rules.Link == "" {
		rules.Link = w.link
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if to := cfg.Settings.Get("alerts").Text; w.delivery == nil || to != w.to {
		if old := w.delivery; old != nil {
			w.done.Go(func() { w.finish(old) })
		}
		w.delivery = alert.NewDelivery(targets, alert.DeliveryConfig{Log: w.log, Firing: w.engine.Firing})
		w.to = to
	}
	w.engine.SetRules(rules, w.tell(w.delivery))
	return nil
}

// linkTo says where the dashboard is, where the configuration does not.
func (w *alerts) linkTo(address string, cfg *config.Serve) error {
	w.link = "http://" + address
	return w.configure(cfg)
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

// tell returns what logs a page and has it delivered.
func (w *alerts) tell(d *alert.Delivery) func(alert.Page) {
	return func(p alert.Page) {
		level := slog.LevelWarn
		if p.State == alert.Resolved {
			level = slog.LevelInfo
		}
		w.log.LogAttrs(context.Background(), level, "alert", slog.String("key", p.Key), slog.String("rule", p.Rule),
			slog.String("severity", string(p.Severity)), slog.String("state", string(p.State)), slog.Time("since", instant(p.Since)),
			slog.String("title", p.Title), slog.String("why", p.Why))
		d.Deliver(p)
	}
}

func (w *alerts) status() []alert.TargetStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.delivery.Status()
}

// recordAlert writes down what people were told.
func (a *App) recordAlert(e report.Event) {
	if a.history != nil {
		a.history.Event(e)
	}
	if a.live != nil {
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

// Alerts are those that the dashboard shows.
func (w *alerts) Alerts() []dashboard.Alert {
	var all []dashboard.Alert
	for _, one := range w.engine.Alerts() {
		all = append(all, dashboard.Alert{
			Key: one.Key, Rule: one.Rule, Subject: one.Subject, Circuit: one.Circuit, Severity: string(one.Severity),
			Since: one.Since, Last: one.Last, Muted: one.Muted, Calm: one.Calm, Told: one.Told != "", Pages: one.Number,
			Title: one.Title, What: one.What, Why: one.Why, Users: one.Users, Next: one.Next,
		})
	}
	return all
}

// Targets are where alerts go, for the dashboard.
func (w *alerts) Targets() []dashboard.AlertTarget {
	var all []dashboard.AlertTarget
	for _, s := range w.status() {
		t := dashboard.AlertTarget{Name: s.Name, Critical: s.Critical, Sent: s.Sent, Failed: s.Failed, Dropped: s.Dropped, Waiting: s.Waiting}
		if t.Since = s.FailingSince; !t.Since.IsZero() {
			t.Error = s.LastError
		}
		all = append(all, t)
	}
	return all
}

// Mute is the operator's.
func (w *alerts) Mute(key string, until time.Time, actor string) error {
	return w.engine.Mute(key, until, actor)
}

// firing counts the alerts for the metrics.
func (w *alerts) firing() []telemetry.AlertCount {
	counts := make(map[telemetry.AlertCount]int)
	for _, one := range w.engine.Alerts() {
		counts[telemetry.AlertCount{Name: one.Rule, Severity: string(one.Severity)}]++
	}
	var all []telemetry.AlertCount
	for c, n := range counts {
		c.Firing = n
		all = append(all, c)
	}
	return all
}

// notifications count what became of them, for the metrics.
func (w *alerts) notifications() []telemetry.NotificationCount {
	var all []telemetry.NotificationCount
	for _, s := range w.status() {
		all = append(all, telemetry.NotificationCount{Target: s.Name, Sent: s.Sent, Failed: s.Failed, Dropped: s.Dropped})
	}
	return all
}
