package replay

// Report is a trace replayed with some policies.
type Report struct {
	Trace    TraceFacts `json:"trace"`
	Costs    Costs      `json:"costs"`
	Oracle   Score      `json:"oracle"`
	Policies []Result   `json:"policies"`
}

// Result is how a policy has fared on a trace. What had to be guessed is in Score as
// it is likely, and in the two others as it is at best and at worst.
type Result struct {
	Name   string  `json:"name"`
	About  string  `json:"about"`
	Score  Score   `json:"score"`
	Regret float64 `json:"regret"` // against the oracle, requests in 1000

	Optimistic  Bound `json:"optimistic"`
	Pessimistic Bound `json:"pessimistic"`
}

// Bound is a score under another guess.
type Bound struct {
	Score  Score   `json:"score"`
	Regret float64 `json:"regret"`
}

// Report replays the trace with each policy.
func (t *Trace) Report(policies []Policy, client Client, costs Costs, seed uint64) (Report, error) {
	rep := Report{Trace: t.facts, Costs: costs, Policies: make([]Result, len(policies))}
	for _, g := range []Guess{Likely, Optimistic, Pessimistic} {
		stage := t.Stage(g, client, seed)
		oracle, err := Run(stage, Oracle(costs))
		if err != nil {
			return Report{}, err
		}
		if g == Likely {
			rep.Oracle = oracle
		}
		for i, p := range policies {
			s, err := Run(stage, p)
			if err != nil {
				return Report{}, err
			}
			rep.Policies[i].add(g, p, s, s.Regret(&oracle, costs))
		}
	}
	return rep, nil
}

func (r *Result) add(g Guess, p Policy, s Score, regret float64) {
	switch g {
	case Likely:
		r.Name, r.About, r.Score, r.Regret = p.Name, p.About, s, regret
	case Optimistic:
		s.Log = nil
		r.Optimistic = Bound{s, regret}
	default:
		s.Log = nil
		r.Pessimistic = Bound{s, regret}
	}
}
