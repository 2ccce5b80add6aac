package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/alert"
	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// A reload changes where alerts go; a target that is none changes nothing.
func TestReloadOfAlertTargets(t *testing.T) {
	pages := make(chan map[string]any, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var page map[string]any
		_ = json.NewDecoder(r.Body).Decode(&page)
		pages <- page
	}))
	defer hook.Close()
	r := newRig(t, http.NotFoundHandler(), nil)
	if len(r.alerts.Targets()) != 0 {
		t.Error("there are targets")
	}
	if r.Reload(r.again(t, "alerts=slak://hunter2", "alert-open-for=9s"), nil) {
		t.Error("a wrong target was taken")
	}
	if !r.Reload(r.again(t, "alerts=critical=generic+"+hook.URL+"/x", "alert-open-for=9s"), nil) {
		t.Fatal("it was not taken")
	}
	if to := r.alerts.Targets(); len(to) != 1 || !to[0].Critical || !strings.HasPrefix(to[0].Name, "generic") {
		t.Errorf("%+v", to)
	}
	r.alerts.tell(alert.Page{Key: "a", Severity: alert.Warning, State: alert.Firing})
	r.alerts.tell(alert.Page{Key: "b", Severity: alert.Critical, State: alert.Firing})
	if got := <-pages; got["key"] != "b" {
		t.Errorf("%v", got)
	}
	r.stop()
	if err := r.wait(t); err != nil {
		t.Error(err)
	}
}

// What the last process could not deliver the next one does, at once and only once, and
// what the pages list as alerts are the alerts.
func TestAPageThatNobodyTookOutlivesTheProcess(t *testing.T) {
	pages := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var page struct{ Title string }
		_ = json.NewDecoder(r.Body).Decode(&page)
		pages <- page.Title
	}))
	defer hook.Close()
	file := filepath.Join(t.TempDir(), "h.db")
	h, err := history.Open(t.Context(), history.Config{Path: file})
	if err != nil {
		t.Fatal(err)
	}
	h.Event(report.Event{
		Kind: report.AlertEvent, At: time.Now(), Key: "circuit/api.example/m", Circuit: "api.example/m", From: "critical", To: "firing",
		Reason: "circuit-open", Why: "m is down", Down: time.Now().Add(-time.Minute), Openings: 1, Mode: "awaited",
	})
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	flags := map[string]string{"alerts": "generic+" + hook.URL, "history": file}
	r := newRig(t, http.NotFoundHandler(), flags)
	select {
	case title := <-pages:
		if title != "CRITICAL: m is down" {
			t.Error(title)
		}
	case <-time.After(patience):
		t.Fatal("the page is lost")
	}
	eventually(t, "it is recorded that it was taken", func() bool {
		events, err := r.history.Events(t.Context(), time.Unix(0, 0), time.Now(), report.TakenEvent)
		return err == nil && len(events) == 1
	})
	if _, recent := r.adminDo(t, http.MethodGet, "/api/alerts", ""); strings.Count(recent, `"state":"firing"`) != 2 || strings.Count(recent, `"rule":`) != 3 {
		t.Error(recent)
	}
	r.stop()
	if err := r.wait(t); err != nil {
		t.Error(err)
	}
	r = newRig(t, http.NotFoundHandler(), flags)
	if all := r.alerts.Alerts(); len(all) != 1 || !all[0].Told {
		t.Errorf("%+v", all)
	}
}

// Who mends an address and reloads gets what it has not taken.
func TestAReloadKeepsPagesThatWait(t *testing.T) {
	asked := make(chan string, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusNotFound)
		}
		asked <- r.URL.Path
	}))
	defer hook.Close()
	r := newRig(t, http.NotFoundHandler(), map[string]string{"alerts": "generic+" + hook.URL + "/broken"})
	r.alerts.tell(alert.Page{Key: "a", Severity: alert.Critical, State: alert.Firing, Number: 1})
	<-asked
	if !r.Reload(r.again(t, "alerts=generic+"+hook.URL+"/mended"), nil) {
		t.Fatal("it was not taken")
	}
	for late := time.After(patience); ; {
		select {
		case path := <-asked:
			if path == "/mended" {
				return
			}
		case <-late:
			t.Fatal("the page is lost")
		}
	}
}

// Alerts link to the admin address, where nothing else is given.
func TestLinkOfAlerts(t *testing.T) {
	r := newRig(t, http.NotFoundHandler(), nil)
	if r.alerts.link != "http://"+r.AdminAddr().String() {
		t.Error(r.alerts.link)
	}
}
