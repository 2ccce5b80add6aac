package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// webhook takes what is sent to it, and answers with a status.
type webhook struct {
	*httptest.Server

	then int // the status of all answers but the first; 0: the same

	mu   sync.Mutex
	said []map[string]any
}

func newWebhook(t *testing.T, status int) *webhook {
	h := &webhook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var page map[string]any
		_ = json.NewDecoder(r.Body).Decode(&page)
		h.mu.Lock()
		h.said = append(h.said, page)
		status := status
		if len(h.said) > 1 && h.then != 0 {
			status = h.then
		}
		h.mu.Unlock()
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "hunter2")
	}))
	t.Cleanup(h.Close)
	return h
}

// url is that of the target.
func (h *webhook) url() string { return "generic+" + h.URL + "/hook?secret=hunter2" }

func runAlertTest(t *testing.T, alerts string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), []string{"alert", "test"}, streams{out: &stdout, err: &stderr, environ: []string{"RECLOSER_ALERTS=" + alerts}})
	if strings.Contains(stdout.String()+stderr.String(), "hunter2") {
		t.Errorf("a secret is shown:\n%s%s", &stdout, &stderr)
	}
	return code, stdout.String(), stderr.String()
}

func TestAlertTest(t *testing.T) {
	good, bad := newWebhook(t, http.StatusOK), newWebhook(t, http.StatusForbidden)
	code, out, _ := runAlertTest(t, good.url())
	if code != exitOK || !strings.HasSuffix(out, "\tsent\n") {
		t.Errorf("%d %s", code, out)
	}
	if n := len(good.said); n != 2 || good.said[0]["test"] != true || good.said[0]["state"] != "firing" || good.said[1]["state"] != "resolved" || good.said[0]["key"] != good.said[1]["key"] {
		t.Errorf("%d pages: %v", n, good.said)
	}
	code, out, errs := runAlertTest(t, bad.url()+" critical="+good.url())
	if code != exitFailure || !strings.Contains(out, "failed: ") || !strings.Contains(out, "\tsent\n") || !strings.Contains(errs, "1 of 2 targets") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	once := newWebhook(t, http.StatusOK)
	once.then = http.StatusForbidden
	code, out, errs = runAlertTest(t, once.url())
	if code != exitFailure || strings.Contains(out, "failed") || !strings.Contains(out, "\tsent, but that it is over was not taken: answered 403 Forbidden") || !strings.Contains(errs, "1 of 1 targets") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	code, _, errs = runAlertTest(t, "")
	if code != exitUsage || !strings.Contains(errs, "no target") {
		t.Errorf("%d %s", code, errs)
	}
	code, _, errs = runAlertTest(t, "slak://hook:hunter2@webhook")
	if code != exitUsage || !strings.Contains(errs, "RECLOSER_ALERTS, entry 1: there is no such service; did you mean slack?") {
		t.Errorf("%d %s", code, errs)
	}
}
