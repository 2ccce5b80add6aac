package replay

import (
	"fmt"
	"math"
)

// Figure is a mean over seeds, and its standard error.
type Figure struct {
	Mean  float64 `json:"mean"`
	Error float64 `json:"standard_error"` // 0 with a single seed, too
}

// figure is that of some values.
func figure(values []float64) Figure {
	n := float64(len(values))
	var sum, squares float64
	for _, v := range values {
		sum += v
	}
	mean := sum / max(n, 1)
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	if n < 2 {
		return Figure{Mean: mean}
	}
	return Figure{mean, math.Sqrt(squares / (n - 1) / n)}
}

// Column is one scenario, or a family of them, and the seeds that it is played with.
type Column struct {
	Name  string
	Keyed bool
	Seeds []uint64
	Make  func(seed uint64) Scenario
}

// Columns are the scenarios with n seeds from first on, and so many random ones.
func Columns(first uint64, n, random int) []Column {
	var all []Column
	for _, s := range Scenarios() {
		all = append(all, Column{s.Name, s.Keyed, seeds(first, n), func(uint64) Scenario { return s }})
	}
	if random > 0 {
		all = append(all, Column{"random", false, seeds(first, random), Random})
	}
	return all
}

func seeds(first uint64, n int) []uint64 {
	all := make([]uint64, n)
	for i := range all {
		all[i] = first + uint64(i)
	}
	return all
}

// Cell is how a policy has fared in one column.
type Cell struct {
	Scenario string  `json:"scenario"`
	Policy   string  `json:"policy"`
	Regret   Figure  `json:"regret"` // against the oracle, requests in 1000
	Scores   []Score `json:"scores"` // by seed
	Oracle   []Score `json:"oracle"`
}

// Fill plays a column: each policy with each seed, and the oracle.
func (c Column) Fill(costs Costs, policies []Policy) ([]Cell, error) {
	cells := make([]Cell, len(policies))
	regrets := make([][]float64, len(policies))
	for _, seed := range c.Seeds {
		stage := c.Make(seed).Stage(seed)
		oracle, err := Run(stage, Oracle(costs))
		if err != nil {
			return nil, err
		}
		for i, p := range policies {
			score, err := Run(stage, p)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.Name, err)
			}
			cells[i].Scores, cells[i].Oracle = append(cells[i].Scores, score), append(cells[i].Oracle, oracle)
			regrets[i] = append(regrets[i], score.Regret(&oracle, costs))
		}
	}
	for i, p := range policies {
		cells[i].Scenario, cells[i].Policy, cells[i].Regret = c.Name, p.Name, figure(regrets[i])
	}
	return cells, nil
}

// Overall is the mean of the columns' means, and its standard error.
func Overall(row []Figure) Figure {
	var all Figure
	for _, f := range row {
		all.Mean += f.Mean / float64(len(row))
		all.Error += f.Error * f.Error
	}
	all.Error = math.Sqrt(all.Error) / float64(max(len(row), 1))
	return all
}
