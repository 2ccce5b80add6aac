package app

import (
	"net/http"
	"strings"
	"testing"
)

// What happens to calls is told to whom has the token, beside the dashboard.
func TestMetrics(t *testing.T) {
	r := newRig(t, failing(), map[string]string{"failure-threshold": "2", "retries": "0", "admin-token": "swordfish-swordfish"})
	for range 3 {
		r.fail(t)
	}
	if code, text := r.adminDo(t, http.MethodGet, "/metrics", ""); code != http.StatusUnauthorized || strings.Contains(text, "recloser_") {
		t.Error("without a token:", code, text)
	}
	code, text := r.adminDo(t, http.MethodGet, "/metrics", "", "Authorization", "Bearer swordfish-swordfish")
	if code != http.StatusOK {
		t.Fatal(code, text)
	}
	for _, want := range []string{
		`recloser_calls_total{kind="service",model="m",upstream="`, `recloser_circuit_transitions_total{from="closed",model="m",to="open",upstream="`,
		`recloser_calls_total{kind="refused",model="m",upstream="`, `version="v1"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
	if code, _ := r.adminDo(t, http.MethodGet, "/", "", "Authorization", "Bearer swordfish-swordfish"); code != http.StatusOK {
		t.Error("the dashboard:", code)
	}
}

func TestMetricsCanBeSwitchedOff(t *testing.T) {
	r := newRig(t, failing(), map[string]string{"metrics": "off"})
	r.fail(t)
	if code, text := r.adminDo(t, http.MethodGet, "/metrics", ""); code != http.StatusNotFound {
		t.Error(code, text)
	}
}

// The history says how it is.
func TestMetricsOfTheHistory(t *testing.T) {
	r := newRig(t, failing(), map[string]string{"history": t.TempDir() + "/h.db"})
	if _, text := r.adminDo(t, http.MethodGet, "/metrics", ""); !strings.Contains(text, `recloser_history_state{state="ok"} 1`) {
		t.Error(text)
	}
}
