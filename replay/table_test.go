package replay

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

var (
	wholeTable = flag.Bool("table", false, "play all of TestScoreTable: 20 seeds of each scenario, 200 random ones")
	fewSeeds   = flag.Int("seeds", 20, "with -table: so many seeds, and ten times as many random worlds")
	firstSeed  = flag.Uint64("first", 1000, "with -table: the first seed")
	allKeyed   = flag.Bool("keyed", false, "with -table: the others have a circuit for each model everywhere")
	only       = flag.String("only", "", "with -table: policies whose name has this in it")
)

// ours are the policies of the library in the table.
func ours(keyed bool) []Policy {
	levels := OnlyUpstream
	if keyed {
		levels = OnlyModels
	}
	fixed := breaker.Config{BaseTimeout: 10 * time.Second, ResetTimeout: 10 * time.Second}
	adaptive := breaker.Config{NewPolicy: breaker.Adaptive(breaker.AdaptiveConfig{QuotaRun: breaker.Off})}
	return []Policy{
		Circuits{Levels: TwoLevels, Gates: true, Breaker: adaptive}.Policy("adaptive", "as production has it: calls before a gate are refused"),
		Circuits{Levels: TwoLevels, Gates: true, Breaker: adaptive, Patience: 20 * time.Second}.Policy("adaptive/waits", "they may wait for 20 s"),
		Circuits{Levels: TwoLevels, OneGate: true, Breaker: adaptive}.Policy("adaptive/key", "one gate a process: the limit is the key's"),
		Circuits{Levels: levels, OneGate: true, Breaker: adaptive}.Policy("adaptive/upstream", "one circuit, one gate"),
		Circuits{Levels: OnlyModels, Gates: true, Breaker: adaptive}.Policy("adaptive/models", "a circuit and a gate a model, none above"),
		Circuits{Levels: TwoLevels, Gates: true}.Policy("classic", "as production has it"),
		Circuits{Levels: levels, CountQuota: true}.Policy("classic/one", "one circuit, for the peers' sake"),
		Circuits{Levels: levels, Breaker: fixed, CountQuota: true}.Policy("classic/10s", "the peers' first, by the real breaker"),
	}
}

func TestScoreTable(t *testing.T) {
	if !*wholeTable {
		t.Skip("takes minutes; see -table")
	}
	printTable(t, Columns(*firstSeed, *fewSeeds, 10**fewSeeds))
}

// printTable plays columns and prints the regrets.
func printTable(t *testing.T, columns []Column) {
	t.Helper()
	rows := map[string][]Figure{}
	var names []string
	head := fmt.Sprintf("%-16s %13s", "policy", "MEAN")
	for _, c := range columns {
		policies := slices.DeleteFunc(append(ours(c.Keyed), Peers(c.Keyed || *allKeyed)...), func(p Policy) bool { return !strings.Contains(p.Name, *only) })
		cells, err := c.Fill(SpecCosts(), policies)
		if err != nil {
			t.Fatal(err)
		}
		head += fmt.Sprintf(" %8.8s", c.Name)
		for _, cell := range cells {
			if rows[cell.Policy] == nil {
				names = append(names, cell.Policy)
			}
			rows[cell.Policy] = append(rows[cell.Policy], cell.Regret)
		}
	}
	fmt.Println(head)
	for _, name := range names {
		all := Overall(rows[name])
		fmt.Printf("%-16s %7.1f ±%4.1f", name, all.Mean, all.Error)
		for _, f := range rows[name] {
			fmt.Printf(" %8.1f", f.Mean)
		}
		fmt.Println()
	}
}
