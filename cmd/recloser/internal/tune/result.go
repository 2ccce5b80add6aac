package tune

import (
	"time"
)

// Result is what a search has found. It is plain data: hours, seconds and shares are
// numbers, and text is as it was given.
type Result struct {
	Traces     []Split `json:"traces"`
	Seed       uint64  `json:"seed"`
	Candidates int     `json:"candidates"` // that were played
	Limit      string  `json:"max_false_trips"`
	Holdout    float64 `json:"holdout"`

	// Recommended is the number of the row that is. The first is the default.
	Recommended int       `json:"recommended"`
	Why         string    `json:"why"`
	Fields      []Field   `json:"fields"` // of what is recommended
	Rows        []Row     `json:"rows"`   // the default, the best, the runner-up, and the defaults of other policies
	Gain        *Verdicts `json:"gain"`   // of the best over the default; null: the default is the best
	Notes       []string  `json:"notes"`
}

// Split is a trace and how it was divided.
type Split struct {
	Name     string  `json:"name"`
	Attempts int     `json:"attempts"`
	Outages  int     `json:"outages"`
	At       float64 `json:"divided_at_s"` // since the first attempt
	Training Part    `json:"training"`
	HeldOut  Part    `json:"held_out"`
}

// Part is one of the two.
type Part struct {
	Requests int     `json:"requests"`
	Hours    float64 `json:"hours"`
	Outages  int     `json:"outages"`
}

func splitOf(s Source, train, held *part, at time.Duration) Split {
	f := s.Trace.Facts()
	of := func(p *part) Part { return Part{p.requests, p.length.Hours(), p.outages} }
	return Split{
		Name: s.Name, Attempts: f.Records, Outages: len(f.Outages), At: min(at, f.Length).Seconds(), Training: of(train), HeldOut: of(held),
	}
}

// Row is how some settings have fared.
type Row struct {
	Name     string  `json:"name"`
	Settings []Field `json:"settings"` // that are not the default
	Training Marks   `json:"training"`
	HeldOut  Marks   `json:"held_out"`
	All      Marks   `json:"all"`
}

// Marks are figures of one part. All but the regret are means over seeds.
type Marks struct {
	Regret      Figure  `json:"regret"`
	FalseTrips  float64 `json:"false_trips"`
	Openings    float64 `json:"openings"`
	Unanswered  float64 `json:"unanswered_requests"`
	Failed      float64 `json:"failed_attempts"`
	Wasted      float64 `json:"wasted_attempts"` // that failed in an outage
	RefusedGood float64 `json:"refused_good"`    // calls that were refused and would have been answered
	Obeyed      bool    `json:"obeys_limit"`
}

// Field is one setting.
type Field struct {
	Path    string `json:"path"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Reason  string `json:"reason,omitempty"`
}

// Verdicts are the gain of the best over the default.
type Verdicts struct {
	HeldOut Gain `json:"held_out"`
	All     Gain `json:"all"`
}

func (s *search) marks(m *measure) Marks {
	return Marks{
		Regret: m.figure(), FalseTrips: tidied(m.false), Openings: tidied(m.openings), Unanswered: tidied(m.unanswered), Failed: tidied(m.failed),
		Wasted: tidied(m.wasted), RefusedGood: tidied(m.refusedGood), Obeyed: s.Limit.obeyed(m),
	}
}

func (s *search) row(name string, c *candidate) Row {
	return Row{Name: name, Settings: s.fields(c.settings), Training: s.marks(&c.train), HeldOut: s.marks(&c.held), All: s.marks(&c.all)}
}

// fields are the settings in the order of a file.
func (s *search) fields(of Settings) []Field {
	all := []Field{}
	for _, o := range s.Options {
		if v, ok := of[o.Name]; ok {
			all = append(all, Field{Path: o.Path, Value: v, Default: s.space.byDefault(s.space.policy(of), o)})
		}
	}
	return all
}
