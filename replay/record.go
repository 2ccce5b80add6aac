package replay

import (
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
)

// Unknown stands for a status or a latency that is not on record.
const Unknown = -1

// Record is one attempt of a trace.
type Record struct {
	At         time.Duration // when it began, or ended: see TraceConfig
	Model      string
	Kind       fault.Kind
	Status     int           // of HTTP; 0: no answer came; Unknown: not told
	Latency    time.Duration // Unknown: not told
	Content    time.Duration // until the first content, where that is told; else 0
	RetryAfter time.Duration
	Unreached  bool
	Call       string // attempts that share it belong to one request, in their order; "": not told
}

// KindOf is the kind of an attempt of which no more is known than whether it
// succeeded and the status, or Unknown.
func KindOf(ok bool, status int) fault.Kind {
	switch {
	case ok:
		return fault.Success
	case status <= 0:
		return fault.Service
	}
	if e := fault.Classify(status, nil, nil, time.Time{}); e != nil {
		return e.Kind
	}
	return fault.Service
}

// classOf is what a kind is to a circuit: the guard's choice.
func classOf(k fault.Kind, status int) breaker.Class {
	switch k {
	case fault.Success:
		return breaker.Answer
	case fault.Service:
		return breaker.QuickFailure
	case fault.Timeout:
		return breaker.Hang
	case fault.Overload:
		if status == 429 {
			return breaker.Quota
		}
		return breaker.QuickFailure
	case fault.RateLimit, fault.Quota:
		return breaker.Quota
	default:
		return breaker.Nothing
	}
}
