package main

import (
	_ "embed"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/replay"
)

// With -update the tests write what they compare, which takes minutes: make replay-doc.
var (
	update   = flag.Bool("update", false, "write docs/replay.md and docs/policies.md anew")
	docSeeds = flag.Int("doc-seeds", 20, "with -update: so many seeds of each scenario, and ten times as many random worlds")
)

// Texts around what is generated; PLACEHOLDERS stand for that.
var (
	//go:embed testdata/docs/replay.md
	replayText string
	//go:embed testdata/docs/policies.md
	policiesText string
)

func docFile(name string) string { return filepath.Join("..", "..", "docs", name) }

// docs/replay.md lists the policies as they are.
func TestReplayDocumentation(t *testing.T) {
	all, err := presets(false)
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{{"policy", "what it does", "source"}}
	for _, p := range all {
		does, source := split(p.About)
		rows = append(rows, []string{"`" + p.Name + "`", does, source})
	}
	scenarios := [][]string{{"scenario", "what happens"}}
	for _, s := range replay.Scenarios() {
		scenarios = append(scenarios, []string{"`" + s.Name + "`", s.About})
	}
	scenarios = append(scenarios, []string{"`random`", "worlds drawn by the seed: rate, bursts, processes, answer times, deadline, background failures, and phases of all these kinds"})
	text := strings.NewReplacer("POLICIES\n", markdown(rows), "SCENARIOS\n", markdown(scenarios)).Replace(replayText)
	file := docFile("replay.md")
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(file); err != nil || string(have) != text {
		t.Errorf("%s is not what the code says (%v); if that is right, run go test -run ReplayDocumentation -update here", file, err)
	}
}

// docs/policies.md has the figures of all policies, which only -update computes anew.
func TestPoliciesDocumentation(t *testing.T) {
	file := docFile("policies.md")
	all, err := presets(false)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		figures, worse := scenarioFigures(t)
		text := strings.NewReplacer("SCENARIOS\n", figures, "WORSE", worse, "TRACES\n", traceFigures(t),
			"SEEDS", fmt.Sprint(*docSeeds), "WORLDS", fmt.Sprint(10**docSeeds)).Replace(policiesText)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if !strings.Contains(string(have), "`"+p.Name+"`") {
			t.Errorf("%s has no figures of %s: run make replay-doc", file, p.Name)
		}
	}
	for _, name := range scenarioNames() {
		if !strings.Contains(string(have), name) {
			t.Errorf("%s has no figures of the scenario %s: run make replay-doc", file, name)
		}
	}
}

// firstDocSeed is where the seeds of the documentation begin: fresh ones, with which
// nothing was tuned.
const firstDocSeed = 5000

// scenarioFigures are the table of all policies, and where the default is worse than
// the best of the others by more than 10.
func scenarioFigures(t *testing.T) (table, worse string) {
	t.Helper()
	together, err := presets(false)
	if err != nil {
		t.Fatal(err)
	}
	keyed, err := presets(true)
	if err != nil {
		t.Fatal(err)
	}
	b := &backtest{policies: together, seed: firstDocSeed}
	made, err := b.simulate(t.Context(), replay.Columns(firstDocSeed, *docSeeds, 10**docSeeds), chosen{together, keyed}, false)
	if err != nil {
		t.Fatal(err)
	}
	head := append([]string{"policy", "mean"}, made.Table.Scenarios...)
	rows := [][]string{head}
	for _, r := range made.Table.Rows {
		row := []string{"`" + r.Policy + "`", fmt.Sprintf("%.1f ± %.1f", r.Mean.Mean, r.Mean.Error)}
		for _, f := range r.Regrets {
			row = append(row, rounded(f.Mean))
		}
		rows = append(rows, row)
	}
	return markdown(rows), whereWorse(made.Table)
}

// whereWorse names the scenarios in which the default loses more than 10 requests in
// 1000 that the best policy of others does not lose.
func whereWorse(all *report.RegretTable) string {
	var names []string
	for i, name := range all.Scenarios {
		ours, best := 0., math.Inf(1)
		for _, r := range all.Rows {
			switch r.Policy {
			case adaptiveName:
				ours = r.Regrets[i].Mean
			case classicName:
			default:
				best = min(best, r.Regrets[i].Mean)
			}
		}
		if ours > best+10 {
			names = append(names, "`"+name+"`")
		}
	}
	if len(names) == 0 {
		return "In no scenario is it worse than the best of the others by more than 10."
	}
	return "It is worse than the best of the others by more than 10 in " + strings.Join(names, ", ") + "."
}

func traceFigures(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "replay", "testdata", "*.csv.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces (%v)", err)
	}
	all, err := presets(true)
	if err != nil {
		t.Fatal(err)
	}
	b := &backtest{policies: all, seed: firstDocSeed}
	var made []*report.Backtest
	for _, file := range files {
		one, err := b.replay(t.Context(), &traceReader{ended: atAnswer(filepath.Base(file))}, []string{file})
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, one)
	}
	rows := [][]string{{"trace", "attempts", "failed", "429"}}
	for _, p := range all {
		rows[0] = append(rows[0], "`"+p.Name+"`")
	}
	for i, one := range made {
		c := &one.Cards[0]
		row := []string{
			strings.TrimSuffix(filepath.Base(files[i]), ".csv.gz"), fmt.Sprint(c.Trace.Attempts), fmt.Sprint(c.Trace.Failed), fmt.Sprint(c.Trace.Limited),
		}
		for j := range c.Policies {
			row = append(row, bounds(&c.Policies[j]))
		}
		rows = append(rows, row)
	}
	return markdown(rows)
}

// atAnswer tells what replay/testdata/README.md does of the rows.
func atAnswer(name string) bool {
	for _, kind := range []string{"openai_", "azure_graphrag_", "selfhosted_"} {
		if strings.HasPrefix(name, kind) {
			return true
		}
	}
	return false
}

// bounds is a regret with what it may be.
func bounds(m *report.Marks) string {
	text, low, high := rounded(m.Regret), rounded(*m.RegretLow), rounded(*m.RegretHigh)
	if low != high {
		text += " (" + low + " to " + high + ")"
	}
	return text
}

func rounded(x float64) string { return strconv.Itoa(int(math.Round(x))) }

// markdown is a table; the first row is its head.
func markdown(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(&b, "|%s\n", strings.Repeat(" --- |", len(row)))
		}
	}
	return b.String()
}
