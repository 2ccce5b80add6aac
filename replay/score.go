package replay

// Costs are what is lost, in requests.
type Costs struct {
	Failed  float64 `json:"failed"`  // by a failed attempt: load, money, noise
	Waiting float64 `json:"waiting"` // by a second waited for one
}

// SpecCosts are those of the scorecard.
func SpecCosts() Costs { return Costs{Failed: 0.25, Waiting: 0.02} }

// pays reports whether an attempt with that chance is worth what it costs: a
// chance p of gaining a request against 1-p of losing what a failure costs.
func (c Costs) pays(x Chance) bool {
	each := c.Failed + c.Waiting*x.Fails.Seconds()
	return x.Answered >= each/(1+each)
}

// Score is how a policy has fared on a stage. All requests that arrive are
// followed to their end.
type Score struct {
	Requests int `json:"requests"`

	// What users saw. The four add up to Requests. A request that was the caller's
	// own mistake counts as answered: the service did answer.
	Answered         int `json:"answered"` // by the first attempt
	AfterRetry       int `json:"answered_after_retry"`
	RefusedAtOnce    int `json:"refused_at_once"` // before any attempt, after a wait in line too
	WaitedThenFailed int `json:"waited_then_failed"`

	SecondsWaited float64 `json:"seconds_waited"`  // by all, from arrival to end
	SecondsInVain float64 `json:"seconds_in_vain"` // by those without an answer
	SecondsFailed float64 `json:"seconds_failed"`  // that failed attempts took

	Attempts int `json:"attempts"`
	Failed   int `json:"failed_attempts"`  // those limited included
	Limited  int `json:"limited_attempts"` // that were answered with 429
	Wasted   int `json:"wasted_attempts"`  // that failed in an outage
	Probes   int `json:"probes"`
	Guessed  int `json:"guessed_attempts"` // whose end is not on record; see Trace

	Refused     int     `json:"refused_attempts"`
	RefusedGood float64 `json:"refused_good"` // of those, how many would have been answered, by their chances or on record

	Outages        int     `json:"outages"`
	Caught         int     `json:"outages_caught"`  // in which an attempt was refused
	DetectSeconds  float64 `json:"detect_seconds"`  // from the begin of an outage to the first refusal, mean over those caught
	DetectFailures float64 `json:"detect_failures"` // attempts that failed until then, mean over those caught
	Back           int     `json:"outages_back"`    // after which an attempt was answered
	ReturnSeconds  float64 `json:"return_seconds"`  // from the end of an outage to the begin of the first attempt that is answered, mean over those
	RecoveryLoad   float64 `json:"recovery_load"`   // attempts for each request in the half minute after an outage

	Openings int       `json:"openings"`
	Log      []Opening `json:"log,omitempty"` // the first thousand of them
}

// Loss is what all requests together have lost.
func (s *Score) Loss(c Costs) float64 {
	return float64(s.Requests-s.Answered-s.AfterRetry) + c.Failed*float64(s.Failed) + c.Waiting*s.SecondsFailed
}

// Regret is how much more was lost than by the oracle, for 1000 requests.
func (s *Score) Regret(oracle *Score, c Costs) float64 {
	return 1000 * (s.Loss(c) - oracle.Loss(c)) / float64(max(s.Requests, 1))
}
