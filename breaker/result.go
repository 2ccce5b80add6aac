package breaker

import "time"

// Outcome is what a call says about the service.
type Outcome uint8

// The outcomes. The zero value is not one of them, so that a forgotten one is
// noticed: it is recorded as a failure.
const (
	Success Outcome = iota + 1
	Failure
	Ignored // says nothing: the caller left, or made a mistake
)

// String returns "success", "failure" or "ignored".
func (o Outcome) String() string {
	switch o {
	case Success:
		return "success"
	case Failure:
		return "failure"
	case Ignored:
		return "ignored"
	}
	return "invalid"
}

// Class tells a [Policy] more of an outcome than counting needs.
type Class uint8

// The classes. The zero value stands for Answer after a success, QuickFailure
// after a failure, and Nothing where the call is ignored.
const (
	Answer       Class = iota + 1
	QuickFailure       // the service failed at once: a 5xx, a reset
	Hang               // a deadline passed
	Quota              // a limit of this caller was reached: a 429
	Nothing
)

// String returns "answer", "failure", "hang", "quota" or "nothing".
func (c Class) String() string {
	switch c {
	case Answer:
		return "answer"
	case QuickFailure:
		return "failure"
	case Hang:
		return "hang"
	case Quota:
		return "quota"
	case Nothing:
		return "nothing"
	}
	return "invalid"
}

// Reach is what a call says about the parent of its circuit.
type Reach uint8

// How far a call came. A parent counts a failure only if it was Unreached,
// and a success whenever it Answered, whatever the answer was.
const (
	ReachUnknown Reach = iota // nothing is said; a success has Answered in any case
	Answered                  // the parent's host gave an answer, good or bad
	Unreached                 // it could not be reached at all: DNS, dial, TLS
)

// Result is everything that can be recorded of a call.
type Result struct {
	Outcome Outcome
	Class   Class
	Reach   Reach
	// RetryAfter is how long the service asked to be left alone: if this
	// result opens the circuit, the open period is at least as long, within
	// ResetTimeout.
	RetryAfter time.Duration
	// Cause names the failure for people, in a word of a small vocabulary: "503",
	// "timeout". It is kept and shown, so it must hold nothing secret.
	Cause string
}

// complete fills in what the zero values stand for.
func (r Result) complete() Result {
	if r.Outcome != Success && r.Outcome != Ignored {
		r.Outcome = Failure
	}
	if r.Class == 0 {
		switch r.Outcome {
		case Success:
			r.Class = Answer
		case Ignored:
			r.Class = Nothing
		case Failure:
			r.Class = QuickFailure
		}
	}
	return r
}

// above is the result for the parent.
func (r Result) above(everyCall bool) Result {
	switch {
	case everyCall && r.Class == Quota: // the server works; the limit is the child's
		return Result{Outcome: Success, Class: Answer}
	case everyCall, r.Reach == Unreached && r.Outcome == Failure:
		return r
	case r.Reach == Answered, r.Outcome == Success:
		return Result{Outcome: Success, Class: Answer}
	}
	return Result{Outcome: Ignored, Class: Nothing}
}

// below is the result for the circuit itself, where it has a parent.
func (r Result) below(everyCall bool) Result {
	if r.Outcome == Failure && r.Reach == Unreached && !everyCall {
		r.Outcome, r.Class = Ignored, Nothing
	}
	return r
}
