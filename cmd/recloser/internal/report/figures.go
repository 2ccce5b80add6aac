package report

import (
	"math"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/internal/sketch"
)

// Outcomes counts by what came back. The kinds are those of package fault.
type Outcomes struct {
	Success   int64 `json:"success"`
	Service   int64 `json:"service"`
	Overload  int64 `json:"overload"`
	Timeout   int64 `json:"timeout"`
	RateLimit int64 `json:"rate_limit"`
	Quota     int64 `json:"quota"`
	Caller    int64 `json:"caller"`
	Cancelled int64 `json:"cancelled"`
}

// OutcomesOf names the counts.
func OutcomesOf(k *Kinds) Outcomes {
	return Outcomes{
		k[fault.Success], k[fault.Service], k[fault.Overload], k[fault.Timeout],
		k[fault.RateLimit], k[fault.Quota], k[fault.Caller], k[fault.Cancelled],
	}
}

// Failed are the failures of the service.
func (o *Outcomes) Failed() int64 { return o.Service + o.Overload + o.Timeout }

// Limited are those that the caller's allowance or money did not suffice for.
func (o *Outcomes) Limited() int64 { return o.RateLimit + o.Quota }

// Aside are those that nobody but the caller had a part in.
func (o *Outcomes) Aside() int64 { return o.Caller + o.Cancelled }

// Figures are those of a circuit, or of all together.
type Figures struct {
	Circuit string `json:"circuit"` // "" of all together

	Attempts Outcomes `json:"attempts"` // HTTP exchanges
	Calls    Outcomes `json:"calls"`    // what callers asked for; those refused aside
	Refused  int64    `json:"refused"`  // calls that no target let through

	// Upstream is the availability as the upstream gave it: attempts that succeeded,
	// of those and the failures of the service (service, overload, timeout). Null:
	// there were none.
	Upstream *float64 `json:"availability_upstream"`
	// Users is the availability as users saw it: calls answered, of all calls, the
	// refused ones included, but for the caller's mistakes and what was cancelled.
	Users *float64 `json:"availability_users"`

	Outages OutageFigures `json:"outages"`
	Saved   Saved         `json:"saved"`

	ByRetry    int64 `json:"rescued_by_retry"`
	ByFallback int64 `json:"rescued_by_fallback"`

	Latency      Distribution `json:"latency"`       // of attempts that succeeded, to their end
	FirstContent Distribution `json:"first_content"` // of those that streamed

	InputTokens  int64 `json:"input_tokens"` // as the answers told
	OutputTokens int64 `json:"output_tokens"`

	Budget *Budget `json:"error_budget"` // null: no target was given, or no call counts
}

// Saved is what refusing kept from the upstream.
type Saved struct {
	Calls    int64 `json:"calls"`    // refused
	Attempts int64 `json:"attempts"` // an estimate; see Report.Notes
	Tokens   int64 `json:"request_tokens"`
}

// Distribution tells of durations, each within sketch.RelativeError.
type Distribution struct {
	Count int64    `json:"count"`
	P50   *Seconds `json:"p50_s"` // null: there were none
	P95   *Seconds `json:"p95_s"`
	P99   *Seconds `json:"p99_s"`
}

func distribution(s *sketch.Sketch) Distribution {
	if s.Count() == 0 {
		return Distribution{}
	}
	at := func(q float64) *Seconds { return new(seconds(s.Quantile(q))) }
	return Distribution{s.Count(), at(0.5), at(0.95), at(0.99)}
}

// Budget is how many calls the target lets fail, and how many did.
type Budget struct {
	Allowed float64 `json:"allowed"` // (1 - SLO) × calls that count
	Used    int64   `json:"used"`    // those of them not answered
	Left    float64 `json:"left"`    // below 0: overspent
	// Burn is Used ÷ Allowed; above 1: overspent. Null: nothing is allowed.
	Burn *float64 `json:"burn"`
}

// tally is what the cells of a circuit come to.
type tally struct {
	Counts
	latency, content sketch.Sketch
	// Of the cells with a failure of the service.
	failingCalls, failingRetries int64
}

func (t *tally) take(c *Cell) {
	t.Add(&c.Counts)
	t.latency.Merge(&c.Latency)
	t.content.Merge(&c.Content)
	attempts, calls := OutcomesOf(&c.Attempts), OutcomesOf(&c.Calls)
	if attempts.Failed()+calls.Failed() > 0 {
		t.failingCalls += sum(&c.Calls)
		t.failingRetries += c.Retries
	}
}

func sum(k *Kinds) int64 {
	var n int64
	for _, one := range k {
		n += one
	}
	return n
}

// unsent estimates the attempts that the refused calls would have made: one each,
// and as many retries as calls made on average while the service failed.
func (t *tally) unsent() int64 {
	if t.failingCalls <= 0 {
		return t.Refused
	}
	return t.Refused + int64(math.Round(float64(t.Refused)*float64(t.failingRetries)/float64(t.failingCalls)))
}

// counted are the calls of which users saw whether they are answered.
func counted(calls *Outcomes, refused int64) int64 {
	return calls.Success + calls.Failed() + calls.Limited() + refused
}

func share(part, of int64) *float64 {
	if of <= 0 {
		return nil
	}
	return new(min(max(float64(part)/float64(of), 0), 1))
}

func budget(slo float64, answered, of int64) *Budget {
	if slo == 0 || of <= 0 {
		return nil
	}
	b := Budget{Allowed: tidy((1 - slo) * float64(of)), Used: of - answered}
	b.Left = tidy(b.Allowed - float64(b.Used))
	if b.Allowed > 0 {
		b.Burn = new(tidy(float64(b.Used) / b.Allowed))
	}
	return &b
}

// tidy drops what binary fractions add: 0.001 × 1000 is 1.
func tidy(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// figures are all but those of outages.
func (t *tally) figures(circuit string, slo float64) Figures {
	f := Figures{
		Circuit: circuit, Attempts: OutcomesOf(&t.Attempts), Calls: OutcomesOf(&t.Calls), Refused: t.Refused,
		Saved:   Saved{t.Refused, t.unsent(), t.SavedTokens},
		ByRetry: t.ByRetry, ByFallback: t.ByFallback,
		Latency: distribution(&t.latency), FirstContent: distribution(&t.content),
		InputTokens: t.InputTokens, OutputTokens: t.OutputTokens,
	}
	f.Upstream = share(f.Attempts.Success, f.Attempts.Success+f.Attempts.Failed())
	of := counted(&f.Calls, f.Refused)
	f.Users = share(f.Calls.Success, of)
	f.Budget = budget(slo, f.Calls.Success, of)
	return f
}
