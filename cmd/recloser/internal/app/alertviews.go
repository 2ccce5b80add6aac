package app

import (
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/dashboard"
	"github.com/recloser/recloser/cmd/recloser/internal/telemetry"
)

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
