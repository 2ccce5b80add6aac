package openaitest

import (
	"encoding/json"
	"net/http"
	"time"
)

// Limited is a limit as the service has it: a token bucket of requests, another
// of tokens, for each API key and model (or endpoint, where no model is named).
// What fits into both is answered as usual; the rest gets 429
// rate_limit_exceeded and takes nothing out. Good answers tell the state of the
// buckets too.
//
// With neither Rate nor TokensPerMinute it is one request per second. A limit
// that is not set is not told either.
//
// The buckets are in the value: it is to be used by pointer, its fields must not
// change once it serves, and those who share it share them. They fill by
// Config.Now, whatever is in force meanwhile; a value just made is full. Of the
// 1,000 latest keys and models the state is kept. Outside a Server the model and
// the body are not known, and a request needs tokens by its length alone.
//
// In a script: limited 5, limited 0.05 burst=3, limited tokens=40000, limited 5 bare.
type Limited struct {
	// Rate is how many requests per second come back: 0.05 lets one through every
	// 20 s. It is used within 0.00001 to 1,000,000.
	Rate float64
	// Burst is how many requests the full bucket holds. Zero: those of a second,
	// at least one. The API's is a minute's worth.
	Burst int
	// TokensPerMinute limits tokens. A request needs one for every four bytes of
	// its JSON body, and as many as it allows its answer to have, if it says so.
	TokensPerMinute int
	// TokenBurst is how many tokens the full bucket holds. A request that needs
	// more is never served. Zero: those of a minute.
	TokenBurst int

	// Millis adds retry-after-ms to refusals, as Azure does.
	Millis bool
	// NoRetryAfter leaves only the x-ratelimit headers.
	NoRetryAfter bool
	// Bare leaves out these too, from good answers as well.
	Bare bool

	accounts accounts
}

const (
	minRate   = 0.00001 // about one a day
	maxRate   = maxScriptCount
	maxTokens = 1_000_000_000
)

// Name is "limited". Counts.ByStatus and Log tell who was refused.
func (*Limited) Name() string { return "limited" }

func (f *Limited) String() string {
	p := say("limited")
	if f.Rate > 0 {
		p = p.number(within(f.Rate))
	}
	return p.named("burst", min(f.Burst, maxScriptCount)).
		named("tokens", min(f.TokensPerMinute, maxTokens)).
		named("token-burst", min(f.TokenBurst, maxTokens)).
		flag("millis", f.Millis).flag("no-retry-after", f.NoRetryAfter).flag("bare", f.Bare).String()
}

// Serve lets the service answer, or refuses.
func (f *Limited) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	subject, tokens := subjectOf(r), tokensOf(r)
	key := keyOfAccount(keyOf(r), subject)
	a, ok := f.accounts.claim(key, f.fresh, tokens, func() time.Time { return nowOf(r) })
	if !ok {
		f.refusal(a, subject, tokens).Serve(w, r, next)
		return
	}
	announce(w, r, f.headers(a))
	next.ServeHTTP(w, r)
}

// fresh is an account with full buckets.
func (f *Limited) fresh() account {
	var a account
	if rate := f.rate(); rate > 0 {
		size := min(max(0, f.Burst), maxScriptCount)
		a.requests = newBucket(orDefault(size, int(rate)), rate, time.Second)
	}
	if f.TokensPerMinute > 0 {
		perMinute := min(f.TokensPerMinute, maxTokens)
		size := min(max(0, f.TokenBurst), maxTokens)
		a.tokens = newBucket(orDefault(size, perMinute), float64(perMinute), time.Minute)
	}
	return a
}

// rate is Rate with its default; 0 if requests are not limited.
func (f *Limited) rate() float64 {
	switch {
	case f.Rate > 0:
		return within(f.Rate)
	case f.TokensPerMinute > 0:
		return 0
	}
	return 1
}

func within(rate float64) float64 { return min(max(rate, minRate), maxRate) }

// subjectOf is what the limit of r is for.
func subjectOf(r *http.Request) string {
	a := AttemptOf(r)
	return orDefault(clip(a.Model, logModelBytes), orDefault(a.Endpoint, "default"))
}

// tokensOf estimates what r needs. What has no JSON body needs none.
func tokensOf(r *http.Request) int {
	c := callOf(r.Context())
	if c == nil {
		return int(min(max(0, r.ContentLength/4), maxTokens))
	}
	if len(c.body.raw) == 0 {
		return 0
	}
	var most struct {
		Old       int `json:"max_tokens"`
		Chat      int `json:"max_completion_tokens"`
		Responses int `json:"max_output_tokens"`
	}
	_ = json.Unmarshal(c.body.raw, &most) // what is no number does not count
	return estimate(len(c.body.raw)) + min(max(0, most.Old, most.Chat, most.Responses), 2*maxTokens)
}

// nowOf is the time by the clock of the server that r came through.
func nowOf(r *http.Request) time.Time {
	if c := callOf(r.Context()); c != nil {
		return c.server.cfg.Now()
	}
	return time.Now()
}
