package config

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAlertTargets(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "pager")
	if err := os.WriteFile(secret, []byte("critical=pagerduty://hunter3\nsmtp://h/?a=b,c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"SLACK=slack://hook:hunter2@webhook"}
	slack := AlertTarget{URL: "slack://hook:hunter2@webhook"}
	pager, mail := AlertTarget{"pagerduty://hunter3", true}, AlertTarget{URL: "smtp://h/?a=b,c"}
	for _, tt := range []struct {
		text string
		want []AlertTarget
	}{
		{"alerts: [slack://hook:hunter2@webhook]", []AlertTarget{slack}},
		{"alerts: ['generic://h/critical=1']", []AlertTarget{{URL: "generic://h/critical=1"}}},
		{"alerts: slack://hook:hunter2@webhook", []AlertTarget{slack}},
		{"alerts: [{env: SLACK}, {file: " + secret + "}]", []AlertTarget{slack, pager, mail}},
		{"alerts:\n  to: {env: SLACK}\n  slo: off", []AlertTarget{slack}},
		{"alerts:\n  to:\n    - critical=pagerduty://hunter3\n    - {env: SLACK}", []AlertTarget{pager, slack}},
		{"alerts:", nil},
		{"alerts: {}", nil},
		{"alerts: []", nil},
	} {
		c, err := readText(t, nil, environ, tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if !reflect.DeepEqual(c.Alerts.To, tt.want) {
			t.Errorf("%s: %+v", tt.text, c.Alerts.To)
		}
		var out bytes.Buffer
		if err := c.WriteYAML(&out); err != nil || strings.Contains(out.String(), "hunter") {
			t.Errorf("%s: %v\n%s", tt.text, err, &out)
		}
		if _, err := readText(t, nil, environ, out.String()); err != nil {
			t.Errorf("%s: what comes of it cannot be read: %v\n%s", tt.text, err, &out)
		}
	}
	c, err := load([]string{"alerts=slack://a  critical=pagerduty://b"}, nil)
	if err != nil || len(c.Alerts.To) != 2 || c.Settings.Get("alerts").Shown() != "[set]" {
		t.Errorf("%v %+v", err, c)
	}
}

func TestWrongAlerts(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"alerts: [hunter2]", "recloser.yaml:1: alerts[0]: use a URL such as slack://hook:TOKENS@webhook, or where to find it: {env: NAME} or {file: PATH}"},
		{"alerts:\n  to:\n    - {env: NONE}", "recloser.yaml:3: alerts.to: the environment variable NONE is not set: set it, or name another"},
		{"alerts:\n  too: [slack://a]", "recloser.yaml:2: there is no field alerts.too; did you mean alerts.to?"},
		{"alerts: ['slack://hunter2,critical=generic+https://hunter3']", "recloser.yaml:1: alerts.to: entry 1 has two URLs with a comma between them: separate them by white space, or write %2C for a comma within one"},
		{"alerts: ['slack://a', 'critcal=slack://hunter2']", "recloser.yaml:1: alerts.to: entry 2 begins with a word that is no service's; did you mean critical=?"},
		{"alerts: Critical=slack://hunter2", "recloser.yaml:1: alerts.to: entry 1 begins with a word that is no service's; did you mean critical=?"},
		{"alerts:\n  repeat: 59s", `recloser.yaml:2: alerts.repeat is "59s": use a duration from 1m to 24h, such as 1m30s, or off`},
		{"alerts:\n  repeat: often", `recloser.yaml:2: alerts.repeat is "often": use a duration from 1m to 24h, such as 1m30s, or off`},
		{"alerts:\n  open_for: 10ms", `recloser.yaml:2: alerts.open_for is "10ms": use a duration from 1s to 24h, such as 1m30s, or off`},
		{"alerts:\n  degraded_for: 25h", `recloser.yaml:2: alerts.degraded_for is "25h": use a duration from 1s to 24h, such as 1m30s, or off`},
		{"alerts:\n  settle: 1ms", `recloser.yaml:2: alerts.settle is "1ms": use a duration from 1s to 24h, such as 1m30s`},
		{"alerts:\n  brownout_for: 2h", `recloser.yaml:2: alerts.brownout_for is "2h": use a duration from 1s to 1h, such as 1m30s`},
		{"alerts:\n  slo: 1", `recloser.yaml:2: alerts.slo is "1": use a number from 0.5 to 0.99999, such as 0.99, or off`},
		{"alerts:\n  mute_until: tomorrow", `recloser.yaml:2: alerts.mute_until is "tomorrow": use a time with its zone, such as 2026-11-26T18:00:00Z, or off`},
		{"alerts:\n  link: recloser", `recloser.yaml:2: alerts.link is "recloser": use the address of the dashboard as people reach it, such as https://recloser.example.com, or auto`},
		{"overrides:\n  - models: [a]\n    alerts: {slo: off}", "recloser.yaml:3: overrides[0].alerts.slo is the same for all calls: move it out of overrides"},
	} {
		_, err := readText(t, nil, nil, tt.text)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\nhave %v\nwant %s", tt.text, err, tt.want)
		}
	}
	if _, err := load([]string{"alerts=hunter2"}, nil); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

func TestAlertRules(t *testing.T) {
	c, err := readText(t, nil, nil, `
alerts:
  open_for: off
  flaps: off
  brownout: off
  degraded_for: 0
  settle: 1s
  ignore: ["*/gpt-3*", lab/x]
  mute_until: 2026-11-26T18:00:00+01:00
`)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Alerts.Rules
	if r.OpenFor != 0 || r.DegradedFor != 0 || r.Settle != time.Second || r.Flaps != 0 || r.Brownout != 0 || r.SLO != 0.99 || r.Repeat != 4*time.Hour || !reflect.DeepEqual(r.Ignore, []string{"*/gpt-3*", "lab/x"}) || r.MuteUntil.UTC().Hour() != 17 {
		t.Errorf("%+v", r)
	}
}
