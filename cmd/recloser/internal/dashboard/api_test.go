package dashboard

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
)

func TestOverview(t *testing.T) {
	r := newRig(t)
	empty := get[map[string]any](r, "/api/overview")
	if empty["bypass"] != false || empty["version"] != "v1" || len(empty["circuits"].([]any)) != 0 || len(empty["gates"].([]any)) != 0 ||
		empty["history"].(map[string]any)["state"] != "off" {
		t.Errorf("%v", empty)
	}
	r.call("calm")
	r.now(503)
	for range 3 {
		r.call("down")
	}
	o := get[jsonOverview](r, "/api/overview")
	if len(o.Circuits) != 3 || o.Seq == 0 || o.Seq > 1<<53 || time.Since(o.Now) > time.Minute {
		t.Fatalf("%+v", o)
	}
	down, calm, host := o.row("host/down"), o.row("host/calm"), o.row("host")
	if down.State != "open" || down.Parent != "host" || down.Cause != "2 × 503" || down.TotalCalls != 2 || down.RefusedCalls != 1 || *down.FailureRate != 1 ||
		!strings.HasPrefix(down.Users, "AI service is temporarily unavailable. Please try again in ") || down.Until == nil || down.Ribbon[59] != "open" ||
		!strings.Contains(down.Why, "next probe in") || *down.RetriesLeft != 10 || down.InFlight == nil || *down.InFlight != 0 {
		t.Errorf("%+v", down)
	}
	if calm.State != "closed" || calm.Users != "" || calm.Cause != "" || *calm.FailureRate != 0 || calm.P50 == nil || calm.Ribbon[59] != "ok" || len(calm.Ribbon) != 60 {
		t.Errorf("%+v", calm)
	}
	if host.TotalCalls != 3 || host.Users != "" || host.RetriesLeft != nil || host.Ribbon[59] != "bad" || *host.Rate <= *calm.Rate {
		t.Errorf("%+v", host)
	}
	// What the schema demands is there, and nothing else.
	status, body, _ := r.do("GET", "/api/overview", "")
	var raw struct{ Circuits []map[string]any }
	if err := json.Unmarshal([]byte(body), &raw); status != 200 || err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range raw.Circuits[0] {
		names = append(names, name)
	}
	slices.Sort(names)
	text, _, _ := strings.Cut(openAPIText[strings.Index(openAPIText, "    Row:\n"):], "properties:")
	want := regexp.MustCompile(`[a-z_0-9]+`).FindAllString(text[strings.Index(text, "required:")+len("required:"):], -1)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("a row has %v\nopenapi.yaml says %v", names, want)
	}
}

// Who is refused by the host's circuit reads the same at its models.
func TestUsersReadWhatTheHostSays(t *testing.T) {
	r := newRig(t)
	r.call("m")
	host := r.guard.Circuits().Get("host")
	for mode, want := range map[breaker.Mode]bool{breaker.Normal: false, breaker.ForcedOpen: true, breaker.Observe: false, breaker.Disabled: false} {
		if err := host.SetMode(mode); err != nil {
			t.Fatal(err)
		}
		o := get[jsonOverview](r, "/api/overview")
		if got := o.row("host/m").Users; (got != "") != want || got != o.row("host").Users {
			t.Errorf("%v: %q and %q", mode, got, o.row("host").Users)
		}
	}
	_ = host.SetMode(breaker.ForcedOpen)
	r.guard.Circuits().Bypass(true)
	if o := get[jsonOverview](r, "/api/overview"); o.row("host").Users != "" || !o.Bypass {
		t.Errorf("bypassed: %+v", o.row("host"))
	}
}

func TestBoundsAreInARow(t *testing.T) {
	r := newRig(t, func(_ *Config, g *guard.Config) { g.Limits.MaxInFlight = 7 })
	r.call("m")
	if got := get[jsonOverview](r, "/api/overview").Circuits[1].InFlight; got == nil || *got != 0 {
		t.Errorf("%v", got)
	}
}

func TestCircuitsAsJSON(t *testing.T) {
	r := newRig(t)
	if _, body, h := r.do("GET", "/api/circuits", ""); body != `{"circuits":[],"gates":[]}`+"\n" || h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("empty: %s %v", body, h)
	}
	start := time.Date(2026, 11, 24, 10, 0, 0, 0, time.FixedZone("", 3600)).Add(5 * time.Millisecond)
	model := r.guard.Circuits().ChildAt(start, "host", "model")
	for i := range 2 {
		p, err := model.AllowAt(start.Add(time.Duration(i) * time.Second))
		if err != nil {
			t.Fatal(err)
		}
		p.RecordAt(start.Add(time.Duration(i)*time.Second), breaker.Failure)
	}
	if _, err := model.AllowAt(start.Add(time.Second)); err == nil {
		t.Fatal("not open")
	}
	got := get[struct{ Circuits []map[string]any }](r, "/api/circuits").Circuits
	if len(got) != 2 || got[0]["name"] != "host" || got[0]["until"] != nil || got[0]["last_failure"] != nil {
		t.Fatalf("%v", got)
	}
	delete(got[1], "why")
	have, _ := json.Marshal(got[1])
	want := `{"bounds":null,"consecutive_failures":2,"failed_calls":2,"last_failure":"2026-11-24T09:00:01.005Z","mode":"normal","name":"host/model",` +
		`"openings":1,"probe_out":false,"ramp":0,"refused_calls":1,"since":"2026-11-24T09:00:01.005Z","stalled_calls":0,"state":"open","total_calls":2,` +
		`"until":"` + model.Metrics().Until.UTC().Format("2006-01-02T15:04:05.000Z") + `","would_refuse":0}`
	if string(have) != want {
		t.Errorf("%s\nwant %s", have, want)
	}
}

func TestGatesAsJSON(t *testing.T) {
	r := newRig(t)
	r.now(429, "Retry-After", "20")
	r.call("m")
	r.call("m")
	_, body, _ := r.do("GET", "/api/circuits", "")
	gates := get[jsonOverview](r, "/api/overview").Gates
	if strings.Contains(body, "sk-") || len(gates) != 1 {
		t.Fatalf("%s", body)
	}
	g := gates[0]
	until, err := time.Parse(time.RFC3339, g["until"].(string))
	if left := time.Until(until); err != nil || left < 15*time.Second || left > 20*time.Second {
		t.Errorf("until %v", g["until"])
	}
	if g["model"] != "m" || g["state"] != "closed" || g["rate_limits"] != 1.0 || g["refused_calls"] != 1.0 || len(g["key"].(string)) != 12 {
		t.Errorf("%v", g)
	}
}

func TestWhatThereIsNot(t *testing.T) {
	r := newRig(t)
	r.call("m")
	for _, c := range []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{"GET", "/nothing", 404, "not_found", ""},
		{"GET", "/api", 404, "not_found", ""},
		{"GET", "/api/circuits/", 404, "not_found", ""},
		{"GET", "/v1/models", 404, "not_found", ""},
		{"GET", "/assets/nothing.js", 404, "not_found", ""},
		{"GET", "/assets/", 404, "not_found", ""},
		{"GET", "/assets/%2e%2e/doc.go", 404, "not_found", ""},
		{"GET", at("host/other", "detail"), 404, "no_such_circuit", ""},
		{"POST", at("", "reset"), 404, "", ""},
		{"POST", at("host/other", "reset"), 404, "no_such_circuit", ""},
		{"POST", at("host/other", "mode"), 404, "no_such_circuit", ""},
		{"POST", "/api/gates/abc/m/reset", 404, "no_such_gate", ""},
		{"POST", "/api/overview", 405, "method_not_allowed", "GET, HEAD"},
		{"DELETE", at("host/m", "detail"), 405, "method_not_allowed", "GET, HEAD"},
		{"GET", at("host/m", "mode"), 405, "method_not_allowed", "POST"},
		{"GET", at("host/m", "reset"), 405, "method_not_allowed", "POST"},
		{"PUT", "/api/bypass", 405, "method_not_allowed", "POST"},
		{"OPTIONS", "/", 405, "method_not_allowed", "GET, HEAD"},
	} {
		status, body, h := r.do(c.method, c.path, "")
		if c.code == "" {
			if status == 200 {
				t.Errorf("%s %s: %d", c.method, c.path, status)
			}
			continue
		}
		var got map[string]apiError
		if err := json.Unmarshal([]byte(body), &got); err != nil || status != c.status || got["error"].Code != c.code || h.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %s %v", c.method, c.path, status, body, h)
		}
	}
}

// hostile are names that somebody could take for something else.
func hostile() []string {
	return []string{
		"a/b", "a/b/c", "..", ".", "../../x", "%2F", "%", "a b", "a+b", "a?b", "a#b", "a;b", `<img src=x onerror=alert(1)>`, `"'&<>`, "detail", "reset",
		"\u202eltr", "😀", "é", "a//b", "/", "//", "a\\b", "{name}", "{name...}", "a:b@c", strings.Repeat("x", 256), strings.Repeat("é", 128),
	}
}

func TestHostileNames(t *testing.T) {
	r := newRig(t)
	for _, model := range hostile() {
		b := r.guard.Circuits().Child("host", model)
		if r.call(model); r.guard.Circuits().Child("host", model) != b || b.Metrics().TotalCalls == 0 {
			if model != "\u202eltr" { // not printable: the guard counts it elsewhere
				t.Fatalf("%q: the guard has another name for it", model)
			}
		}
		name := "host/" + model
		d := get[struct{ Row jsonRow }](r, at(name, "detail"))
		if d.Row.Name != name {
			t.Errorf("%q: %q", name, d.Row.Name)
		}
		if status, body, _ := r.do("POST", at(name, "mode"), `{"mode":"observe"}`); status != 200 || b.Mode() != breaker.Observe {
			t.Errorf("%q: %d %s", name, status, body)
		}
		if status, body, _ := r.do("POST", at(name, "reset"), ""); status != 200 {
			t.Errorf("%q: %d %s", name, status, body)
		}
		if status, body, _ := r.do("GET", "/circuits/"+at(name, "")[len("/api/circuits/"):], ""); status != 200 || !strings.HasPrefix(body, "<!doctype html>") {
			t.Errorf("the page of %q: %d", name, status)
		}
	}
	_, body, _ := r.do("GET", "/api/overview", "")
	if strings.Contains(body, "<img") || !json.Valid([]byte(body)) {
		t.Error("markup as it was")
	}
}

func TestAssets(t *testing.T) {
	r := newRig(t)
	status, body, h := r.do("GET", "/assets/login.html", "")
	etag := h.Get("ETag")
	if status != 200 || len(body) == 0 || etag == "" || h.Get("Cache-Control") != "no-cache" || h.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %v", status, h)
	}
	if status, body, _ := r.do("GET", "/assets/login.html", "", "If-None-Match", etag); status != http.StatusNotModified || body != "" {
		t.Errorf("%d %q", status, body)
	}
	if status, body, _ := r.do("HEAD", "/", ""); status != 200 || body != "" {
		t.Errorf("%d %q", status, body)
	}
	files := fstest.MapFS{
		"index.html": {Data: []byte("one")}, "x/y.js": {Data: []byte("1")}, "login.html": {Data: []byte("<p hidden data-wrong>no")},
	}
	r = newRig(t, func(c *Config, _ *guard.Config) { c.Web = files })
	if _, body, _ := r.do("GET", "/circuits/a/b/c", ""); body != "one" {
		t.Errorf("%q", body)
	}
	if _, body, h := r.do("GET", "/assets/x/y.js", ""); body != "1" || h.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%q %v", body, h)
	}
	files["index.html"] = &fstest.MapFile{Data: []byte("two")} // somebody works at it
	if _, body, _ := r.do("GET", "/", ""); body != "two" {
		t.Errorf("%q", body)
	}
	if a, b := string(r.LoginPage(false)), string(r.LoginPage(true)); a != "<p hidden data-wrong>no" || b != "<p data-wrong>no" {
		t.Errorf("%q %q", a, b)
	}
}

// The page brings all it needs, and nothing that its policy would block.
func TestPageHasNoInlineScriptOrStyle(t *testing.T) {
	for _, name := range []string{"web/index.html", "web/login.html"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, pattern := range []string{`<script(>| [^>]*[^/]>[^<])`, `<style`, `\sstyle=`, `\son[a-z]+=`, `(src|href)="(https?:)?//`} {
			if found := regexp.MustCompile(pattern).FindString(string(text)); found != "" {
				t.Errorf("%s has %s", name, found)
			}
		}
	}
}

// openapi.yaml describes the API, and the front door, which is gateway's.
func TestOpenAPIIsThatOfTheCode(t *testing.T) {
	var want []string
	for _, route := range newRig(t).routes() {
		if strings.HasPrefix(route.path, "/api/") {
			want = append(want, strings.ToLower(route.method)+" "+route.path)
		}
	}
	want = append(want, "get /healthz", "get /readyz", "get /login", "post /login", "post /logout")
	var have []string
	path := ""
	paths, _, _ := strings.Cut(openAPIText[strings.Index(openAPIText, "\npaths:\n"):], "\ncomponents:\n")
	for line := range strings.Lines(paths) {
		line = strings.TrimRight(line, "\n")
		switch name, found := strings.CutSuffix(strings.TrimSpace(line), ":"); {
		case found && strings.HasPrefix(line, "  /"):
			path = name
		case found && strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "     ") && name != "parameters":
			have = append(have, name+" "+path)
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("openapi.yaml has %q\nthe code %q", have, want)
	}
	for _, ref := range regexp.MustCompile(`#/components/([a-z]+/[A-Za-z]+)`).FindAllStringSubmatch(openAPIText, -1) {
		_, name, _ := strings.Cut(ref[1], "/")
		if !strings.Contains(openAPIText, "    "+name+":") {
			t.Errorf("there is no %s", ref[0])
		}
	}
	r := newRig(t)
	if _, body, h := r.do("GET", "/api/openapi.yaml", ""); body != openAPIText || h.Get("Content-Type") != "application/yaml" {
		t.Errorf("%v", h)
	}
}
