package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/recloser/recloser/replay"
)

// Played is what was played of one trace, or of one scenario.
type Played struct {
	Name, About string

	// Trace has the facts of a trace, which was played as it is likely, at best and at
	// worst, in this order. Nil: it is a scenario, played with one seed after the other.
	Trace     *replay.TraceFacts
	Models    []string // that the numbers in Trace stand for
	CallsTold bool     // some rows say which call they belong to
	Unsorted  int      // rows that stood before an earlier one

	Oracle   []replay.Score   // of each run
	Policies [][]replay.Score // likewise, in the order of BacktestInput

	// Series are of the first run: the oracle's and then the policies'. None: there are
	// no plots.
	Series []replay.Series
}

// BacktestInput is what a Backtest is made of.
type BacktestInput struct {
	Title    string
	Seed     uint64
	Costs    replay.Costs
	Policies []replay.Policy // name and description
	Played   []Played
	Table    bool // policies by scenarios are what is asked for; else the scorecards are
	Detail   bool // and those too
}

// Backtest tells how policies have fared. It is plain data, by the rules of Report.
type Backtest struct {
	Title    string       `json:"title"`
	Seed     uint64       `json:"seed"`
	Costs    replay.Costs `json:"costs"` // in requests
	Policies []PolicyName `json:"policies"`
	Table    *RegretTable `json:"table,omitempty"`
	Cards    []Scorecard  `json:"scorecards,omitempty"` // by trace or scenario
	Sum      *Scorecard   `json:"sum,omitempty"`        // of several traces
	Notes    []string     `json:"notes"`                // how the figures are made, and what they lack
}

// PolicyName is what a policy is called, and what it does.
type PolicyName struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// RegretTable is the regret of each policy in each scenario, the least mean first.
type RegretTable struct {
	Scenarios []string    `json:"scenarios"`
	Rows      []RegretRow `json:"rows"`
}

// RegretRow is that of one policy.
type RegretRow struct {
	Policy  string          `json:"policy"`
	Mean    replay.Figure   `json:"mean"` // of the scenarios' means
	Regrets []replay.Figure `json:"regrets"`
}

// MakeBacktest computes it.
func MakeBacktest(in BacktestInput) *Backtest {
	b := &Backtest{Title: in.Title, Seed: in.Seed, Costs: in.Costs, Policies: []PolicyName{}}
	for _, p := range in.Policies {
		b.Policies = append(b.Policies, PolicyName{p.Name, p.About})
	}
	var cards []Scorecard
	for i := range in.Played {
		cards = append(cards, b.card(&in.Played[i]))
	}
	if in.Table {
		b.Table = b.table(cards)
	}
	if !in.Table || in.Detail {
		b.Cards = cards
	}
	if !in.Table && len(cards) > 1 {
		sum := b.card(together(in.Played))
		b.Sum = &sum
	}
	b.Notes = b.notes()
	return b
}

// card makes the scorecard of what was played.
func (b *Backtest) card(p *Played) Scorecard {
	c := Scorecard{Name: p.Name, About: p.About, Runs: len(p.Oracle), Trace: traceOf(p), series: p.Series}
	if p.Trace != nil {
		c.Runs = 1
		c.Oracle = marksOf("oracle", p.Oracle[0])
		c.Oracle.Log = nil
	} else {
		c.Oracle = marksOf("oracle", added(p.Oracle))
	}
	for i, runs := range p.Policies {
		regrets := make([]float64, len(runs))
		for j := range runs {
			regrets[j] = tidy(runs[j].Regret(&p.Oracle[j], b.Costs))
		}
		var m Marks
		if p.Trace != nil {
			m = marksOf(b.Policies[i].Name, runs[0])
			m.Regret, m.RegretLow, m.RegretHigh = regrets[0], new(slices.Min(regrets)), new(slices.Max(regrets))
		} else {
			m = marksOf(b.Policies[i].Name, added(runs))
			f := replay.FigureOf(regrets)
			if m.Regret = tidy(f.Mean); len(regrets) > 1 {
				m.RegretError = new(tidy(f.Error))
			}
			m.Log = nil // of many runs
		}
		c.Policies = append(c.Policies, m)
	}
	return c
}

// table has a row for each policy.
func (b *Backtest) table(cards []Scorecard) *RegretTable {
	t := &RegretTable{Scenarios: []string{}, Rows: []RegretRow{}}
	for i := range cards {
		t.Scenarios = append(t.Scenarios, cards[i].Name)
	}
	for i, p := range b.Policies {
		row := RegretRow{Policy: p.Name}
		for j := range cards {
			m := &cards[j].Policies[i]
			f := replay.Figure{Mean: m.Regret}
			if m.RegretError != nil {
				f.Error = *m.RegretError
			}
			row.Regrets = append(row.Regrets, f)
		}
		mean := replay.Overall(row.Regrets)
		row.Mean = replay.Figure{Mean: tidy(mean.Mean), Error: tidy(mean.Error)}
		t.Rows = append(t.Rows, row)
	}
	slices.SortStableFunc(t.Rows, func(a, b RegretRow) int { return cmp.Compare(a.Mean.Mean, b.Mean.Mean) })
	return t
}

// together are several traces as one.
func together(all []Played) *Played {
	sum := &Played{
		Name: "all traces", Trace: &replay.TraceFacts{},
		Oracle: make([]replay.Score, len(all[0].Oracle)), Policies: make([][]replay.Score, len(all[0].Policies)),
	}
	gather := func(of func(*Played) []replay.Score, run int) replay.Score {
		var scores []replay.Score
		for i := range all {
			scores = append(scores, of(&all[i])[run])
		}
		return added(scores)
	}
	for run := range sum.Oracle {
		sum.Oracle[run] = gather(func(p *Played) []replay.Score { return p.Oracle }, run)
		for i := range sum.Policies {
			sum.Policies[i] = append(sum.Policies[i], gather(func(p *Played) []replay.Score { return p.Policies[i] }, run))
		}
	}
	for i := range all {
		sum.add(&all[i])
	}
	return sum
}

// add adds the facts of another trace.
func (p *Played) add(other *Played) {
	f, g := p.Trace, other.Trace
	f.Records += g.Records
	f.Requests += g.Requests
	f.Models += g.Models
	f.Length += g.Length
	f.Answered += g.Answered
	f.Failed += g.Failed
	f.Limited += g.Limited
	f.Aside += g.Aside
	f.NoLatency += g.NoLatency
	p.Unsorted += other.Unsorted
	p.CallsTold = p.CallsTold || other.CallsTold
	f.Outages = append(f.Outages, g.Outages...) // of which here only the number and lengths count
	f.Brownouts = append(f.Brownouts, g.Brownouts...)
}

// added is the sum of scores. What is a mean over outages is weighted by how many
// there were.
func added(all []replay.Score) replay.Score {
	var sum replay.Score
	for i := range all {
		s := &all[i]
		sum.Requests += s.Requests
		sum.Answered += s.Answered
		sum.AfterRetry += s.AfterRetry
		sum.RefusedAtOnce += s.RefusedAtOnce
		sum.WaitedThenFailed += s.WaitedThenFailed
		sum.SecondsWaited += s.SecondsWaited
		sum.SecondsInVain += s.SecondsInVain
		sum.SecondsFailed += s.SecondsFailed
		sum.Attempts += s.Attempts
		sum.Failed += s.Failed
		sum.Limited += s.Limited
		sum.Wasted += s.Wasted
		sum.Probes += s.Probes
		sum.Guessed += s.Guessed
		sum.Refused += s.Refused
		sum.RefusedGood += s.RefusedGood
		sum.Openings += s.Openings
		addOutages(&sum, s)
	}
	return sum
}

func addOutages(sum, s *replay.Score) {
	mean := func(a float64, n int, b float64, m int) float64 {
		return (a*float64(n) + b*float64(m)) / math.Max(float64(n+m), 1)
	}
	sum.DetectSeconds = mean(sum.DetectSeconds, sum.Caught, s.DetectSeconds, s.Caught)
	sum.DetectFailures = mean(sum.DetectFailures, sum.Caught, s.DetectFailures, s.Caught)
	sum.ReturnSeconds = mean(sum.ReturnSeconds, sum.Back, s.ReturnSeconds, s.Back)
	sum.RecoveryLoad = mean(sum.RecoveryLoad, sum.Outages, s.RecoveryLoad, s.Outages)
	sum.Outages += s.Outages
	sum.Back += s.Back
	sum.Caught += s.Caught
}
