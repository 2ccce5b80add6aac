package demo

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// result is what became of a user's call.
type result int

const (
	answeredAtOnce result = iota // at the first try
	answeredLater                // after a retry, the client's or the proxy's
	refused                      // told at once when to come back
	failed                       // no answer, after whatever waiting
	stopped                      // the demo ended first: it counts as nothing
)

// outcome is what one user experienced.
type outcome struct {
	result   result
	attempts int    // of the client; the proxy's own are not among them
	message  string // what the user is told, if there is no answer
	took     time.Duration
	ended    time.Time
}

// What the proxy says in its answers.
const (
	headerAttempts  = "Recloser-Attempts"
	headerMessage   = "Recloser-Message"
	codeCircuitOpen = "circuit_open"
	headerKind      = "Recloser-Kind"
	kindRefused     = "refused" // also by the gate of a rate limit
)

// newOutcome makes what the last attempt brought into what the user saw.
func newOutcome(ctx context.Context, last reply, attempts int, start time.Time) outcome {
	o := outcome{attempts: attempts, message: last.message, ended: time.Now()}
	o.took = o.ended.Sub(start)
	behind, _ := strconv.Atoi(last.header.Get(headerAttempts))
	switch {
	case last.good() && attempts == 1 && behind <= 1:
		o.result = answeredAtOnce
	case last.good():
		o.result = answeredLater
	case last.code == codeCircuitOpen || last.header.Get(headerKind) == kindRefused:
		o.result = refused
	case errors.Is(ctx.Err(), context.Canceled):
		o.result = stopped
	case ctx.Err() != nil:
		o.result, o.message = failed, "(gave up waiting)"
	default:
		o.result = failed
	}
	if words := last.header.Get(headerMessage); words != "" && !last.good() {
		o.message = words
	}
	return o
}
