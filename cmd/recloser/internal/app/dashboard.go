package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/dashboard"
	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// watch makes what counts for the dashboard, if there is an admin listener. It begins
// with what the history knows of the last hour.
func (a *App) watch(ctx context.Context, cfg *config.Serve) {
	if cfg.Admin == "" {
		return
	}
	a.live = dashboard.NewLive(nil)
	if a.history == nil {
		return
	}
	now := time.Now()
	cells, err := a.history.Cells(ctx, now.Add(-time.Hour), now, time.Minute, "")
	events, err2 := a.history.Events(ctx, now.Add(-time.Hour), now, report.CircuitEvent)
	if err != nil || err2 != nil {
		return // the history says itself what is wrong with it
	}
	a.live.Seed(cells, events)
}

// openDashboard makes the pages of the admin listener.
func (a *App) openDashboard(cfg *config.Serve) error {
	if a.live == nil {
		return nil
	}
	c := dashboard.Config{Live: a.live, Guard: a.guard, Log: a.log, Version: a.opts.Version}
	if h := a.history; h != nil {
		c.Past, c.Record, c.Health = h, h.Event, func() dashboard.Health { return healthOf(h.Status()) }
	}
	c.Alerts = a.alerts
	if cfg.DashboardDir != "" {
		root, err := os.OpenRoot(cfg.DashboardDir)
		if err != nil {
			return fmt.Errorf("%s: %w", cfg.Settings.Get("dashboard-dir").Origin, err)
		}
		a.web, c.Web = root, root.FS()
	}
	a.dashboard = dashboard.New(c)
	return nil
}

func healthOf(s history.Status) dashboard.Health {
	return dashboard.Health{State: string(s.State), Reason: s.Reason, Since: s.Since}
}

// adminConfig is that of the front door.
func (a *App) adminConfig(cfg *config.Serve) gateway.AdminConfig {
	c := gateway.AdminConfig{Token: cfg.AdminToken, Ready: a.ready, Trouble: a.trouble, Log: a.log}
	if a.dashboard != nil {
		c.Pages, c.LoginPage = a.withMetrics(a.dashboard), a.dashboard.LoginPage
	}
	return c
}

// streamTime is how long event streams may take to end.
const streamTime = time.Second

// closeDashboard ends the event streams, before the listener breaks them off.
func (a *App) closeDashboard() {
	if a.dashboard != nil {
		ctx, cancel := context.WithTimeout(context.Background(), streamTime)
		defer cancel()
		a.dashboard.Close(ctx)
	}
	if a.web != nil {
		_ = a.web.Close()
	}
}
