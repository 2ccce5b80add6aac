package integration

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/recloser/recloser/openaitest"
)

// circuitPath is the address of a circuit's page.
func (d *dashboard) circuitPath(model string) string {
	return "/circuits/" + url.PathEscape(d.host+"/"+model)
}

// button clicks a button by what it says.
func (b *tab) button(says string) {
	b.t.Helper()
	// The page may just be painting it anew: it is marked where it is found.
	b.until("a button "+says, `[...document.querySelectorAll('button')].some((e) => {
		const found = e.checkVisibility() && e.innerText.trim() === `+quoteJS(says)+`;
		e.toggleAttribute('data-pressed', found);
		return found;
	})`)
	b.click("button[data-pressed]")
}

// confirm presses a button, and the one of the dialog that it opens.
func (b *tab) confirm(says, title, verb string) {
	b.t.Helper()
	b.button(says)
	b.visible("#confirm-title", title)
	if got := b.text("#confirm-go"); got != verb {
		b.t.Errorf("the dialog %q offers %q, not %q", title, got, verb)
	}
	b.dismiss("#confirm-go")
}

// dismiss clicks a button that closes the dialog, and waits until the page knows.
func (b *tab) dismiss(css string) {
	b.t.Helper()
	before := eval[int](b, "closings")
	b.click(css)
	b.until("the dialog closes", fmt.Sprintf("closings > %d", before))
	b.gone("dialog")
}

// What can be done on a circuit's page is done, and seen on the overview too.
func TestDashboardActions(t *testing.T) {
	d := startDashboard(t, "--base-timeout", "30s")
	d.answered(t, "m")
	name := d.host + "/m"
	d.open(d.circuitPath("m"))
	overview := d.another()
	overview.open("/")
	d.visible(".standing", "Closed")

	d.button("Force open")
	d.visible("#confirm-title", "Force "+name+" open?")
	d.dismiss("#confirm-cancel")
	d.answered(t, "m")

	d.confirm("Force open", "Force "+name+" open?", "Force open")
	d.visible(".standing", "Forced open")
	overview.visible("h1", "1 circuit open")
	overview.visible(".card", "Forced open")
	overview.visible(".log", "forced-open "+name)
	d.refused(t, "m")

	d.confirm("Normal", "Set "+name+" to normal?", "Set to normal")
	d.visible(".standing", "Closed")
	overview.visible("h1", "All 2 circuits closed")
	d.answered(t, "m")

	d.confirm("Observe", "Only observe "+name+"?", "Only observe")
	d.visible(".standing", "Observing")
	d.outage(t, "m")
	if said := d.chat(t, "m"); said.Header.Get("Recloser-Kind") == "refused" {
		t.Errorf("a circuit that only observes refuses: %+v", said)
	}
	d.confirm("Normal", "Set "+name+" to normal?", "Set to normal")
	d.visible(".standing", "Open")
	d.refused(t, "m")

	d.api.Set(nil)
	d.confirm("Reset…", "Reset "+name+"?", "Reset")
	d.visible(".standing", "Closed")
	d.answered(t, "m")
	overview.visible(".log", "reset "+name)

	// The history keeps who did it.
	d.stop()
	d.audited(t, "mode forced-open", "mode normal", "mode observe", "mode normal", "reset")
}

// audited demands that the history has the actions, as taken on the page, in order.
func (d *dashboard) audited(t *testing.T, actions ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+d.history+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all string
	err = db.QueryRowContext(t.Context(), `SELECT group_concat(details, char(10) ORDER BY id) FROM events
		WHERE kind = 'operator' AND circuit = ? AND details LIKE '%127.0.0.1 (page)%'`, d.host+"/m").Scan(&all)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(all, "\n")
	for i, action := range actions {
		if len(lines) != len(actions) || !strings.Contains(lines[i], action) {
			t.Fatalf("the history has %q, not %q", lines, actions)
		}
	}
}

// The emergency bypass is loud on every page, and lets everything through.
func TestDashboardBypass(t *testing.T) {
	d := startDashboard(t, "--base-timeout", "30s")
	d.open("/")
	circuit := d.another()
	d.outage(t, "m")
	circuit.open(d.circuitPath("m"))
	circuit.visible(".standing", "Open")
	d.refused(t, "m")

	d.confirm("Emergency bypass…", "Let every call through?", "Bypass everything")
	for _, page := range []*tab{d.tab, circuit} {
		page.visible("#banner", "Emergency bypass is on.")
	}
	if focus := eval[string](d.tab, "document.activeElement.id"); focus != "bypass-off" {
		t.Errorf("afterwards the focus is on %q", focus)
	}
	d.visible(".log", "bypass")
	if said := d.chat(t, "m"); said.Status != http.StatusServiceUnavailable || said.Header.Get("Recloser-Kind") != "service" {
		t.Errorf("with the bypass on, the service is not asked: %+v", said)
	}
	circuit.open(d.circuitPath("m")) // who comes later sees it, too
	circuit.visible("#banner", "Emergency bypass is on.")

	circuit.confirm("End the bypass…", "End the bypass?", "End the bypass")
	for _, page := range []*tab{d.tab, circuit} {
		page.gone("#banner")
	}
	d.refused(t, "m")
}

// Who has the admin token signs in with it once; nobody else gets anywhere.
func TestDashboardLogin(t *testing.T) {
	d := startDashboard(t, "--admin-token", secretToken)
	d.answered(t, "m")
	path := d.circuitPath("m") + "?last=15m"
	d.open(path)
	d.visible("h1", "Recloser")
	d.accessible("login page")
	signIn := func(token string) {
		d.act("type a token", chromedp.SendKeys(chromedp.CSS("#token"), token))
		d.press("\r")
	}
	signIn("not the token")
	d.visible("#error", "That is not the admin token.")
	d.accessible("login page after a wrong token")
	signIn(secretToken) // what was wrong is selected: it is typed over
	d.visible("h1", d.host+"/m")
	if at := eval[string](d.tab, "location.pathname + location.search"); at != path {
		t.Errorf("after signing in at %s, not at %s", at, path)
	}

	jar, err := chromedp.Call(d.ctx, network.GetCookies, network.GetCookiesParams{})
	d.must("cookies", err)
	if len(jar.Cookies) != 1 || jar.Cookies[0].Name != "recloser_session" || !jar.Cookies[0].HTTPOnly ||
		jar.Cookies[0].SameSite != network.CookieSameSiteStrict || strings.Contains(jar.Cookies[0].Value, secretToken) {
		t.Fatalf("cookies %+v", jar.Cookies)
	}
	if seen := eval[string](d.tab, "document.cookie"); seen != "" {
		t.Errorf("scripts see %q", seen)
	}
	d.checkCrossOrigin(t, jar.Cookies[0].Value)

	d.open("/")
	d.visible("#live", "Live")
	d.button("Sign out")
	d.visible("h1", "Recloser")
	d.until("the login page", "location.pathname === '/login'")
	d.open("/")
	d.until("the login page", "location.pathname === '/login'")
	if status := eval[int](d.tab, "fetch('/api/overview').then((r) => r.status)"); status != http.StatusUnauthorized {
		t.Errorf("after signing out, the API answers with %d", status)
	}
}

// checkCrossOrigin demands that another page in the same browser cannot act. It is on
// the same host, so that the cookie is sent although it is for the same site only.
func (d *dashboard) checkCrossOrigin(t *testing.T, session string) {
	t.Helper()
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>evil</title><h1>Win a prize</h1>"))
	}))
	t.Cleanup(evil.Close)
	own := http.Header{"Cookie": {"recloser_session=" + session}, "Content-Type": {"application/json"}}
	foreign := own.Clone()
	foreign.Set("Origin", evil.URL)
	if said := d.admin(t, http.MethodPost, "/api/bypass", `{"on":true}`, foreign); said.Status != http.StatusForbidden {
		t.Errorf("a cross-origin POST: %+v", said)
	}
	visitor := d.another()
	visitor.open(evil.URL)
	target := quoteJS("http://" + d.Admin + "/api/bypass")
	eval[string](visitor, `fetch(`+target+`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"on":true}' }).then((r) => r.type)`)
	eval[bool](visitor, `fetch(`+target+`, { method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' }, body: '{"on":true}' }).then(() => true, () => false)`)
	eval[int](visitor, `{
		const form = document.createElement('form');
		Object.assign(form, { method: 'post', action: `+target+`, enctype: 'text/plain' });
		const field = document.createElement('input');
		Object.assign(field, { name: '{"on":true,"x":"', value: '"}' });
		form.append(field);
		document.body.append(form);
		form.submit();
	} 0`)
	visitor.until("the form was sent", "location.pathname === '/api/bypass'")
	if said := d.admin(t, http.MethodGet, "/api/overview", "", own); said.Status != http.StatusOK || !strings.Contains(said.Body, `"bypass":false`) {
		t.Errorf("after cross-origin requests: %+v", said)
	}
}

// The server dies and comes back: the page says so, and then is right again.
func TestDashboardReconnect(t *testing.T) {
	d := startDashboard(t, "--base-timeout", "10m", "--reset-timeout", "20m")
	d.answered(t, "m")
	d.answered(t, "n")
	d.open("/")
	d.shows("m", "Closed")
	d.visible("#live", "Live")

	proxy, admin := d.Proxy, d.Admin
	if err := d.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-d.ended
	d.visible("#live", "Reconnecting… Shown is")
	d.until("what is shown is marked as old", "document.body.classList.contains('stale')")

	d.server = startServe(t, append(append(d.args(), quick...), "--listen", proxy, "--admin", admin, "--base-timeout", "10m", "--reset-timeout", "20m")...)
	d.visible("#live", "Live")
	d.answered(t, "m") // what had only just happened is not in the history
	d.outage(t, "n")
	d.shows("n", "Open")
	d.shows("m", "Closed")
	d.visible("h1", "1 circuit open")
	d.until("nothing is marked as old", "!document.body.classList.contains('stale')")

	// A circuit's page goes on as well, and what happened meanwhile is on it.
	d.open(d.circuitPath("n"))
	d.visible(".standing", "Open")
	if err := d.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-d.ended
	d.visible("#live", "Reconnecting…")
	d.server = startServe(t, append(append(d.args(), quick...), "--listen", proxy, "--admin", admin)...)
	d.visible("#live", "Live")
	d.api.Set(openaitest.Healthy{})
	if said := d.admin(t, http.MethodPost, "/api/circuits/"+url.PathEscape(d.host+"/n")+"/reset", "{}", http.Header{"Content-Type": {"application/json"}}); said.Status != http.StatusOK {
		t.Fatalf("reset: %+v", said)
	}
	d.visible(".standing", "Closed")
}
