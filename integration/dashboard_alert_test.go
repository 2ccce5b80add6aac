package integration

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// Who is told of an outage finds it on the page of the alerts, and mutes it there.
func TestDashboardAlerts(t *testing.T) {
	d := startDashboard(t, "--base-timeout", "10m", "--reset-timeout", "20m", "--alert-open-for", "1s", "--alert-settle", "1s")
	d.open("/alerts")
	d.visible("h1", "No alerts")
	d.visible("main", "No alert within 30 days.")
	d.visible("main", "recloser alert test")
	d.gone("#alert-count")
	d.accessible("no alerts")
	d.answered(t, "m")
	circuit := d.another()
	circuit.open(d.circuitPath("m"))
	circuit.visible(".standing", "Closed")
	circuit.gone(".alerted")

	d.outage(t, "m")
	title := d.host + "/m is down"
	d.visible("h1", "1 alert")
	d.visible(".card", "Critical")
	for _, says := range []string{title, "3 consecutive failures (3 × 503)", "They read", "Logged at"} {
		d.visible(".card", says)
	}
	d.visible("#alert-count", "1")
	d.visible(".t-recent", title)
	d.until("a screen reader is told", "document.getElementById('say').innerText.includes('critical alert: ')")
	circuit.visible(".alerted", "Critical alert")
	circuit.accessible("page of a circuit with an alert")
	circuit.click(".alerted a")
	circuit.visible("h1", "1 alert")
	d.accessible("an alert")

	d.confirm("Mute 1 h", "Mute “"+title+"” for 1 hour?", "Mute")
	d.visible(".card", "Muted until")
	d.until("the focus is on what undoes it", focused+" === 'button Unmute'")
	for _, page := range []*tab{d.tab, circuit} {
		page.visible("h1", "No alerts")
		page.gone("#alert-count")
	}
	d.visible(".t-recent", "by 127.0.0.1 (page)")
	d.accessible("a muted alert")
	d.confirm("Unmute", "Unmute “"+title+"”?", "Unmute")
	d.visible("h1", "1 alert")
	d.checkMuteUntil(t)

	// It is over, and who did what is known.
	said := d.admin(t, http.MethodPost, "/api/circuits/"+url.PathEscape(d.host+"/m")+"/reset", "{}", http.Header{"Content-Type": {"application/json"}})
	if said.Status != http.StatusOK {
		t.Fatalf("reset: %+v", said)
	}
	d.gone(".card")
	d.visible(".t-recent", "It lasted")
	said = d.admin(t, http.MethodGet, "/api/alerts", "", nil)
	if n := strings.Count(said.Body, `"actor":"127.0.0.1 (page)"`); n != 3 || !strings.Contains(said.Body, `"firing":[]`) {
		t.Errorf("afterwards: %+v", said)
	}
}

// checkMuteUntil mutes an alert until a time that is typed in.
func (d *dashboard) checkMuteUntil(t *testing.T) {
	t.Helper()
	d.button("Mute until…")
	d.visible("#confirm-title", "Mute “")
	d.accessible("dialog with a field")
	eval[int](d.tab, "(document.getElementById('mute-until').value = '2020-01-01T00:00', 0)")
	d.click("#confirm-go")
	d.visible("#confirm-error", "Not done: that is no time after now.")
	eval[int](d.tab, "(document.getElementById('mute-until').value = new Date(Date.now() + 7200e3).toISOString().slice(0, 16), 0)")
	d.dismiss("#confirm-go")
	d.visible(".card", "Muted until")
	d.button("Unmute") // the next dialog has no field
	d.visible("#confirm-title", "Unmute “")
	d.gone("#mute-until")
	d.dismiss("#confirm-cancel")
}

// What somebody else named is text on the page of the alerts, too, and leads to its own
// circuit.
func TestDashboardHostileAlerts(t *testing.T) {
	d := startDashboard(t, "--base-timeout", "10m", "--reset-timeout", "20m", "--alert-open-for", "1s")
	d.open("/alerts")
	d.api.Set(openaitest.Down{})
	for _, model := range hostile {
		for range 3 {
			d.ask(t, model)
		}
	}
	d.visible("h1", fmt.Sprintf("%d alerts", len(hostile)))
	d.until("all of the past", fmt.Sprintf("document.querySelectorAll('.t-recent tbody tr').length === %d", len(hostile)))
	d.harmless("alerts")
	for _, list := range []string{".card", ".t-recent"} {
		links := eval[[]string](d.tab, "[...document.querySelectorAll("+quoteJS(list+" a")+")].map((a) => decodeURIComponent(a.pathname))")
		for _, model := range hostile {
			if !slices.Contains(links, "/circuits/"+d.host+"/"+model) {
				t.Errorf("%s: nothing leads to %q: %q", list, model, links)
			}
		}
	}
}

// fakeAlerts shows as many alerts as there may be, on a page of its own.
const fakeAlerts = `Promise.all([import('/assets/store.js'), import('/assets/alerts.js')]).then(([{ Store }, { alertsPage }]) => {
	window.store = new Store();
	alertsPage(document.getElementById('main'), store);
	const now = new Date().toISOString();
	const alerts = Array.from({ length: 1000 }, (_, i) => ({
		key: 'circuit/' + i, rule: 'circuit-open', subject: String(i), circuit: String(i), severity: i < 500 ? 'critical' : 'warning',
		since: now, last: now, muted: null, calm: null, told: true, pages: 1, title: i + ' is down' }));
	const began = performance.now();
	store.apply('overview', { now, version: '', seq: 1, bypass: false, history: { state: 'ok' }, circuits: [], gates: [], alerts });
	return new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now() - began))));
})`

// A thousand alerts are a bounded page.
func TestDashboardManyAlerts(t *testing.T) {
	d := startDashboard(t)
	d.open("/alerts")
	d.visible("h1", "No alerts")
	took := eval[float64](d.tab, fakeAlerts)
	d.visible("h1", "1,000 alerts")
	d.visible("main", "and 950 more alerts")
	if n := eval[int](d.tab, "document.querySelectorAll('.card').length"); n != 50 {
		t.Errorf("%d cards", n)
	}
	t.Logf("1,000 alerts are shown after %.0f ms", took)
	for _, px := range widths {
		d.width(px)
	}
}
