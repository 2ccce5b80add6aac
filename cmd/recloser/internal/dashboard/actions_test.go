package dashboard

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
)

func TestActionsAreDoneAndWrittenDown(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, func(c *Config, _ *guard.Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	r.now(503)
	r.call("m")
	r.call("m")
	b := r.guard.Circuits().Child("host", "m")
	if b.State() != breaker.Open {
		t.Fatal(b.State())
	}
	for _, c := range []struct {
		path, body, action, circuit string
		ok                          func() bool
	}{
		{at("host/m", "mode"), `{"mode":"forced-open"}`, "mode forced-open", "host/m", func() bool { return b.Mode() == breaker.ForcedOpen }},
		{at("host/m", "mode"), `{"mode":"disabled"}`, "mode disabled", "host/m", func() bool { return b.Mode() == breaker.Disabled }},
		{at("host/m", "mode"), `{"mode":"observe"}`, "mode observe", "host/m", func() bool { return b.Mode() == breaker.Observe }},
		{at("host/m", "mode"), `{"mode":"normal"}`, "mode normal", "host/m", func() bool { return b.Mode() == breaker.Normal && b.State() == breaker.Open }},
		{at("host/m", "reset"), ``, "reset", "host/m", func() bool { return b.State() == breaker.Closed }},
		{"/api/bypass", `{"on":true}`, "bypass on", "", func() bool { return r.guard.Circuits().Bypassed() }},
		{"/api/bypass", `{"on":false}`, "bypass off", "", func() bool { return !r.guard.Circuits().Bypassed() }},
	} {
		log.Reset()
		status, body, _ := r.do("POST", c.path, c.body, "Recloser-Actor", "page")
		if status != 200 || !strings.HasPrefix(body, `{"ok":true`) || !c.ok() {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, body)
		}
		e := r.noted[len(r.noted)-1]
		if e.Kind != report.OperatorEvent || e.Reason != c.action || e.Circuit != c.circuit || e.Actor != "192.0.2.1 (page)" || e.Why == "" || e.At.IsZero() {
			t.Errorf("%s: %+v", c.action, e)
		}
		var line map[string]any
		if err := json.Unmarshal(log.Bytes(), &line); err != nil || line["action"] != c.action || line["actor"] != e.Actor || line["circuit"] != c.circuit {
			t.Errorf("%s: %s", c.action, log.Bytes())
		}
		if c.circuit != "" {
			var got struct{ Row jsonRow }
			if err := json.Unmarshal([]byte(body), &got); err != nil || got.Row.Name != c.circuit {
				t.Errorf("%s: %s", c.action, body)
			}
		}
	}
	if len(r.noted) != 7 {
		t.Errorf("%d", len(r.noted))
	}
}

func TestGatesAreReset(t *testing.T) {
	r := newRig(t)
	r.now(429, "Retry-After", "20")
	r.call("org/m")
	g := r.guard.Gates().All()
	var one *gate.Gate
	for _, g := range g {
		if g.State() == gate.Closed {
			one = g
		}
	}
	status, body, _ := r.do("POST", "/api/gates/"+one.Label()+"/org%2Fm/reset", "")
	if status != 200 || one.State() != gate.Open || !strings.Contains(body, `"gate":{"key":"`+one.Label()+`","model":"org/m","state":"open"`) {
		t.Errorf("%d %s", status, body)
	}
	if e := r.noted[0]; e.Reason != "gate reset" || e.Key != one.Label() || e.Circuit != "org/m" || e.Actor != "192.0.2.1 (api)" {
		t.Errorf("%+v", e)
	}
	// That of the key as such has no model.
	if status, body, _ := r.do("POST", "/api/gates/"+one.Label()+"/reset", ""); status != 200 || !strings.Contains(body, `"model":""`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestWrongActions(t *testing.T) {
	r := newRig(t)
	r.call("m")
	for _, c := range []struct{ path, body string }{
		{at("host/m", "mode"), ``}, {at("host/m", "mode"), `{}`}, {at("host/m", "mode"), `{"mode":null}`}, {at("host/m", "mode"), `{"mode":"open"}`},
		{at("host/m", "mode"), `{"mode":3}`}, {at("host/m", "mode"), `{"mode":"normal","x":1}`}, {at("host/m", "mode"), `{"mode":"normal"}{}`},
		{at("host/m", "mode"), `mode=normal`}, {"/api/bypass", ``}, {"/api/bypass", `{}`}, {"/api/bypass", `{"on":"yes"}`}, {"/api/bypass", `[true]`},
	} {
		if status, body, _ := r.do("POST", c.path, c.body); status != 400 || !strings.Contains(body, `"code":"invalid_body"`) {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, body)
		}
	}
	if len(r.noted) != 0 || r.guard.Circuits().Bypassed() {
		t.Errorf("%v", r.noted)
	}
}
