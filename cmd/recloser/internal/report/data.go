// Package report computes figures of reliability from what was recorded, and
// renders them as text, JSON and HTML. Its types are also those of the history that
// it reads from.
package report

import (
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/internal/sketch"
)

// Kinds counts by fault.Kind.
type Kinds [fault.Cancelled + 1]int64

// Counts are the figures of a circuit over some time. Attempts are counted where
// they were made, calls at the circuit of their first target, whoever answered.
type Counts struct {
	Attempts Kinds // HTTP exchanges, by what came back
	Calls    Kinds // what callers asked for, by what they got; those refused aside
	Refused  int64 // calls that no target let through

	Retries, Fallbacks int64 // attempts at the same target once more, and at another one
	ByRetry            int64 // calls answered after a failure, by a retry
	ByFallback         int64 // and by another target than the first

	InputTokens, OutputTokens int64 // that answers told of
	SavedTokens               int64 // of the requests refused, an estimate
}

// Add adds other to c.
func (c *Counts) Add(other *Counts) {
	for i, n := range other.Attempts {
		c.Attempts[i] += n
	}
	for i, n := range other.Calls {
		c.Calls[i] += n
	}
	c.Refused += other.Refused
	c.Retries += other.Retries
	c.Fallbacks += other.Fallbacks
	c.ByRetry += other.ByRetry
	c.ByFallback += other.ByFallback
	c.InputTokens += other.InputTokens
	c.OutputTokens += other.OutputTokens
	c.SavedTokens += other.SavedTokens
}

// Cell is what happened at a circuit in one span of time: [Start, Start+Span).
type Cell struct {
	Circuit string
	Start   time.Time
	Span    time.Duration
	Counts
	Latency sketch.Sketch // of attempts that succeeded, to their end
	Content sketch.Sketch // and to the first content of those that streamed
}

// EventKind is what a recorded event tells of.
type EventKind string

// The kinds of events.
const (
	CircuitEvent  EventKind = "circuit"  // a circuit changed its state or mode
	GateEvent     EventKind = "gate"     // a gate changed its state; a quota event is one To "parked"
	OperatorEvent EventKind = "operator" // somebody acted
	StartEvent    EventKind = "start"    // the process started: what it was before is a gap
	StopEvent     EventKind = "stop"     // and stopped in order
	AlertEvent    EventKind = "alert"    // people were told of a trouble
	TakenEvent    EventKind = "taken"    // a target has taken an alert: the first that has
)

// Event is something that happened, as it is recorded.
type Event struct {
	ID       int64 // in the order of recording, from 1
	At       time.Time
	Kind     EventKind
	Circuit  string // of a gate: the model
	Key      string // of a gate: the label of its key; of an alert: that of its trouble
	Seq      uint64 // of a circuit's transition
	From, To string // states: closed, open, half-open; of a gate open, limited, closed, parked
	Mode     string // of a circuit; of an alert: "awaited", if a target was to take it
	Reason   string // in a word or two, as the circuit or gate names it
	Why      string // with its numbers, in words
	Cause    string // of an opening: the failures, "3 × 503, 2 × timeout"
	Failures int    // of an opening: in a row
	// Down is, of an opening, when the first failure of the run began; zero: not known.
	Down     time.Time
	Until    time.Time // when the probe is due, or the gate opens; of a TakenEvent: when the alert was written
	Openings int       // which open period in a row
	Actor    string    // of an operator's action: where it came from
}
