package replay

import (
	"testing"
	"time"
)

// elsewhere are worlds that are not in the list which the adaptive policy was designed
// with: other shapes of answer times, failures that come together, exact lengths, steps.
func elsewhere() []Scenario {
	part := func(from, to time.Duration, fail float64) Phase { return Phase{From: from, To: to, Fail: fail} }
	return []Scenario{
		{Name: "heavy-tail", Sigma: 1.3, Deadline: minute, Phases: []Phase{part(3*minute, 8*minute, 1)}},
		{Name: "heavy-stall", Sigma: 1.3, Phases: []Phase{{From: 3 * minute, To: 8 * minute, Hang: 1}}},
		{Name: "even-times", Sigma: 0.1, Median: 4 * second, Phases: []Phase{part(3*minute, 5*minute, 1), part(12*minute, 13*minute, 1)}},
		{Name: "exactly-300s", Exact: true, Phases: []Phase{part(2*minute, 7*minute, 1), part(12*minute, 17*minute, 1)}},
		{Name: "blips", Exact: true, Phases: every(20*second, 20*second, 58, part(0, second, 0.75))},
		{Name: "together", Base: -1, Phases: every(minute, minute, 18, part(0, 3*second, 1))},
		{Name: "grey85", Phases: []Phase{part(3*minute, 13*minute, 0.85)}},
		{Name: "base5", Base: 0.05, Phases: []Phase{part(3*minute, 8*minute, 1)}},
		{Name: "creeping", Phases: []Phase{part(2*minute, 4*minute, 0.1), part(4*minute, 6*minute, 0.4), part(6*minute, 8*minute, 0.8), part(8*minute, 12*minute, 1)}},
		{Name: "by-steps", Phases: []Phase{part(2*minute, 6*minute, 1), part(6*minute, 8*minute, 0.7), part(8*minute, 10*minute, 0.4), part(10*minute, 12*minute, 0.1)}},
		{Name: "hang70", Phases: []Phase{{From: 3 * minute, To: 8 * minute, Hang: 0.7}}},
		{Name: "one-in-20s", Phases: []Phase{{From: 3 * minute, To: 13 * minute, Limit: 0.05}}},
		{Name: "100-a-second", Rate: 100, Replicas: 1, Length: 10 * minute, Phases: []Phase{part(2*minute, 5*minute, 1)}},
	}
}

// elsewhereRandom is a random world with other answer times, that ends its phases on the
// second.
func elsewhereRandom(seed uint64) Scenario {
	s := Random(seed)
	s.Exact, s.Sigma = true, []float64{0.1, 1, 1.4}[seed%3]
	return s
}

func TestElsewhereTable(t *testing.T) {
	if !*wholeTable {
		t.Skip("takes minutes; see -table")
	}
	var columns []Column
	for _, s := range elsewhere() {
		columns = append(columns, Column{s.Name, false, seeds(*firstSeed, *fewSeeds), func(uint64) Scenario { return s }})
	}
	columns = append(columns, Column{"random", false, seeds(*firstSeed, 10**fewSeeds), elsewhereRandom})
	printTable(t, columns)
}
