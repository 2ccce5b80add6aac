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
	"strconv"
	"strings"
	"testing"
)

const prometheusPackage = "apt-get install --no-install-recommends prometheus, or see your system's packages"

// needCommand returns the path of a program of another package.
func needCommand(t *testing.T, name, how string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name, how)
	}
	return path
}

// prometheus is one that runs beside a test, and scrapes a recloser.
type prometheus struct {
	*process

	url string
}

const prometheusConfig = `
global: {scrape_interval: 250ms, evaluation_interval: 250ms}
rule_files: [%q]
scrape_configs:
  - job_name: recloser
    authorization: {credentials: %s}
    static_configs: [{targets: [%q]}]
`

// startPrometheus runs one with the rules of the repository.
func startPrometheus(t *testing.T, admin string, args ...string) *prometheus {
	t.Helper()
	program, dir := needCommand(t, "prometheus", prometheusPackage), t.TempDir()
	rules, err := filepath.Abs(filepath.Join(deploy, "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, prometheusConfig, rules, secretToken, admin), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := "127.0.0.1:" + strconv.Itoa(freePort(t))
	cmd := exec.Command(program, append([]string{
		"--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + addr,
	}, args...)...)
	p := &prometheus{start(t, cmd, nil), "http://" + addr}
	eventually(t, "Prometheus is ready", func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/-/ready", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return p
}

// api asks Prometheus' API; what it says is an error that the test shows.
func (p *prometheus) api(t *testing.T, path string, params url.Values, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(withPatience(t), http.MethodGet, p.url+path+"?"+params.Encode(), nil)
	if err != nil {
		t.Fatal(err)
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
	var body struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.Unmarshal(text, &body); err != nil {
		t.Fatal(err)
	}
	if body.Status != "success" {
		t.Fatalf("%s %v: %s", path, params, body.Error)
	}
	if err := json.Unmarshal(body.Data, into); err != nil {
		t.Fatal(err)
	}
}

// series is one of the answers to a query.
type series struct {
	Metric map[string]string
	Value  []any // the time, and the number as a text; of a native histogram nothing

	Histogram []json.RawMessage
}

// query returns what an expression is now.
func (p *prometheus) query(t *testing.T, expr string) []series {
	t.Helper()
	var data struct{ Result json.RawMessage }
	p.api(t, "/api/v1/query", url.Values{"query": {expr}}, &data)
	var list []series
	if strings.HasPrefix(string(data.Result), "[{") {
		if err := json.Unmarshal(data.Result, &list); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// number returns the one number that an expression is now; -1: it is none.
func (p *prometheus) number(t *testing.T, expr string) float64 {
	t.Helper()
	list := p.query(t, expr)
	if len(list) != 1 || len(list[0].Value) != 2 {
		return -1
	}
	n, err := strconv.ParseFloat(fmt.Sprint(list[0].Value[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// becomes waits until an expression is that number.
func (p *prometheus) becomes(t *testing.T, expr string, want float64) {
	t.Helper()
	var last float64
	defer func() {
		if t.Failed() {
			t.Logf("%s is %v, not %v", expr, last, want)
		}
	}()
	eventually(t, expr, func() bool {
		last = p.number(t, expr)
		return last == want
	})
}
