package integration

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// hostile are names of models that a client may make up.
var hostile = []string{
	`<img src=x onerror=window.pwned=1>`,
	`"><script>window.pwned=1</script>`,
	`javascript:window.pwned=1`,
	"\u0646\u0645\u0648\u0630\u062c \u05de\u05d5\u05d3\u05dc",
	"\u202eevil\u202c \u2066mixed",
	"\U0001F916\U0001F468\u200d\U0001F469\u200d\U0001F467 e\u0301",
	strings.Repeat("x", 250),
	"../../login?next=//evil#%2F%zz%00",
	"a/b//c/ d",
	".", "..", "__proto__", "constructor", "hasOwnProperty",
}

// ask calls a model whose name needs quoting.
func (d *dashboard) ask(t *testing.T, model string) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"model": model, "messages": []any{map[string]string{"role": "user", "content": secretPrompt}}})
	if err != nil {
		t.Fatal(err)
	}
	return d.do(t, http.MethodPost, "/v1/chat/completions", "application/json", strings.NewReader(string(body)))
}

// What somebody else named is text, whatever it is.
func TestDashboardHostileNames(t *testing.T) {
	d := startDashboard(t, "--base-timeout", "10m", "--reset-timeout", "20m")
	d.open("/")
	for i, model := range hostile {
		if i%2 == 1 { // names are in the table alone, and also in a card and in the log
			d.api.Set(openaitest.Down{})
		}
		for range 3 {
			d.ask(t, model)
		}
		d.api.Set(nil)
	}
	for _, model := range hostile {
		name := d.host + "/" + model
		d.until("a row of "+model, d.row(model)+"?.querySelector('bdi').textContent === "+quoteJS(clipped(model, 160)))
		if c := d.circuit(t, name); c.TotalCalls != 3 {
			t.Errorf("%q: %+v", name, c)
		}
	}
	d.visible("h1", "7 circuits open")
	d.harmless("overview")

	for i, model := range hostile {
		d.open(eval[string](d.tab, d.row(model)+".querySelector('a').href"))
		d.until("the page of "+model, "document.querySelector('h1 bdi')?.textContent === "+quoteJS(d.host+"/"+model))
		d.visible(".standing", []string{"Closed", "Open"}[i%2])
		d.until("figures of "+model, "document.querySelector('.past[aria-busy=false] figure canvas')")
		d.until("settings of "+model, "document.querySelector('.t-configuration tbody tr')")
		d.gone("main .notice.bad")
		d.harmless(model)
		d.confirm("Reset…", "Reset", "Reset")
		d.visible(".standing", "Closed")
		d.open("/")
		d.shows(model, "Closed")
	}
	d.visible("h1", "circuits closed")
	d.open("/report?last=1h")
	d.harmless("report")
}

// harmless demands that nothing of a name became markup, and that it bursts no page,
// however narrow.
func (d *dashboard) harmless(what string) {
	d.t.Helper()
	if eval[bool](d.tab, "window.pwned !== undefined || document.querySelector('img, script:not([src])') !== null") {
		d.t.Errorf("%s: a name became markup", what)
	}
	for _, px := range widths {
		d.width(px)
	}
}

// clipped is text as the page cuts it.
func clipped(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return text
}
