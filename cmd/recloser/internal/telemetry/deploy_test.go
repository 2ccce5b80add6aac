package telemetry

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Of queries: a metric with what is in braces behind it, the labels there, and those
// that are grouped by.
var (
	quoted   = regexp.MustCompile(`"[^"]*"`)
	selector = regexp.MustCompile(`\b(recloser[a-z_:0-9]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`)
	record   = regexp.MustCompile(`(?m)^\s*- record: (\S+)$`)
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(repository(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// vocabulary are the metrics that queries can use, with their labels.
func vocabulary(t *testing.T) map[string][]string {
	t.Helper()
	scraped := []string{"job", "instance"}
	known := make(map[string][]string)
	for _, d := range Descriptions() {
		labels := append(slices.Clone(d.Labels), scraped...)
		if d.Type != Histogram {
			known[d.Name] = labels
			continue
		}
		known[d.Name+"_count"], known[d.Name+"_sum"], known[d.Name+"_bucket"] = labels, labels, append(labels, "le")
	}
	for _, found := range record.FindAllStringSubmatch(read(t, "deploy/prometheus/alerts.yml"), -1) {
		known[found[1]] = []string{"job"}
	}
	return known
}

// checkQuery demands that a query uses what there is.
func checkQuery(t *testing.T, known map[string][]string, query string) {
	t.Helper()
	plain := quoted.ReplaceAllString(query, `""`)
	groupable := map[string]bool{"alertname": true, "": true}
	for _, found := range selector.FindAllStringSubmatch(plain, -1) {
		labels, ok := known[found[1]]
		if !ok {
			t.Errorf("there is no metric %s: %s", found[1], query)
		}
		for _, m := range matcher.FindAllStringSubmatch(found[2], -1) {
			if !slices.Contains(labels, m[1]) {
				t.Errorf("%s has no label %s: %s", found[1], m[1], query)
			}
		}
		for _, label := range labels {
			groupable[label] = true
		}
	}
	for _, found := range grouping.FindAllStringSubmatch(plain, -1) {
		for label := range strings.SplitSeq(found[1], ",") {
			if !groupable[strings.TrimSpace(label)] {
				t.Errorf("nothing here has a label %s: %s", label, query)
			}
		}
	}
}

func TestCheckQuery(t *testing.T) {
	known := map[string][]string{"recloser_calls_total": {"kind", "job"}}
	checkQuery(t, known, `sum by (kind) (rate(recloser_calls_total{kind!~"a|b", job="x"}[5m]))`)
	for _, bad := range []string{`recloser_call_total`, `recloser_calls_total{knid="x"}`, `sum by (model) (recloser_calls_total)`} {
		var inner testing.T
		if checkQuery(&inner, known, bad); !inner.Failed() {
			t.Errorf("%s passes", bad)
		}
	}
}

// dashboard is what the tests read of the dashboard's file.
type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Panels        []struct {
		ID                       int
		Type, Title, Description string
		Datasource               source
		GridPos                  struct{ X, Y, W, H int }
		FieldConfig, Options     map[string]any
		Targets                  []struct {
			RefID, Expr string
			Datasource  source
		}
	}
	Templating struct {
		List []struct {
			Name, Type, Definition string
			Query                  any
		}
	}
	Annotations struct{ List []struct{ Name, Expr string } }
}

type source struct{ Type, UID string }

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, "deploy/prometheus/grafana-dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDashboardUsesWhatThereIs(t *testing.T) {
	known, d := vocabulary(t), readDashboard(t)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			checkQuery(t, known, target.Expr)
		}
	}
	for _, v := range d.Templating.List {
		checkQuery(t, known, v.Definition)
	}
	for _, a := range d.Annotations.List {
		checkQuery(t, known, a.Expr)
	}
}

// What Grafana demands of a dashboard's model, as far as a file can be wrong there.
func TestDashboardIsWellFormed(t *testing.T) {
	d := readDashboard(t)
	if d.UID == "" || d.Title == "" || d.SchemaVersion < 36 || len(d.Templating.List) == 0 || d.Templating.List[0].Type != "datasource" {
		t.Errorf("%q, %q, schema %d", d.UID, d.Title, d.SchemaVersion)
	}
	taken := make(map[[2]int]string)
	ids, kinds := make(map[int]bool), make(map[string]bool)
	for _, p := range d.Panels {
		ids[p.ID], kinds[p.Type] = true, true
		if p.Title == "" || p.Description == "" || p.Datasource.UID != "${datasource}" || p.FieldConfig["defaults"] == nil || p.FieldConfig["overrides"] == nil || len(p.Targets) == 0 {
			t.Errorf("panel %q lacks something", p.Title)
		}
		refs := make(map[string]bool)
		for _, target := range p.Targets {
			refs[target.RefID] = true
			if target.Expr == "" || target.Datasource != p.Datasource {
				t.Errorf("a query of panel %q lacks something", p.Title)
			}
		}
		if len(refs) != len(p.Targets) || p.GridPos.X < 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q: queries %v, at %v", p.Title, refs, p.GridPos)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other := taken[at]; other != "" {
					t.Fatalf("panels %q and %q overlap", p.Title, other)
				}
				taken[at] = p.Title
			}
		}
	}
	if len(ids) != len(d.Panels) || !kinds["state-timeline"] || !kinds["heatmap"] {
		t.Errorf("%d panels, ids %v, %v", len(d.Panels), ids, slices.Sorted(maps.Keys(kinds)))
	}
}

func TestRulesUseWhatThereIs(t *testing.T) {
	known, text := vocabulary(t), read(t, "deploy/prometheus/alerts.yml")
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") && !strings.Contains(line, "runbook_url:") && !strings.Contains(line, "- name:") && !strings.Contains(line, "next:") {
			checkRuleLine(t, known, line)
		}
	}
}

// checkRuleLine is checkQuery of a part of a rule, where what is grouped may be on
// another line.
func checkRuleLine(t *testing.T, known map[string][]string, line string) {
	t.Helper()
	checkQuery(t, known, grouping.ReplaceAllString(strings.ReplaceAll(line, `job="recloser"`, `job=""`), ""))
}

// Each alert says what to do, leads to a section that says more, and is tested.
func TestAlertsAreDocumentedAndTested(t *testing.T) {
	text, guide, tests := read(t, "deploy/prometheus/alerts.yml"), read(t, "deploy/prometheus/README.md"), read(t, "deploy/prometheus/alerts_test.yml")
	alerts := strings.Split(text, "- alert: ")[1:]
	for _, alert := range alerts {
		name, _, _ := strings.Cut(alert, "\n")
		for _, want := range []string{"severity: ", "summary: ", "users: ", "next: ", "/README.md#" + strings.ToLower(name) + "\n"} {
			if !strings.Contains(alert, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
		if !strings.Contains(guide, "### "+name+"\n") {
			t.Errorf("README.md has no section %s", name)
		}
		if !strings.Contains(tests, "alertname: "+name+"\n        exp_alerts:\n") || !strings.Contains(tests, "alertname: "+name+", exp_alerts: []") {
			t.Errorf("no test has %s fire, or not fire", name)
		}
	}
	if len(alerts) < 10 {
		t.Errorf("%d alerts", len(alerts))
	}
}
