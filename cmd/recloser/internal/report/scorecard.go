package report

import (
	"github.com/recloser/recloser/replay"
)

// Scorecard is how the policies have fared on one trace, or in one scenario.
type Scorecard struct {
	Name     string  `json:"name"`
	About    string  `json:"about,omitempty"`
	Runs     int     `json:"runs"`  // of a scenario: with so many seeds, which are added up
	Trace    *Traced `json:"trace"` // null: it is a scenario
	Oracle   Marks   `json:"oracle"`
	Policies []Marks `json:"policies"` // in the order of Backtest.Policies

	series []replay.Series
}

// Traced is what a trace tells by itself.
type Traced struct {
	Attempts  int          `json:"attempts"`
	Requests  int          `json:"requests"` // calls, where those are told; else attempts
	Models    int          `json:"models"`
	Length    Seconds      `json:"length_s"`
	Answered  int          `json:"answered"`
	Failed    int          `json:"failed"`
	Limited   int          `json:"limited"`
	Aside     int          `json:"aside"`      // the caller's mistakes, and what it cancelled
	CallsTold bool         `json:"calls_told"` // it says which attempts belong to one call
	NoLatency int          `json:"no_latency"` // of how many attempts it has to be guessed
	Unsorted  int          `json:"unsorted"`   // rows that stood before an earlier one
	Outages   []TroubleOf  `json:"outages"`
	Brownouts []BrownoutOf `json:"brownouts"`
}

// TroubleOf is a time in which a model was in trouble.
type TroubleOf struct {
	From  Seconds `json:"from_s"` // since the first attempt
	To    Seconds `json:"to_s"`
	Model string  `json:"model"`
}

// BrownoutOf is a time in which some attempts failed, again and again.
type BrownoutOf struct {
	TroubleOf

	Attempts int `json:"attempts"`
	Failed   int `json:"failed"`
}

// Marks are the figures of a policy. Regret is how many requests it has lost more than
// the oracle, of 1000; what else it costs, a failed attempt and waiting for it, is
// counted in requests too.
type Marks struct {
	Policy string  `json:"policy"`
	Regret float64 `json:"regret"`
	// RegretError is the standard error, over the seeds of a scenario. RegretLow and
	// RegretHigh are what the regret of a trace may be, as far as it was guessed.
	RegretError *float64 `json:"regret_standard_error,omitempty"`
	RegretLow   *float64 `json:"regret_low,omitempty"`
	RegretHigh  *float64 `json:"regret_high,omitempty"`

	// What users saw; the four add up to Requests.
	Requests         int     `json:"requests"`
	Answered         int     `json:"answered"` // by the first attempt
	AfterRetry       int     `json:"answered_after_retry"`
	RefusedAtOnce    int     `json:"refused_at_once"`
	WaitedThenFailed int     `json:"waited_then_failed"`
	Waited           Seconds `json:"waited_s"`         // by all together
	InVain           Seconds `json:"waited_in_vain_s"` // by those without an answer

	Attempts       int     `json:"attempts"`
	FailedAttempts int     `json:"failed_attempts"`
	Limited        int     `json:"limited_attempts"`
	Wasted         int     `json:"wasted_attempts"` // that failed in an outage
	FailedFor      Seconds `json:"failed_attempts_s"`
	Probes         int     `json:"probes"`
	Guessed        int     `json:"guessed_attempts"` // whose end is not on record
	Refused        int     `json:"refused_attempts"`
	RefusedGood    float64 `json:"refused_good"` // how many of those would have been answered

	Outages        int      `json:"outages"`
	Caught         int      `json:"outages_caught"`
	Detect         *Seconds `json:"detect_s"` // means over outages; null: there were none
	DetectFailures *float64 `json:"detect_failures"`
	Back           int      `json:"outages_back"` // after which a request was answered
	Return         *Seconds `json:"return_s"`
	RecoveryLoad   *float64 `json:"recovery_load"`

	Openings int         `json:"openings"`
	Log      []OpeningOf `json:"log,omitempty"` // of a trace: the first thousand
}

// OpeningOf is that a policy began to refuse calls.
type OpeningOf struct {
	At      Seconds `json:"at_s"`
	Circuit string  `json:"circuit"`
	Why     string  `json:"why"`
}

func marksOf(policy string, s replay.Score) Marks {
	m := Marks{
		Policy: policy, Requests: s.Requests, Answered: s.Answered, AfterRetry: s.AfterRetry,
		RefusedAtOnce: s.RefusedAtOnce, WaitedThenFailed: s.WaitedThenFailed,
		Waited: tidySeconds(s.SecondsWaited), InVain: tidySeconds(s.SecondsInVain), FailedFor: tidySeconds(s.SecondsFailed),
		Attempts: s.Attempts, FailedAttempts: s.Failed, Limited: s.Limited, Wasted: s.Wasted,
		Probes: s.Probes, Guessed: s.Guessed, Refused: s.Refused, RefusedGood: tidy(s.RefusedGood),
		Outages: s.Outages, Caught: s.Caught, Back: s.Back, Openings: s.Openings,
	}
	if s.Caught > 0 {
		m.Detect, m.DetectFailures = new(tidySeconds(s.DetectSeconds)), new(tidy(s.DetectFailures))
	}
	if s.Back > 0 {
		m.Return = new(tidySeconds(s.ReturnSeconds))
	}
	if s.Outages > 0 {
		m.RecoveryLoad = new(tidy(s.RecoveryLoad))
	}
	for _, o := range s.Log {
		m.Log = append(m.Log, OpeningOf{seconds(o.At), o.Circuit, o.Why})
	}
	return m
}

// tidySeconds leaves off what is below a microsecond.
func tidySeconds(s float64) Seconds { return Seconds(tidy(s)) }

func traceOf(p *Played) *Traced {
	f := p.Trace
	if f == nil {
		return nil
	}
	t := &Traced{
		Attempts: f.Records, Requests: f.Requests, Models: f.Models, Length: seconds(f.Length), Answered: f.Answered, Failed: f.Failed,
		Limited: f.Limited, Aside: f.Aside, NoLatency: f.NoLatency, CallsTold: p.CallsTold, Unsorted: p.Unsorted, Outages: []TroubleOf{}, Brownouts: []BrownoutOf{},
	}
	name := func(model int) string {
		if model < 0 || model >= len(p.Models) {
			return ""
		}
		return p.Models[model]
	}
	for _, o := range f.Outages {
		t.Outages = append(t.Outages, TroubleOf{seconds(o.From), seconds(o.To), name(o.Model)})
	}
	for _, o := range f.Brownouts {
		t.Brownouts = append(t.Brownouts, BrownoutOf{TroubleOf{seconds(o.From), seconds(o.To), name(o.Model)}, o.Attempts, o.Failed})
	}
	return t
}
