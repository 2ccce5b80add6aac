package app

import (
	"net/http"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/telemetry"
)

// metricsPath is where Prometheus looks by default.
const metricsPath = "/metrics"

// measure makes what counts, for the metrics and for alerts.
func (a *App) measure(cfg *config.Serve) {
	c := telemetry.MeterConfig{
		MaxCircuits:      2*cfg.Guard.MaxCircuits + 2, // models and upstreams, each with an overflow
		NativeHistograms: cfg.NativeHistograms,
	}
	if a.otel.Traces() { // else each call would look twice for what cannot be there
		c.TraceID = telemetry.TraceID
	}
	a.meter = telemetry.NewMeter(c)
}

// openMetrics makes what answers scrapes, if somebody can ask.
func (a *App) openMetrics(cfg *config.Serve) {
	if !cfg.Metrics || cfg.Admin == "" {
		return
	}
	c := telemetry.MetricsConfig{Meter: a.meter, Guard: a.guard, Version: a.opts.Version, Log: a.log}
	c.Alerts, c.Notifications = a.alerts.firing, a.alerts.notifications
	if h := a.history; h != nil {
		c.History = func() telemetry.History { return historyMetrics(h.Status()) }
	}
	a.metrics = telemetry.NewMetrics(c).Handler()
}

func historyMetrics(s history.Status) telemetry.History {
	return telemetry.History{
		State:         string(s.State),
		PendingEvents: int64(s.Pending.Events), PendingCells: int64(s.Pending.Cells), PendingRows: int64(s.Pending.Records),
		LostEvents: s.Dropped.Events, LostCells: s.Dropped.Cells, LostRows: s.Dropped.Records,
		Size: s.Size, Written: s.Written,
	}
}

// withMetrics puts them beside the other pages of the admin listener.
func (a *App) withMetrics(pages http.Handler) http.Handler {
	if a.metrics == nil {
		return pages
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == metricsPath {
			a.metrics.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}
