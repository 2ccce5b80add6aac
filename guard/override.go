package guard

import (
	"context"

	"github.com/recloser/recloser/fault"
)

type contextKey int

const (
	onceKey contextKey = iota
	circuitKey
	reportKey
	connectKey // an attempt's connect timeout
	eventsKey  // streams are to tell of their failure
)

// WithoutRetries returns a context whose calls are attempted only once.
func WithoutRetries(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey, true)
}

func once(ctx context.Context) bool {
	v, _ := ctx.Value(onceKey).(bool)
	return v
}

// WithCircuit returns a context whose calls are on the circuit "upstream/name"
// in place of their model's.
func WithCircuit(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, circuitKey, name)
}

// WithErrorEvents returns a context whose streams, if they fail after they were
// handed over, tell so in a last event of the API's shape before the error that
// Read returns: for callers who pass the bytes on to somebody else. If ctx ends
// with a *fault.Error as its cause, it is that which they tell; without one the
// reader has left, and is told nothing. Streams that report their failure
// themselves, or break off within an event too long to be held, get none.
func WithErrorEvents(ctx context.Context) context.Context {
	return context.WithValue(ctx, eventsKey, true)
}

// Report is what became of one call; use a new one for each. It is complete, and
// may be read, once the call has returned an error or its response body has been
// read to the end or closed; all but NoDone is already set when the call returns, with what is known by then.
type Report struct {
	Circuit   string       // its key: upstream/model
	Target    string       // which target it was, by name; empty without a chain
	Attempts  int          // HTTP exchanges made
	Retries   int          // of them at a target where the call had been before
	Fallbacks int          // of them at another target than the one before
	Kind      fault.Kind   // of the last one; of a refusal it says nothing
	Fault     *fault.Error // nil for a success, and for the refusal of a circuit
	Refused   bool         // no target let it through
	NoDone    bool         // a chat stream was whole, but lacked its [DONE]
	// MaxRetries is how often the call would have been tried again at most.
	MaxRetries int
}

// WithReport returns a context for one call, which fills in report.
func WithReport(ctx context.Context, report *Report) context.Context {
	return context.WithValue(ctx, reportKey, report)
}

// reportOf returns the report that ctx asks for, or one that nobody reads.
func reportOf(ctx context.Context) *Report {
	if r, ok := ctx.Value(reportKey).(*Report); ok {
		return r
	}
	return &Report{}
}
