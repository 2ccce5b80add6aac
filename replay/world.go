package replay

import (
	"time"

	"github.com/recloser/recloser/breaker"
)

// Request is what a client wants answered.
type Request struct {
	At      time.Duration // when it arrives, since the start
	ID      uint64        // its luck goes by it
	Model   int           // from 0 on
	Replica int           // the process of the client, from 0 on

	// Once: it is not tried again, since its client's own retries arrive as requests
	// of their own.
	Once bool
}

// Attempt is one exchange about a request.
type Attempt struct {
	Request
	N     int           // attempts of the request that were made before
	Begin time.Duration // when it is made, or asked for
	Limit time.Duration // after which the caller gives up
}

// Answer is how an attempt ends.
type Answer struct {
	Class      breaker.Class // Nothing: the caller's own mistake; it is not tried again
	Status     int           // of HTTP; 0: none came, or it is not known
	Took       time.Duration
	Content    time.Duration // from the begin to the first content, where that comes before the end; else 0
	RetryAfter time.Duration // that the service asked for; 0: it did not
	Unreached  bool          // the host was not reached at all
	Final      bool          // trying again would not help
	Guessed    bool          // nobody knows; see Trace
}

// Chance is what an attempt sent now has to expect: it is the service's state.
type Chance struct {
	Answered float64       // how likely it is to be answered
	Fails    time.Duration // how long it takes if not
	Known    bool          // Answered is no chance but what is recorded, 0 or 1
}

// World is the service and those who call it, for one run. Its methods are called
// in the order of time.
type World interface {
	// Next is the next request to arrive; false: there is none.
	Next() (Request, bool)
	// Send makes an attempt, and tells at once how it will end.
	Send(*Attempt) Answer
	// Chance is the state of the service for an attempt, and changes nothing.
	Chance(*Attempt) Chance
	// Would is Chance where the attempt itself is on record: then what came of it.
	Would(*Attempt) Chance
}

// Outage is a time in which sending does not pay.
type Outage struct {
	From    time.Duration `json:"from"` // since the start
	To      time.Duration `json:"to"`
	Model   int           `json:"model"`   // that it is of; Any: all
	Replica int           `json:"replica"` // likewise
}

// Any stands for all models, or replicas.
const Any = -1

// hits reports whether the outage is one for that model and replica.
func (o *Outage) hits(a *Attempt) bool {
	return (o.Model == Any || o.Model == a.Model) && (o.Replica == Any || o.Replica == a.Replica)
}

// Stage is what policies are tried on.
type Stage struct {
	World    func() World // the same each time, from its beginning
	Replicas int          // processes of the client; each has breakers of its own
	Models   []string
	Outages  []Outage // in the order of their begin
	Client   Client
	Seed     uint64 // of retries and of what policies draw
}
