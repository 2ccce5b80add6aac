package integration

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// dashboard is a proxy with a service behind it and a browser at its dashboard.
type dashboard struct {
	*server
	*tab

	api     *openaitest.Local
	host    string // the name of the service's circuit
	history string
}

// quick are the settings of the tests: a circuit opens with the third failure, and
// what clients see is what the service said.
var quick = []string{"--failure-threshold", "3", "--retries", "0", "--base-timeout", "1s"}

func startDashboard(t *testing.T, args ...string) *dashboard {
	t.Helper()
	d := &dashboard{api: openaitest.Start(t, openaitest.Config{}), history: filepath.Join(t.TempDir(), "history.db")}
	d.host = strings.TrimPrefix(d.api.URL, "http://")
	d.server = startServe(t, append(append(d.args(), quick...), args...)...)
	d.tab = startBrowser(t, "http://"+d.Admin)
	return d
}

func (d *dashboard) args() []string {
	return []string{"--upstream", d.api.BaseURL, "--history", d.history}
}

// outage has a model fail until its circuit is open.
func (d *dashboard) outage(t *testing.T, model string) {
	t.Helper()
	d.api.Set(openaitest.Down{})
	for range 3 {
		d.chat(t, model)
	}
	if c := d.circuit(t, d.host+"/"+model); c.State != "open" {
		t.Fatalf("after three failures: %+v", c)
	}
}

// answered demands that a call succeeds.
func (d *dashboard) answered(t *testing.T, model string) {
	t.Helper()
	if said := d.chat(t, model); said.Status != http.StatusOK {
		t.Fatalf("a call to %s: %+v", model, said)
	}
}

// refused demands that the proxy refuses a call by itself, and returns what users read.
func (d *dashboard) refused(t *testing.T, model string) string {
	t.Helper()
	said := d.chat(t, model)
	if said.Status != http.StatusServiceUnavailable || said.Header.Get("Recloser-Kind") != "refused" {
		t.Fatalf("a call to %s is not refused: %+v", model, said)
	}
	return said.Header.Get("Recloser-Message")
}

// row is an expression for the row of a circuit on the overview.
func (d *dashboard) row(model string) string {
	name := d.host
	if model != "" {
		name += "/" + model
	}
	return "[...document.querySelectorAll('table.circuits tbody tr')].find((r) => r.querySelector('a').getAttribute('href') === '/circuits/' + encodeURIComponent(" + quoteJS(name) + "))"
}

// shows waits until the row of a circuit shows a state.
func (d *dashboard) shows(model, word string) {
	d.t.Helper()
	d.until(model+" is "+word, d.row(model)+"?.querySelector('td.state').innerText.trim() === "+quoteJS(word))
}

func quoteJS(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // no string does that
	}
	return string(quoted)
}

// admin makes a request to the admin listener, as a program would.
func (d *dashboard) admin(t *testing.T, method, path, body string, header http.Header) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(withPatience(t), method, "http://"+d.Admin+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text), err}
}
