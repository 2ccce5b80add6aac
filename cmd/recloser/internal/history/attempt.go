package history

import (
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
)

// Attempt is one HTTP exchange.
type Attempt struct {
	At       time.Time // its end
	Circuit  string
	Kind     fault.Kind
	Status   int // of HTTP; 0: none came
	Duration time.Duration
	Content  time.Duration // to the first content of a stream; 0: none, or no stream
	Input    int64         // tokens, as far as the answer told
	Output   int64
	Call     uint64 // which call it belongs to
	Number   int    // which attempt of its call, from 1
	Retry    bool   // at the same target as the one before
	Fallback bool   // at another target than the one before
}

// Call is what a caller asked for, at its end.
type Call struct {
	At        time.Time
	Circuit   string     // of its first target
	Kind      fault.Kind // what the caller got
	Refused   bool       // no target let it through; Kind does not count
	Retries   int
	Fallbacks int
	Saved     int64 // tokens of the request that were not sent, an estimate
}

// delta is what came for a circuit in one of the finest slots.
type delta struct {
	slot int64
	sums
}

func (d *delta) attempt(a *Attempt) {
	d.Attempts[known(a.Kind)]++
	if a.Retry {
		d.Retries++
	}
	if a.Fallback {
		d.Fallbacks++
	}
	d.InputTokens += max(a.Input, 0)
	d.OutputTokens += max(a.Output, 0)
	if a.Kind != fault.Success {
		return
	}
	if a.Duration > 0 { // else a trace does not tell it
		d.latency.Add(a.Duration)
	}
	if a.Content > 0 {
		d.content.Add(a.Content)
	}
}

func (d *delta) call(c *Call) {
	d.SavedTokens += max(c.Saved, 0)
	if c.Refused {
		d.Refused++
		return
	}
	d.Calls[known(c.Kind)]++
	switch {
	case c.Kind != fault.Success:
	case c.Fallbacks > 0:
		d.ByFallback++
	case c.Retries > 0:
		d.ByRetry++
	}
}

// known is k, or what comes nearest to a kind that does not exist.
func known(k fault.Kind) fault.Kind {
	if int(k) >= len(report.Kinds{}) {
		return fault.Service
	}
	return k
}
