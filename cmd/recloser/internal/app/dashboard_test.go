package app

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

func failing() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
}

// admin makes a request of the admin listener.
func (r *rig) adminDo(t *testing.T, method, path, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.AdminAddr().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (r *rig) fail(t *testing.T) {
	t.Helper()
	resp, err := http.Post(r.proxyURL()+"/v1/chat/completions", "application/json", strings.NewReader(`{"model":"m"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// watchEvents opens the event stream.
func (r *rig) watchEvents(t *testing.T) *bufio.Scanner {
	t.Helper()
	resp, err := http.Get("http://" + r.AdminAddr().String() + "/api/events")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	s := bufio.NewScanner(resp.Body)
	s.Buffer(nil, 1<<20)
	return s
}

// await reads until a line begins with what, and returns the next one.
func await(t *testing.T, s *bufio.Scanner, what string) string {
	t.Helper()
	for s.Scan() {
		if strings.HasPrefix(s.Text(), what) {
			s.Scan()
			return s.Text()
		}
	}
	t.Fatalf("no %q: %v", what, s.Err())
	return ""
}

// An outage, from the first call to the dashboard, and what somebody did to the history.
func TestDashboardOfAnOutage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "h.db")
	flags := map[string]string{"history": file, "failure-threshold": "2", "retries": "0", "base-timeout": "10m", "reset-timeout": "20m"}
	r := newRig(t, failing(), flags)
	events := r.watchEvents(t)
	await(t, events, "event: overview")
	r.fail(t)
	begin := time.Now()
	r.fail(t)
	if tr := await(t, events, "event: transition"); !strings.Contains(tr, `"to":"open"`) || time.Since(begin) > 5*time.Second {
		t.Errorf("%s after %v", tr, time.Since(begin))
	}
	var o struct {
		History  struct{ State string }
		Circuits []struct {
			Name, State string
			Ribbon      []string
		}
	}
	overview := func(r *rig) {
		_, body := r.adminDo(t, "GET", "/api/overview", "")
		if err := json.Unmarshal([]byte(body), &o); err != nil || len(o.Circuits) != 2 || o.Circuits[1].State != "open" || o.Circuits[1].Ribbon[59] != "open" || o.History.State != "ok" {
			t.Fatalf("%v %s", err, body)
		}
	}
	overview(r)
	name := strings.ReplaceAll(o.Circuits[1].Name, "/", "%2F")
	if status, body := r.adminDo(t, "POST", "/api/circuits/"+name+"/mode", `{"mode":"observe"}`, "Recloser-Actor", "page"); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	await(t, events, "event: audit")
	r.stop()
	if err := r.wait(t); err != nil {
		t.Error(err)
	}
	r = newRig(t, failing(), flags)
	past, err := r.history.Events(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour), report.OperatorEvent)
	if err != nil || len(past) != 1 || past[0].Reason != "mode observe" || past[0].Actor != "127.0.0.1 (page)" || past[0].Circuit != o.Circuits[1].Name {
		t.Errorf("%v %+v", err, past)
	}
	overview(r) // the ribbon too is as it was
	_, body := r.adminDo(t, "GET", "/api/circuits/"+name+"/detail?last=15m", "")
	var d struct {
		Slots       []struct{ Attempts map[string]int64 }
		Outages     []struct{ Cause string }
		Transitions []struct{ Reason, Mode string }
	}
	if err := json.Unmarshal([]byte(body), &d); err != nil || len(d.Outages) == 0 || d.Outages[0].Cause != "2 × 503" || len(d.Transitions) < 3 {
		t.Fatalf("%v %+v %+v", err, d.Outages, d.Transitions)
	}
	n := int64(0)
	for _, s := range d.Slots {
		n += s.Attempts["service"]
	}
	if n != 2 {
		t.Errorf("%d attempts", n)
	}
}

// Those who look do not hold up the end, and their streams end in order.
func TestEventStreamsEndWithTheProcess(t *testing.T) {
	r := newRig(t, failing(), nil)
	events := r.watchEvents(t)
	await(t, events, "event: overview")
	begin := time.Now()
	r.stop()
	if err := r.wait(t); err != nil {
		t.Error(err)
	}
	for events.Scan() {
	}
	if err := events.Err(); err != nil {
		t.Errorf("the stream does not end cleanly: %v", err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestDashboardFromDisk(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, failing(), map[string]string{"dashboard-dir": dir})
	if status, body := r.adminDo(t, "GET", "/", ""); status != 200 || body != "mine" {
		t.Errorf("%d %q", status, body)
	}
	if status, _ := r.adminDo(t, "GET", "/assets/%2e%2e/%2e%2e/etc/passwd", ""); status != 404 {
		t.Errorf("%d", status)
	}
	cfg, err := config.Load(config.Flags(map[string]string{"dashboard-dir": filepath.Join(dir, "none"), "history": "off", "listen": "127.0.0.1:0", "admin": "127.0.0.1:0"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), cfg, Options{}); err == nil || !strings.HasPrefix(err.Error(), "--dashboard-dir: ") {
		t.Error(err)
	}
}

// Another token takes effect at once, also for those who have a session.
func TestTokenChanges(t *testing.T) {
	r := newRig(t, failing(), map[string]string{"admin-token": "first"})
	status := func(token string) int {
		code, _ := r.adminDo(t, "GET", "/api/overview", "", "Authorization", "Bearer "+token)
		return code
	}
	if a, b := status("first"), status("second"); a != 200 || b != 401 {
		t.Errorf("%d %d", a, b)
	}
	next := *r.cfg.Load()
	next.AdminToken = "second"
	if !r.Reload(&next, nil) {
		t.Fatal("not taken")
	}
	if a, b := status("first"), status("second"); a != 401 || b != 200 {
		t.Errorf("%d %d", a, b)
	}
}

func TestNothingIsCountedWithoutAdminListener(t *testing.T) {
	if r := newRig(t, failing(), map[string]string{"admin": "off"}); r.live != nil || r.dashboard != nil {
		t.Error("for whom?")
	}
}
