package telemetry

import (
	"runtime"
	"strings"
	"time"
)

// History is how the history is, as far as metrics tell it.
type History struct {
	State                                    string // ok, degraded or memory
	PendingEvents, PendingCells, PendingRows int64
	LostEvents, LostCells, LostRows          int64     // since the start; rows are recorded attempts
	Size                                     int64     // in bytes
	Written                                  time.Time // zero: not yet
}

// AlertCount is how many troubles of a kind are not over.
type AlertCount struct {
	Name     string // of the rule
	Severity string
	Firing   int
}

// NotificationCount is what became of the notifications for one target since the
// start.
type NotificationCount struct {
	Target                string // its name, no URL
	Sent, Failed, Dropped int64
}

// process hands over what is not about circuits.
func (w *writer) process(c *MetricsConfig) {
	w.put(buildInfo, 1, strings.ToValidUTF8(c.Version, "\uFFFD"), runtime.Version())
	if c.History != nil {
		w.history(c.History())
	}
	if c.Alerts != nil {
		w.alerts(c.Alerts())
	}
	if c.Notifications != nil {
		w.notifications(c.Notifications())
	}
}

func (w *writer) history(h History) {
	w.set(historyState, h.State, []string{"ok", "degraded", "memory"})
	w.put(historyLost, float64(h.LostEvents), "events")
	w.put(historyLost, float64(h.LostCells), "cells")
	w.put(historyLost, float64(h.LostRows), "attempts")
	w.put(historyPending, float64(h.PendingEvents), "events")
	w.put(historyPending, float64(h.PendingCells), "cells")
	w.put(historyPending, float64(h.PendingRows), "attempts")
	w.put(historySize, float64(h.Size))
	w.moment(historyWritten, h.Written)
}

// alerts hands over each rule once, whatever the list says.
func (w *writer) alerts(list []AlertCount) {
	firing := make(map[[2]string]int)
	for _, a := range list {
		firing[[2]string{strings.ToValidUTF8(a.Name, "\uFFFD"), strings.ToValidUTF8(a.Severity, "\uFFFD")}] += a.Firing
	}
	for labels, n := range firing {
		w.put(alertsFiring, float64(n), labels[:]...)
	}
}

func (w *writer) notifications(list []NotificationCount) {
	sums := make(map[string]NotificationCount)
	for _, n := range list {
		name := strings.ToValidUTF8(n.Target, "\uFFFD")
		sum := sums[name]
		sums[name] = NotificationCount{name, sum.Sent + n.Sent, sum.Failed + n.Failed, sum.Dropped + n.Dropped}
	}
	for name, sum := range sums {
		w.put(notifications, float64(sum.Sent), name, "sent")
		w.put(notifications, float64(sum.Failed), name, "failed")
		w.put(notifications, float64(sum.Dropped), name, "dropped")
	}
}
