package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recloser/recloser/openaitest"
)

// deploy has what users of Prometheus are given.
var deploy = filepath.Join("..", "deploy", "prometheus")

// measured is a proxy with a service behind it, whose metrics need the token.
type measured struct {
	*server

	api  *openaitest.Local
	host string
}

func startMeasured(t *testing.T, args ...string) *measured {
	t.Helper()
	m := &measured{api: openaitest.Start(t, openaitest.Config{})}
	m.host = strings.TrimPrefix(m.api.URL, "http://")
	m.server = startServeIn(t, []string{"RECLOSER_ADMIN_TOKEN=" + secretToken},
		append([]string{"--upstream", m.api.BaseURL, "--failure-threshold", "3", "--retries", "0", "--base-timeout", "10m", "--reset-timeout", "20m"}, args...)...)
	return m
}

// outage are two answers, three failures that open the circuit, and twelve refusals.
func (m *measured) outage(t *testing.T) {
	t.Helper()
	for range 2 {
		if said := m.chat(t, "gpt-5"); said.Status != http.StatusOK {
			t.Fatalf("%+v", said)
		}
	}
	m.api.Set(openaitest.Down{})
	for range 15 {
		m.chat(t, "gpt-5")
	}
}

// scrape returns the metrics as text.
func (m *measured) scrape(t *testing.T) string {
	t.Helper()
	req, err := http.NewRequestWithContext(withPatience(t), http.MethodGet, "http://"+m.Admin+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secretToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	return string(text)
}

// What a real Prometheus makes of an outage is what happened.
func TestPrometheusSeesAnOutage(t *testing.T) {
	m := startMeasured(t)
	p := startPrometheus(t, m.Admin)
	m.chat(t, "gpt-5")
	of := func(more string) string {
		return fmt.Sprintf(`{job="recloser", upstream=%q, model="gpt-5"%s}`, m.host, more)
	}
	p.becomes(t, `recloser_calls_total`+of(`, kind="success"`), 1) // before the outage, which is then an increase
	m.outage(t)
	p.becomes(t, `recloser_calls_total`+of(`, kind="refused"`), 12)
	for expr, want := range map[string]float64{
		`recloser_calls_total` + of(`, kind="success"`):                               3,
		`recloser_calls_total` + of(`, kind="service"`):                               3,
		`sum(recloser_calls_total` + of("") + `)`:                                     18,
		`sum(recloser_attempts_total` + of("") + `)`:                                  6,
		`recloser_circuit_state` + of(`, state="open"`):                               1,
		`recloser_circuit_transitions_total` + of(`, from="closed", to="open"`):       1,
		`recloser_attempt_duration_seconds_count` + of(""):                            3,
		`recloser_call_duration_seconds_bucket` + of(`, le="+Inf"`):                   6,
		`recloser_circuit_refusals_total` + of(""):                                    12,
		`recloser_history_state{state="ok"}`:                                          1,
		`count(recloser_build_info)`:                                                  1,
		`count(up{job="recloser"} == 1)`:                                              1,
		`sum by (model) (recloser_circuit_state{model!="", state=~"open|half-open"})`: 1,
	} {
		if got := p.number(t, expr); got != want {
			t.Errorf("%s is %v, not %v", expr, got, want)
		}
	}
	p.becomes(t, `count(ALERTS{alertname="RecloserErrorBudgetBurn", severity="critical", window="1h", alertstate="firing"})`, 1)
	p.checkRules(t)
	p.checkDashboard(t)
}

// checkRules demands that all rules are evaluated without an error.
func (p *prometheus) checkRules(t *testing.T) {
	t.Helper()
	var data struct {
		Groups []struct {
			Name  string
			Rules []struct{ Name, Health, LastError string }
		}
	}
	p.api(t, "/api/v1/rules", nil, &data)
	rules := 0
	for _, group := range data.Groups {
		for _, rule := range group.Rules {
			if rules++; rule.Health != "ok" {
				t.Errorf("%s: %s is %s: %s", group.Name, rule.Name, rule.Health, rule.LastError)
			}
		}
	}
	if rules < 15 {
		t.Errorf("%d rules", rules)
	}
}

// checkDashboard demands that Prometheus understands all queries of the dashboard.
func (p *prometheus) checkDashboard(t *testing.T) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(deploy, "grafana-dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(file, &dashboard); err != nil {
		t.Fatal(err)
	}
	variables := strings.NewReplacer("$__rate_interval", "1m", "$__range", "1h", "$job", ".*", "$upstream", ".*", "$model", ".*")
	// What needs a limit, or what is not over in a test.
	silent := map[string]bool{"Keys parked": true, "Gates": true, "Limits that the service reports": true, "Recloser's own alerts and notifications": true}
	for _, panel := range dashboard.Panels {
		found := 0
		for _, target := range panel.Targets {
			found += len(p.query(t, variables.Replace(target.Expr)))
		}
		if found == 0 && !silent[panel.Title] {
			t.Errorf("the panel %q shows nothing", panel.Title)
		}
	}
}

// A Prometheus that takes native histograms gets them.
func TestPrometheusTakesNativeHistograms(t *testing.T) {
	m := startMeasured(t, "--native-histograms", "on")
	p := startPrometheus(t, m.Admin, "--enable-feature=native-histograms")
	m.outage(t)
	p.becomes(t, `histogram_count(recloser_call_duration_seconds{model="gpt-5"})`, 5)
	if found := p.query(t, `recloser_call_duration_seconds{model="gpt-5"}`); len(found) != 1 || len(found[0].Histogram) != 2 {
		t.Errorf("%+v", found)
	}
	if p95 := p.number(t, `histogram_quantile(0.95, recloser_call_duration_seconds{model="gpt-5"})`); p95 <= 0 || p95 > 20 {
		t.Errorf("the 95th percentile is %v", p95)
	}
}

// Without the token there is nothing to scrape, and Prometheus says so.
func TestPrometheusNeedsTheToken(t *testing.T) {
	m := startServeIn(t, []string{"RECLOSER_ADMIN_TOKEN=another-token-of-the-listener"})
	p := startPrometheus(t, m.Admin)
	p.becomes(t, `up{job="recloser"}`, 0)
	var data struct{ ActiveTargets []struct{ LastError string } }
	p.api(t, "/api/v1/targets", url.Values{"state": {"active"}}, &data)
	if len(data.ActiveTargets) != 1 || !strings.Contains(data.ActiveTargets[0].LastError, "401") {
		t.Errorf("%+v", data)
	}
}

// promtool has nothing to say against names, rules, and what they do.
func TestPromtool(t *testing.T) {
	promtool := needCommand(t, "promtool", prometheusPackage)
	m := startMeasured(t)
	m.outage(t)
	for _, run := range []struct {
		args  []string
		stdin string
	}{
		{[]string{"check", "metrics"}, m.scrape(t)},
		{[]string{"check", "rules", "alerts.yml"}, ""},
		{[]string{"test", "rules", "alerts_test.yml"}, ""},
	} {
		cmd := exec.CommandContext(t.Context(), promtool, run.args...)
		cmd.Dir, cmd.Stdin = deploy, strings.NewReader(run.stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", run.args, err, out)
		}
	}
}
