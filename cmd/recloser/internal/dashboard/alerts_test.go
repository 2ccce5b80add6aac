package dashboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/guard"
)

// board is an alert engine as a test tells it.
type board struct {
	mu      sync.Mutex
	all     []Alert
	targets []AlertTarget
	muted   []string // who has muted what
	tell    func(report.Event)
}

func (b *board) Alerts() []Alert {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.all)
}

func (b *board) Targets() []AlertTarget { return b.targets }

func (b *board) Mute(key string, until time.Time, actor string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.all {
		if b.all[i].Key == key {
			b.all[i].Muted = until
			b.muted = append(b.muted, key+" "+until.Format("01-02 15:04")+" "+actor)
			return nil
		}
	}
	return errors.New("no such trouble")
}

// change changes what there is, as the engine does, and tells of it.
func (b *board) change(f func([]Alert) []Alert) {
	b.mu.Lock()
	b.all = f(b.all)
	b.mu.Unlock()
	b.tell(report.Event{Kind: report.AlertEvent})
}

// down is a trouble at noon.
func down() Alert {
	at := noon().now()
	return Alert{
		Key: "circuit/host/m", Rule: "circuit-open", Subject: "host/m", Circuit: "host/m", Severity: "critical",
		Since: at.Add(-5 * time.Minute), Last: at.Add(-4 * time.Minute), Told: true, Pages: 2,
		Title: "host/m is down", What: "The circuit has been open for 5m", Why: "5 × 503", Users: "They read", Next: "Look",
	}
}

// alertRig is a rig at noon with a board.
func alertRig(t *testing.T, change ...func(*Config, *guard.Config)) (*rig, *board) {
	c := noon()
	b := &board{}
	r := newRig(t, append([]func(*Config, *guard.Config){func(cfg *Config, _ *guard.Config) { cfg.Alerts, cfg.Now = b, c.now }}, change...)...)
	b.tell = r.live.Alert
	return r, b
}

type jsonAlerts struct {
	Firing  []map[string]any
	Recent  []map[string]any
	Targets []map[string]any
	History struct{ State string }
}

func TestAlertsAsJSON(t *testing.T) {
	r, b := alertRig(t)
	calm := Alert{Key: "key/5d1c", Rule: "key-refused", Subject: "5d1c", Severity: "warning", Since: noon().now(), Calm: noon().now(), Muted: noon().now().Add(time.Hour)}
	b.all = []Alert{down(), calm}
	b.targets = []AlertTarget{{Name: "slack", Critical: true, Sent: 3, Failed: 1, Dropped: 2, Waiting: 4, Error: "status 500", Since: noon().now()}}
	a := get[jsonAlerts](r, "/api/alerts")
	const want = `{"calm":null,"circuit":"host/m","key":"circuit/host/m","last":"2026-11-26T11:56:00.000Z","muted":null,"next":"Look","pages":2,` +
		`"rule":"circuit-open","severity":"critical","since":"2026-11-26T11:55:00.000Z","subject":"host/m","title":"host/m is down","told":true,` +
		`"users":"They read","what":"The circuit has been open for 5m","why":"5 × 503"}`
	if have, _ := json.Marshal(a.Firing[0]); string(have) != want {
		t.Errorf("%s\nwant %s", have, want)
	}
	if c := a.Firing[1]; c["told"] != false || c["last"] != nil || c["calm"] != "2026-11-26T12:00:00.000Z" || c["muted"] != "2026-11-26T13:00:00.000Z" || c["circuit"] != "" {
		t.Errorf("%v", c)
	}
	const target = `{"critical":true,"dropped":2,"error":"status 500","failed":1,"name":"slack","sent":3,"since":"2026-11-26T12:00:00.000Z","waiting":4}`
	if have, _ := json.Marshal(a.Targets[0]); string(have) != target || len(a.Targets) != 1 {
		t.Errorf("%s\nwant %s", have, target)
	}

	o := get[map[string]any](r, "/api/overview")
	brief := o["alerts"].([]any)[0].(map[string]any)
	if brief["title"] != "host/m is down" || brief["what"] != nil || len(o["alerts"].([]any)) != 2 {
		t.Errorf("%v", o["alerts"])
	}
	// What the schemas demand is there, and nothing else.
	r.live.Alert(report.Event{At: noon().now().Add(-time.Minute), Kind: report.AlertEvent})
	a = get[jsonAlerts](r, "/api/alerts")
	for name, have := range map[string]map[string]any{"AlertBrief": brief, "AlertEvent": a.Recent[0], "AlertTarget": a.Targets[0]} {
		if got, want := names(have), required(name); !slices.Equal(got, want) {
			t.Errorf("%s has %v\nopenapi.yaml says %v", name, got, want)
		}
	}
}

func names(have map[string]any) (all []string) {
	for name := range have {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// required are the properties that openapi.yaml demands of a schema.
func required(schema string) []string {
	_, text, _ := strings.Cut(openAPIText, "    "+schema+":\n")
	_, text, _ = strings.Cut(text, "required:")
	text, _, _ = strings.Cut(text, "properties:")
	all := regexp.MustCompile(`[a-z_0-9]+`).FindAllString(text, -1)
	slices.Sort(all)
	return all
}

func TestNobodyIsAlerted(t *testing.T) {
	r := newRig(t)
	if _, body, _ := r.do("GET", "/api/alerts", ""); !strings.HasPrefix(body, `{"firing":[],"recent":[],"targets":[],"history":{"state":"off"`) {
		t.Error(body)
	}
	if o := get[map[string]any](r, "/api/overview"); len(o["alerts"].([]any)) != 0 {
		t.Errorf("%v", o["alerts"])
	}
	if status, body, _ := r.do("POST", "/api/alerts/mute", `{"key":"x","for":"1h"}`); status != 404 || !strings.Contains(body, `"code":"no_such_alert"`) {
		t.Errorf("%d %s", status, body)
	}
}

// However many there are, what is listed is bounded.
func TestManyAlerts(t *testing.T) {
	r, b := alertRig(t)
	for i := range 2 * maxAlerts {
		b.all = append(b.all, Alert{Key: fmt.Sprint("circuit/", i)})
		r.live.Alert(report.Event{At: noon().now().Add(time.Duration(i-3*maxAlerts) * time.Second), Kind: report.AlertEvent, Key: fmt.Sprint(i)})
	}
	a := get[jsonAlerts](r, "/api/alerts")
	if len(a.Firing) != maxAlerts || a.Firing[0]["key"] != "circuit/0" || len(a.Recent) != maxAlertEvents || a.Recent[0]["key"] != "1999" {
		t.Errorf("%d, %d: %v", len(a.Firing), len(a.Recent), a.Recent[0])
	}
	if n := len(get[map[string]any](r, "/api/overview")["alerts"].([]any)); n != maxAlerts {
		t.Errorf("%d", n)
	}
}

// The past is the history's, and what that has not written yet, or cannot tell, is
// memory's.
func TestRecentAlerts(t *testing.T) {
	at := func(ago time.Duration) time.Time { return noon().now().Add(-ago) }
	event := func(ago time.Duration, key, state string) report.Event {
		return report.Event{
			At: at(ago), Kind: report.AlertEvent, Key: key, Circuit: "host/m", Reason: "circuit-open", From: "critical", To: state,
			Why: "host/m is down", Cause: "5 × 503", Down: at(ago + time.Minute),
		}
	}
	first, same, muted, over := event(3*time.Hour, "a", "firing"), event(3*time.Hour, "b", "firing"), event(2*time.Hour, "a", "muted"), event(time.Hour, "a", "resolved")
	muted.Until, muted.Actor, over.Until = at(-time.Hour), "127.0.0.1 (page)", at(90*time.Minute)
	s := &story{events: []report.Event{event(40*24*time.Hour, "old", "firing"), {At: at(time.Hour), Kind: report.OperatorEvent}, first, same, muted}}
	r, _ := alertRig(t, func(c *Config, _ *guard.Config) { c.Past = s })
	r.live.Transition(opened(at(time.Minute)))
	for _, e := range []report.Event{same, muted, over} {
		r.live.Alert(e)
	}
	order := func(query string) string {
		var all []string
		for _, e := range get[jsonAlerts](r, "/api/alerts"+query).Recent {
			all = append(all, fmt.Sprint(e["key"], " ", e["state"]))
		}
		return strings.Join(all, ", ")
	}
	const all = "a resolved, a muted, a firing, b firing"
	for query, want := range map[string]string{
		"": all, "?last=1h30m": "a resolved", "?last=60d": all + ", old firing", "?from=2026-11-26T09:00:00Z&to=2026-11-26T10:00:00Z": "a firing, b firing",
	} {
		if got := order(query); got != want {
			t.Errorf("%s: %s\nwant %s", query, got, want)
		}
	}
	const want = `{"actor":"127.0.0.1 (page)","at":"2026-11-26T10:00:00.000Z","circuit":"host/m","key":"a","rule":"circuit-open","severity":"critical",` +
		`"since":"2026-11-26T09:59:00.000Z","state":"muted","title":"host/m is down","until":"2026-11-26T13:00:00.000Z","why":"5 × 503"}`
	if have, _ := json.Marshal(get[jsonAlerts](r, "/api/alerts").Recent[1]); string(have) != want {
		t.Errorf("%s\nwant %s", have, want)
	}
	if status, body, _ := r.do("GET", "/api/alerts?last=x", ""); status != 400 || !strings.Contains(body, "invalid_span") {
		t.Errorf("%d %s", status, body)
	}
	s.err = errors.New("the disk is gone")
	if got := order(""); got != "a resolved, a muted, b firing" || get[jsonAlerts](r, "/api/alerts").History.State != "degraded" {
		t.Errorf("from memory: %s", got)
	}
}

func TestAlertsAreMuted(t *testing.T) {
	var log bytes.Buffer
	r, b := alertRig(t, func(c *Config, _ *guard.Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	b.all = []Alert{down()}
	for _, c := range []struct{ body, until, action string }{
		{`{"key":"circuit/host/m","for":"2h"}`, "11-26 14:00", "mute"},
		{`{"key":"circuit/host/m","for":"3d"}`, "11-29 12:00", "mute"},
		{`{"key":"circuit/host/m","until":"2026-11-26T19:00:00+01:00"}`, "11-26 19:00", "mute"},
		{`{"key":"circuit/host/m","until":null}`, "01-01 00:00", "unmute"},
	} {
		log.Reset()
		b.muted = nil
		status, body, _ := r.do("POST", "/api/alerts/mute", c.body, "Recloser-Actor", "page")
		if want := "circuit/host/m " + c.until + " 192.0.2.1 (page)"; status != 200 || len(b.muted) != 1 || b.muted[0] != want {
			t.Errorf("%s: %d %s: %q, want %q", c.body, status, body, b.muted, want)
		}
		var got struct {
			OK    bool
			Alert struct {
				Key, What string
				Muted     *time.Time
			}
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || !got.OK || got.Alert.What == "" || (got.Alert.Muted == nil) != (c.action == "unmute") {
			t.Errorf("%s: %s", c.body, body)
		}
		var line map[string]any
		if err := json.Unmarshal(log.Bytes(), &line); err != nil || line["msg"] != "operator" || line["action"] != c.action || line["actor"] != "192.0.2.1 (page)" ||
			line["circuit"] != "host/m" || line["key"] != "circuit/host/m" || line["why"] == "" {
			t.Errorf("%s: %s", c.body, log.Bytes())
		}
	}
	if len(r.noted) != 0 {
		t.Errorf("the engine records it, and so did we: %v", r.noted)
	}
	if status, body, _ := r.do("POST", "/api/alerts/mute", `{"key":"circuit/other","for":"1h"}`); status != 404 || !strings.Contains(body, `"code":"no_such_alert"`) || !strings.Contains(body, "/api/alerts") {
		t.Errorf("%d %s", status, body)
	}
}

func TestWrongMutes(t *testing.T) {
	r, b := alertRig(t)
	b.all = []Alert{down()}
	for _, rest := range []string{
		``, `,"for":""`, `,"for":"x"`, `,"for":"0s"`, `,"for":"-1h"`, `,"for":"367d"`, `,"for":null`, `,"for":3600`, `,"for":"1h","until":null`,
		`,"for":"1h","until":"2026-11-26T13:00:00Z"`, `,"until":""`, `,"until":"tomorrow"`, `,"until":"2026-11-26T12:00:00Z"`, `,"until":"0001-01-01T00:00:00Z"`,
		`,"until":"2028-11-26T12:00:00Z"`, `,"until":"9999-12-31T00:00:00Z"`, `,"until":7`, `,"until":null,"x":1`,
	} {
		if status, body, _ := r.do("POST", "/api/alerts/mute", `{"key":"circuit/host/m"`+rest+`}`); status != 400 || !strings.Contains(body, `"code":"invalid_body"`) {
			t.Errorf("%s: %d %s", rest, status, body)
		}
	}
	for _, body := range []string{``, `{}`, `{"for":"1h"}`, `{"key":"","for":"1h"}`, `{"key":7,"for":"1h"}`, `{"key":"circuit/host/m","for":"1h"}{}`} {
		if status, _, _ := r.do("POST", "/api/alerts/mute", body); status != 400 {
			t.Errorf("%s: %d", body, status)
		}
	}
	if len(b.muted) != 0 {
		t.Errorf("%v", b.muted)
	}
}

// Alerts are told at once when the engine tells of one, soon when it does not, and not
// because a figure in a text has changed.
func TestAlertsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, b := alertRig(t)
		s := r.look("")
		defer s.cancel()
		rest(time.Second)
		s.take()
		told := func(when, want string) {
			t.Helper()
			synctest.Wait()
			events, _ := s.take()
			if want == "" {
				if len(events) > 0 {
					t.Errorf("%s: %v", when, events)
				}
				return
			}
			if len(events) != 1 || events[0].kind != "alerts" || !strings.Contains(events[0].data, want) || strings.Contains(events[0].data, `"what"`) {
				t.Errorf("%s: %v", when, events)
			}
		}
		b.change(func([]Alert) []Alert { return []Alert{down()} })
		told("a new one", `[{"key":"circuit/host/m","rule":"circuit-open"`)
		rest(time.Minute)
		told("nothing", "")
		b.change(func(all []Alert) []Alert {
			all[0].Title, all[0].What, all[0].Why = "host/m fails 12 % of its calls", "for 6m", "7 × 503"
			return all
		})
		rest(time.Second)
		told("figures in texts", "")
		if status, _, _ := r.do("POST", "/api/alerts/mute", `{"key":"circuit/host/m","for":"1h"}`); status != 200 {
			t.Error(status)
		}
		rest(scanTime)
		told("muted", `"muted":"2026-11-26T13:00:00.000Z"`)
		for name, change := range map[string]func(*Alert){
			"calm": func(a *Alert) { a.Calm = noon().now() }, "worse": func(a *Alert) { a.Severity = "warning" },
			"told": func(a *Alert) { a.Told = false }, "a page": func(a *Alert) { a.Pages++ },
		} {
			b.change(func(all []Alert) []Alert { change(&all[0]); return all })
			told(name, "circuit/host/m")
		}
		b.change(func([]Alert) []Alert { return nil })
		told("it is over", "[]")
	})
}
