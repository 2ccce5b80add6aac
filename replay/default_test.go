package replay

import "testing"

// The regret of what guard and serve do by default, over all scenarios and ten random
// worlds, and how much worse a change may make it: a tenth. Other seeds give other
// figures, see docs/policies.md; these give the same each time.
const (
	defaultRegret = 24.9
	defaultMargin = 2.5
)

func TestTheDefaultGetsNoWorse(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	var row []Figure
	for _, c := range Columns(7000, 1, 10) {
		cells, err := c.Fill(SpecCosts(), ours(c.Keyed)[:1])
		if err != nil {
			t.Fatal(err)
		}
		row = append(row, cells[0].Regret)
	}
	mean := Overall(row).Mean
	t.Logf("%.1f", mean)
	if mean > defaultRegret+defaultMargin {
		t.Errorf("a regret of %.1f, where it was %.1f: if that is worth it, say why, and write the new figure here", mean, defaultRegret)
	}
	if mean < defaultRegret-defaultMargin {
		t.Errorf("a regret of %.1f, where it was %.1f: write the new figure here, so that it stays", mean, defaultRegret)
	}
}
