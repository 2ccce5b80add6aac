package dashboard

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// Alert is a trouble as the alert engine has it.
type Alert struct {
	Key      string // which trouble it is
	Rule     string // that has found it
	Subject  string // the circuit, the label of a key, or a part of the process
	Circuit  string // if it is about one
	Severity string // warning or critical
	Since    time.Time
	Last     time.Time // when people were last told
	Muted    time.Time // until then they are not; zero: they are
	Calm     time.Time // since when nothing is found any more; zero: something is
	Told     bool      // people know
	Pages    int       // that they got

	Title, What, Why, Users, Next string // for people
}

// AlertTarget is where alerts go, and how that goes.
type AlertTarget struct {
	Name                  string // without secrets
	Critical              bool   // only critical ones go there
	Sent, Failed, Dropped int64
	Waiting               int
	Error                 string    // the last one, while it fails
	Since                 time.Time // when that began
}

// Alerts knows what people are told of. Its methods are safe for concurrent use.
type Alerts interface {
	// Alerts returns the troubles that there are, the worst first.
	Alerts() []Alert
	// Targets returns where alerts go.
	Targets() []AlertTarget
	// Mute tells nobody of a trouble until then, but that it is over, and records that;
	// the zero time ends it. The error says that there is no such trouble.
	Mute(key string, until time.Time, actor string) error
}

const (
	maxAlerts      = 1000 // troubles that are listed
	maxAlertEvents = 200
	alertTime      = 30 * day // whose events are listed, without other words in the address
)

// alertBrief is an alert in one look.
type alertBrief struct {
	Key      string  `json:"key"`
	Rule     string  `json:"rule"`
	Subject  string  `json:"subject"`
	Circuit  string  `json:"circuit"`
	Severity string  `json:"severity"`
	Since    instant `json:"since"`
	Last     instant `json:"last"`
	Muted    instant `json:"muted"`
	Calm     instant `json:"calm"`
	Told     bool    `json:"told"`
	Pages    int     `json:"pages"`
	Title    string  `json:"title"`
}

// alertOf is one with all that is said of it.
type alertOf struct {
	alertBrief
	What  string `json:"what"`
	Why   string `json:"why"`
	Users string `json:"users"`
	Next  string `json:"next"`
}

func newAlert(a *Alert) alertOf {
	return alertOf{alertBrief{
		a.Key, a.Rule, a.Subject, a.Circuit, a.Severity, instant(a.Since), instant(a.Last), instant(a.Muted), instant(a.Calm), a.Told, a.Pages, a.Title,
	}, a.What, a.Why, a.Users, a.Next}
}

// same reports whether two say the same, but for figures in the title.
func (a alertBrief) same(b alertBrief) bool {
	a.Title, b.Title = "", ""
	return a == b
}

// alertsNow are the troubles that there are.
func (d *Dashboard) alertsNow() []Alert {
	if d.cfg.Alerts == nil {
		return nil
	}
	all := d.cfg.Alerts.Alerts()
	return all[:min(len(all), maxAlerts)]
}

// briefs are those in one look each.
func (d *Dashboard) briefs() []alertBrief {
	all := d.alertsNow()
	list := make([]alertBrief, len(all))
	for i := range all {
		list[i] = newAlert(&all[i]).alertBrief
	}
	return list
}

// alertList is the answer of /api/alerts.
type alertList struct {
	Firing  []alertOf     `json:"firing"` // the worst first
	Recent  []alertEvent  `json:"recent"` // the newest first
	Targets []alertTarget `json:"targets"`
	History health        `json:"history"`
}

// alertEvent is that people were told, or are not to be.
type alertEvent struct {
	At       instant `json:"at"`
	Key      string  `json:"key"`
	Circuit  string  `json:"circuit"`
	Rule     string  `json:"rule"`
	Severity string  `json:"severity"`
	State    string  `json:"state"` // firing, resolved or muted
	Title    string  `json:"title"`
	Why      string  `json:"why"`
	Since    instant `json:"since"`
	Until    instant `json:"until"` // of a resolved one its end, of a muted one how long; null: no longer
	Actor    string  `json:"actor"` // of a muted one
}

type alertTarget struct {
	Name     string  `json:"name"`
	Critical bool    `json:"critical"`
	Sent     int64   `json:"sent"`
	Failed   int64   `json:"failed"`
	Dropped  int64   `json:"dropped"`
	Waiting  int     `json:"waiting"`
	Error    string  `json:"error"`
	Since    instant `json:"since"`
}

func (d *Dashboard) alerts(w http.ResponseWriter, r *http.Request) {
	now := d.cfg.Now()
	s, err := spanOf(r.URL.Query(), now, alertTime)
	if err != nil {
		writeError(w, http.StatusBadRequest, "invalid_span", "The span of time cannot be used: "+err.Error()+".")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), askTime)
	defer cancel()
	if !d.turn(ctx, w) {
		return
	}
	defer d.done()
	recent, err := d.alertEvents(ctx, s)
	is := d.health()
	if err != nil { // what is shown is what memory has
		is = health{"degraded", "it cannot be read: " + err.Error(), instant(now)}
	}
	list := alertList{Firing: []alertOf{}, Recent: recent, Targets: d.targets(), History: is}
	for _, a := range d.alertsNow() {
		list.Firing = append(list.Firing, newAlert(&a))
	}
	writeJSON(w, http.StatusOK, list)
}

func (d *Dashboard) targets() []alertTarget {
	list := []alertTarget{}
	if d.cfg.Alerts == nil {
		return list
	}
	for _, t := range d.cfg.Alerts.Targets() {
		list = append(list, alertTarget{t.Name, t.Critical, t.Sent, t.Failed, t.Dropped, t.Waiting, t.Error, instant(t.Since)})
	}
	return list
}

// alertEvents returns the latest of a span, the newest first. What the history cannot
// answer, memory does, and the error says why; memory also has what is not written yet.
func (d *Dashboard) alertEvents(ctx context.Context, s span) ([]alertEvent, error) {
	events, err := d.past().Events(ctx, s.from, s.to, report.AlertEvent)
	if err != nil {
		d.cfg.Log.Warn("the dashboard cannot read the history", "problem", err.Error())
		events = nil
	}
	events = slices.DeleteFunc(append(events, d.cfg.Live.recent.all()...), func(e report.Event) bool {
		return e.Kind != report.AlertEvent || e.At.Before(s.from) || !e.At.Before(s.to)
	})
	slices.SortStableFunc(events, func(a, b report.Event) int { return b.At.Compare(a.At) })
	list := []alertEvent{}
	had := make(map[string]bool)
	for i := range events {
		e := &events[i]
		if id := idOf(e) + e.To + e.Key; !had[id] && len(list) < maxAlertEvents {
			had[id] = true
			list = append(list, newAlertEvent(e))
		}
	}
	return list, err
}

func newAlertEvent(e *report.Event) alertEvent {
	return alertEvent{instant(e.At), e.Key, e.Circuit, e.Reason, e.From, e.To, e.Why, e.Cause, instant(e.Down), instant(e.Until), e.Actor}
}
