package guard

import (
	"net/http"
	"time"

	"github.com/recloser/recloser/fault"
)

// EventType is what an Event tells of.
type EventType string

// The types of events. There may be more of them in time.
const (
	AttemptBegun EventType = "begin"    // one HTTP exchange is about to go out
	AttemptEnded EventType = "attempt"  // it is over, its body included
	Retrying     EventType = "retry"    // another attempt at a target follows after Wait
	FallingBack  EventType = "fallback" // an attempt at another target follows
	Gated        EventType = "gate"     // a gate, or a bound of what is in flight, let no attempt through
	CallEnded    EventType = "call"     // what the caller asked for, refusals included
)

// Event is something that happened to a call.
type Event struct {
	Type      EventType
	Call      uint64        // the same for all events of a call, and for no other's
	Circuit   string        // its key: upstream/model, or upstream
	Target    string        // its name; empty without a chain
	Key       string        // of AttemptEnded: the label of the gate of its API key; empty without gates
	To        string        // of FallingBack: the name of the next target
	Attempt   int           // its number, from 1; in CallEnded how many there were
	Kind      fault.Kind    // of a refusal it says nothing: see Refused
	Status    int           // of the response; 0: none came
	Fault     *fault.Error  // nil for a success and for a refusal
	Refused   bool          // no permit was to be had
	NoDone    bool          // a chat stream was whole, but lacked its [DONE]
	Duration  time.Duration // of the attempt or the call, the body included
	Content   time.Duration // to the first content; 0: none came
	Wait      time.Duration // before the next attempt, or until the gate lets calls through
	Retries   int           // attempts at a target where the call had been before; of AttemptEnded 1 if it was such
	Fallbacks int           // attempts at another target than the first, likewise

	// Request is that of an attempt as it goes out, to its target and with its
	// target's key. It must not be changed, nor kept, nor its body read: see SetHeader.
	Request *http.Request

	Model     string // of an attempt: what goes out; of CallEnded: what was asked for; empty: none could be read
	Stream    bool   // likewise: the answer is to be a stream
	Probe     bool   // of an attempt: it tests whether the service is back
	RequestID string // of AttemptEnded: the service's id of it, whatever it has sent as such

	InputTokens, OutputTokens int64  // of AttemptEnded: what the answer tells of
	Asked                     string // of CallEnded: the circuit of its first target; empty if it had none
	RequestTokens             int64  // of a CallEnded that was Refused: what the request would have sent, an estimate

	headers *copied // of Request
}

// SetHeader sets a header of the request that is about to go out, in place of one of
// that name in any spelling, or removes it if value is empty. Other attempts and the
// caller's request keep theirs. It is for use within Observe, and does nothing in
// another event than AttemptBegun.
func (e Event) SetHeader(name, value string) {
	switch {
	case e.headers == nil:
	case value == "":
		e.headers.del(name)
	default:
		e.headers.set(http.CanonicalHeaderKey(name), []string{value})
	}
}
