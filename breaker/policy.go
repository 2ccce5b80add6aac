package breaker

import (
	"errors"
	"strings"
	"time"
)

// Policy decides when a circuit trips, and if it likes, when it probes, closes
// and how fast it lets calls back in. Each circuit has its own, made by
// [Config.NewPolicy]. It is called under the circuit's lock, one call at a
// time, and never for a success of a calm circuit: so it may keep state without
// a lock, must not block, and must not use the circuit but through its [View].
//
// A policy with state that should survive a restart, or a new configuration,
// implements json.Marshaler and json.Unmarshaler for it, without its settings; a policy whose own settings can be wrong implements
// Validate() error.
type Policy interface {
	// Needs says what the circuit must keep for it. It is asked once.
	Needs() Needs
	// Judge is told what happened and answers what should follow. The zero
	// Decision leaves everything to the circuit.
	Judge(*View, Event) Decision
	// Why says in a few words where it stands in the circuit's present state, such
	// as "2 of 5 failures in a row"; "" if there is nothing to say.
	Why(*View) string
}

// Needs is what a policy wants from its circuit.
type Needs struct {
	// Span is how far back it looks with [View.Ended]; zero if it does not.
	Span time.Duration
	// Run is how many of the latest failures it looks at with
	// [View.Failures]. At least 40 are kept.
	Run int
	// SlowAfter is when a call is slow. All calls are then timed, and slow ones
	// reported to Judge, successes too.
	SlowAfter time.Duration
	// AnswerTimes keeps [View.AnswerTimes].
	AnswerTimes bool
	// EveryCall makes a circuit that is a parent judge the calls of its children
	// by what became of them, and not only whether they reached it.
	EveryCall bool
	// OwnStalls leaves Config.StallAfter aside: the policy finds out by itself when
	// a call hangs, with [View.StalledFor].
	OwnStalls bool
	// ResetTimeout takes the place of 30 s where Config does not set one.
	ResetTimeout time.Duration
}

// and is what two policies want together.
func (n Needs) and(m Needs) Needs {
	n.Span = max(n.Span, m.Span)
	n.Run = max(n.Run, m.Run)
	if n.SlowAfter == 0 {
		n.SlowAfter = m.SlowAfter
	}
	n.AnswerTimes = n.AnswerTimes || m.AnswerTimes
	n.EveryCall = n.EveryCall || m.EveryCall
	n.OwnStalls = n.OwnStalls && m.OwnStalls
	if n.ResetTimeout == 0 {
		n.ResetTimeout = m.ResetTimeout
	}
	return n
}

// EventKind is what a policy is told.
type EventKind uint8

// The events. Only Recorded, Turned and ProbeBegan have to interest a policy.
const (
	// Started: the policy is new: of a new circuit, or with its state from before,
	// after Restore or SetConfig. The moment to note the View's totals.
	Started EventKind = iota + 1
	// Recorded: a call of the present state has ended. Of a calm circuit failures,
	// quotas and slow calls are told for certain, others now and then: who counts
	// successes reads View.Totals.
	Recorded
	// Content: the first content of a call of the present state has come, which
	// counts as its answer. Recorded follows at its end.
	Content
	// Late: a call that was admitted in an earlier state has ended. It must
	// not be held for or against the present one.
	Late
	// Turned: the circuit is closed and a call has begun in a new slot of time,
	// 250 ms unless spans are very long or short. The moment to look for calls
	// that hang.
	Turned
	// ProbeBegan: a call has taken a probe's place.
	ProbeBegan
	// Opened and Reclosed: the circuit has just changed state. The answer to Opened
	// may say when the first probe is due, whoever tripped it.
	Opened
	Reclosed
	// ParentChanged: the parent has opened or closed. Only told if the parent's
	// policy needs EveryCall.
	ParentChanged
	// StartedOver: the circuit was reset, or is judged again after it was disabled.
	// What went before is no evidence any more.
	StartedOver
	// Merged: others have told what they saw; see [Breaker.Merge].
	Merged
)

// Event is what a policy is told. The fields after Kind belong to Recorded,
// Content and Late.
type Event struct {
	Kind       EventKind
	Reason     Reason // of Opened, Reclosed and StartedOver
	Merged     Counts // of Merged
	Outcome    Outcome
	Class      Class
	Begin      time.Time     // of the call
	Took       time.Duration // until now
	Slow       bool          // it took longer than Needs.SlowAfter; with Content: until that
	HadContent bool          // of Recorded and Late: its first content came before
	Probe      bool
	Child      string // the circuit that the call was made on, if not this one
	RetryAfter time.Duration
}

// Failed reports whether the event is the failure of a call of the present
// state.
func (e Event) Failed() bool { return e.Kind == Recorded && e.Outcome == Failure }

// Decision is what a policy wants done. What does not fit the circuit's state
// is left out, and times are kept within Config.ResetTimeout.
type Decision struct {
	// Trip opens a closed circuit. If a probe has just ended and proved nothing, it
	// counts as failed.
	Trip     bool
	Reason   Reason
	Evidence Evidence

	// Reclose closes the circuit now, whatever the event was.
	Reclose bool

	// NextProbe is how long from now until the next probe is due, with a trip or a
	// failed probe, in the answer to Opened, or, in case it fails, at the begin of a
	// probe. Zero leaves it to BaseTimeout and ResetTimeout.
	NextProbe time.Duration
	// Hold is how long the probe that has just begun keeps its place. Zero means
	// ProbeLease.
	Hold time.Duration
	// Survive is after how long out the probe that has just begun counts as
	// good without an answer. Zero means never. Below zero, at the end of a call
	// that is late or a probe, it takes that back for the probes that are out.
	Survive time.Duration
	// Patient lets a probe that has failed only give back its place while another
	// is out, which may still close the circuit.
	Patient bool

	// Ramp is how many calls may be out at once in the closed state: if it is above
	// zero at least one, else any number. It holds until the next decision.
	Ramp float64
	// Young lets Ramp count only the calls out that are younger. Zero means
	// ProbeLease.
	Young time.Duration

	// Attend asks for the successes too. Otherwise they come only while there
	// are failures since the last success.
	Attend bool
}

// AnyOf trips as soon as one of the policies does. Probes, reclosing and ramp
// are decided by the first.
func AnyOf(policies ...Policy) Policy {
	if len(policies) == 1 {
		return policies[0]
	}
	return anyOf(policies)
}

type anyOf []Policy

func (a anyOf) Needs() (n Needs) {
	for i, p := range a {
		if i == 0 {
			n = p.Needs()
		}
		n = n.and(p.Needs())
	}
	return n
}

func (a anyOf) Judge(v *View, e Event) (d Decision) {
	for i, p := range a {
		other := p.Judge(v, e)
		if i == 0 {
			d = other
			continue
		}
		if other.Trip && !d.Trip {
			d.Trip, d.Reason, d.Evidence = true, other.Reason, other.Evidence
		}
		d.Attend = d.Attend || other.Attend
	}
	return d
}

func (a anyOf) Why(v *View) string {
	var all []string
	for _, p := range a {
		if why := p.Why(v); why != "" {
			all = append(all, why)
		}
	}
	return strings.Join(all, "; ")
}

// Validate returns what is wrong with any of the policies.
func (a anyOf) Validate() error {
	if len(a) == 0 {
		return &ConfigError{"AnyOf", "empty", "at least one policy"}
	}
	var errs []error
	var slow time.Duration
	for _, p := range a {
		errs = append(errs, validate(p))
		after := p.Needs().SlowAfter
		if slow != 0 && after != 0 && slow != after {
			errs = append(errs, &ConfigError{"SlowRate.After", after, "the same for all policies of a circuit, " + slow.String()})
		}
		slow = max(slow, after)
	}
	return errors.Join(errs...)
}

// validate asks a policy whether its settings can be used.
func validate(p Policy) error {
	if v, ok := p.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}
