package telemetry

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

var update = flag.Bool("update", false, "write docs/metrics.md anew")

// referenceText is what docs/metrics.md says around its table.
//
//go:embed testdata/metrics.md
var referenceText string

func repository(name string) string {
	return filepath.Join("..", "..", "..", "..", filepath.FromSlash(name))
}

// referenceTable lists all metrics.
func referenceTable() string {
	var b strings.Builder
	b.WriteString("| metric | type | labels | unit | meaning |\n| --- | --- | --- | --- | --- |\n")
	for _, d := range Descriptions() {
		meaning := d.Help
		if d.When != "" {
			meaning += " There is a series " + d.When + "."
		}
		labels := "none"
		if len(d.Labels) > 0 {
			labels = "`" + strings.Join(d.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", d.Name, d.Type, labels, d.unit(), strings.ReplaceAll(meaning, "|", "\\|"))
	}
	return b.String()
}

// unit is what the name says, or what is counted.
func (d Description) unit() string {
	for _, unit := range []string{"timestamp_seconds", "seconds", "bytes", "tokens", "calls", "attempts"} {
		switch {
		case !strings.HasSuffix(strings.TrimSuffix(d.Name, "_total"), "_"+unit):
		case unit == "timestamp_seconds":
			return "s since 1970"
		case unit == "seconds":
			return "s"
		default:
			return unit
		}
	}
	switch d.Name {
	case gateRate:
		return "calls a second"
	case circuitsBypassed, buildInfo, circuitState, circuitMode, gateState, historyState:
		return "0 or 1"
	}
	return "number"
}

func TestReferenceIsThatOfTheCode(t *testing.T) {
	name, text := repository("docs/metrics.md"), strings.Replace(referenceText, "{{table}}\n", referenceTable(), 1)
	if *update {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(name); err != nil || string(was) != text {
		t.Error("docs/metrics.md is not what the code says: run go test ./internal/telemetry -run ReferenceIsThatOfTheCode -update in cmd/recloser", err)
	}
}

// typeOf is the description's word for a type.
func typeOf(f *dto.MetricFamily) Type { return Type(strings.ToLower(f.GetType().String())) }

// Everything that is collected is described, as it is; everything that is described is
// collected, for there is a state in which it is.
func TestDescriptionsAreComplete(t *testing.T) {
	found := make(map[string]*dto.MetricFamily)
	for _, r := range []*rig{outage(t, MeterConfig{}, everything), limited(t)} {
		for _, f := range gather(t, r) {
			if strings.HasPrefix(f.GetName(), "recloser_") {
				found[f.GetName()] = f
			}
		}
	}
	for _, d := range Descriptions() {
		f := found[d.Name]
		delete(found, d.Name)
		if f == nil {
			t.Errorf("%s is described, and not collected", d.Name)
			continue
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		if want := slices.Sorted(slices.Values(d.Labels)); !slices.Equal(labels, want) || typeOf(f) != d.Type || f.GetHelp() != d.Help {
			t.Errorf("%s is a %s with %v, not a %s with %v", d.Name, typeOf(f), labels, d.Type, want)
		}
		if !strings.HasSuffix(d.Help, ".") || strings.ContainsAny(d.Help, "\n\t") {
			t.Errorf("%s: %q is no sentence", d.Name, d.Help)
		}
	}
	for name := range found {
		t.Errorf("%s is collected, and not described", name)
	}
}
