package breaker

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/recloser/recloser/breaker/internal/window"
)

// Snapshot is all that a circuit must remember over a restart. It can be
// written as JSON.
type Snapshot struct {
	Metrics
	At time.Time
	// Configured is the mode of the circuit's configuration. One that differs was set
	// by an operator, and only that is restored.
	Configured Mode
	Opened     Opening         // why the circuit opened last
	Run        []FailedCall    `json:",omitempty"` // the failures in a row, the latest of them
	Times      []uint32        `json:",omitempty"` // the distribution of answer times
	Policy     json.RawMessage `json:",omitempty"` // its state, if it has any
}

// Opening tells why and when a circuit opened.
type Opening struct {
	At       time.Time
	Reason   Reason
	Evidence Evidence
}

// Snapshot returns the circuit as it is at one moment.
func (b *Breaker) Snapshot() Snapshot { return b.snapshot(b.now()) }

// SnapshotAt is Snapshot at the instant now.
func (b *Breaker) SnapshotAt(now time.Time) Snapshot { return b.snapshot(b.at(now)) }

func (b *Breaker) snapshot(t instant) Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Snapshot{Metrics: b.metrics(), At: b.time(t), Configured: b.cfg().Mode, Policy: marshal(b.policy)}
	s.Run = slices.Clone(b.latest[max(len(b.latest)-b.run.failures, 0):])
	if times := b.times.Load(); times != nil {
		s.Times = times.Buckets()
	}
	if b.trip.reason != "" {
		s.Opened = Opening{b.time(b.trip.at), b.trip.reason, b.trip.evidence}
	}
	return s
}

// Restore brings a new circuit to where the snapshot was taken, so that one
// which was open is open for the rest of its period, at most ResetTimeout from
// now, and counters go on. One that was half-open is open with its probe due. A
// mode that an operator had set is set again. OnTransition is told if the circuit is not
// closed. An error says what makes no sense and changes nothing.
func (b *Breaker) Restore(s Snapshot) error { return b.restore(b.now(), s) }

// RestoreAt is Restore at the instant now.
func (b *Breaker) RestoreAt(now time.Time, s Snapshot) error { return b.restore(b.at(now), s) }

func (b *Breaker) restore(t instant, s Snapshot) error {
	if err := s.validate(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.deliver()
	defer b.mu.Unlock()
	b.heedClock(t)
	policy := b.set.Load().NewPolicy()
	if err := unmarshal(policy, s.Policy); err != nil {
		return fmt.Errorf("breaker: the snapshot's Policy does not fit: %w", err)
	}
	b.policy = policy
	b.restoreCounts(s)
	if !s.LastFailure.IsZero() {
		b.lastFailure, b.everFailed = min(b.at(s.LastFailure), t), true
	}
	if !s.Opened.At.IsZero() {
		b.trip = trip{min(b.at(s.Opened.At), t), s.Opened.Reason, s.Opened.Evidence}
	}
	switch {
	case s.Mode == s.Configured: // it is the configuration's, which may be another now
	case s.State == Closed:
		b.changeMode(t, s.Mode)
	default: // OnTransition hears of it with the state
		b.mode, b.held = s.Mode, nil
	}
	b.run = run{failures: s.ConsecutiveFailures, first: t, stalled: s.StalledCalls}
	b.latest = slices.Clone(s.Run[max(len(s.Run)-b.keep(), 0):])
	if s.State != Closed {
		b.restoreOpen(t, s)
	}
	b.since = min(b.at(s.Since), t)
	b.startPolicy(t)
	return nil
}

// restoreCounts adds what was counted before.
func (b *Breaker) restoreCounts(s Snapshot) {
	b.base.begun += s.Calls.Begun
	b.base.ended = b.base.ended.Plus(window.Ended{Answered: s.Calls.Answered, Failed: s.Calls.Failed, Slow: s.Calls.Slow})
	b.refused.Add(s.RefusedCalls)
	b.failed += s.FailedCalls
	b.spared += s.WouldRefuse
	b.outbox.panics += s.ObserverPanics
	b.policyPanics += s.PolicyPanics
	if times := b.times.Load(); times != nil {
		times.SetBuckets(s.Times)
	}
}

func (b *Breaker) restoreOpen(t instant, s Snapshot) {
	from := b.state
	b.down = min(b.at(s.Since), t)
	if !s.Down.IsZero() {
		b.down = min(b.at(s.Down), t)
	}
	b.openings = max(s.Openings, 1)
	b.until = t
	if s.State == Open {
		b.until = min(max(b.at(s.Until), t), t+instant(b.cfg().ResetTimeout))
	}
	b.ramp = nil
	b.enter(Open, t)
	b.announce(Transition{
		From: from, To: Open, At: b.time(t), Reason: Restored, Evidence: b.trip.evidence, Until: b.time(b.until),
	})
	b.prepareRefusals()
}

func (s Snapshot) validate() error {
	var errs []error
	wrong := func(field string, value any, good string) {
		errs = append(errs, &ConfigError{"Snapshot." + field, value, good})
	}
	if s.State > HalfOpen {
		wrong("State", uint8(s.State), "Closed, Open or HalfOpen")
	}
	if s.Mode > Disabled {
		wrong("Mode", uint8(s.Mode), "Normal, Observe, ForcedOpen or Disabled")
	}
	for field, n := range map[string]int64{
		"TotalCalls": s.TotalCalls, "FailedCalls": s.FailedCalls, "RefusedCalls": s.RefusedCalls,
		"WouldRefuse": s.WouldRefuse, "ObserverPanics": s.ObserverPanics, "PolicyPanics": s.PolicyPanics,
		"Calls.Begun": s.Calls.Begun, "Calls.Failed": s.Calls.Failed, "Calls.Slow": s.Calls.Slow,
		"ConsecutiveFailures": int64(s.ConsecutiveFailures), "Openings": int64(s.Openings),
	} {
		if n < 0 || n > 1<<52 {
			wrong(field, n, "0 to 2^52")
		}
	}
	if n := s.Calls.Answered; n < -1<<52 || n > 1<<52 { // a parent's may take back what its children have counted
		wrong("Calls.Answered", n, "-2^52 to 2^52")
	}
	return errors.Join(errs...)
}

// marshal returns the state of a policy that has one to keep.
func marshal(p Policy) json.RawMessage {
	m, ok := p.(json.Marshaler)
	if !ok {
		return nil
	}
	state, err := m.MarshalJSON()
	if err != nil {
		return nil // what a policy cannot tell, it learns again
	}
	return state
}

func unmarshal(p Policy, state json.RawMessage) error {
	if u, ok := p.(json.Unmarshaler); ok && len(state) > 0 {
		return u.UnmarshalJSON(state)
	}
	return nil
}

// inherit gives a new policy the state of an old one of its kind.
func inherit(heir, old Policy) {
	if reflect.TypeOf(heir) == reflect.TypeOf(old) {
		_ = unmarshal(heir, marshal(old)) // if it does not fit, it starts anew
	}
}

// MarshalJSON keeps the states of the policies, in their order.
func (a anyOf) MarshalJSON() ([]byte, error) {
	states := make([]json.RawMessage, len(a))
	for i, p := range a {
		if states[i] = marshal(p); states[i] == nil {
			states[i] = json.RawMessage("null")
		}
	}
	return json.Marshal(states)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a anyOf) UnmarshalJSON(data []byte) error {
	var states []json.RawMessage
	if err := json.Unmarshal(data, &states); err != nil {
		return err
	}
	if len(states) != len(a) {
		return fmt.Errorf("%d states for %d policies", len(states), len(a))
	}
	for i, p := range a {
		if string(states[i]) == "null" {
			continue
		}
		if err := unmarshal(p, states[i]); err != nil {
			return err
		}
	}
	return nil
}

// Snapshot returns the circuits as they are, in the order of their names.
func (r *Registry) Snapshot() []Snapshot { return r.snapshot(time.Now) }

// SnapshotAt is Snapshot at the instant now.
func (r *Registry) SnapshotAt(now time.Time) []Snapshot {
	return r.snapshot(func() time.Time { return now })
}

func (r *Registry) snapshot(now func() time.Time) []Snapshot {
	all := r.All()
	list := make([]Snapshot, len(all))
	for i, b := range all {
		list[i] = b.SnapshotAt(now())
	}
	return list
}

// Restore makes the circuits of the snapshots, and brings them to where they
// were. The errors of those that make no sense, or for which there is no room,
// are joined; the others are restored nevertheless.
func (r *Registry) Restore(list []Snapshot) error { return r.restore(time.Now, list) }

// RestoreAt is Restore at the instant now.
func (r *Registry) RestoreAt(now time.Time, list []Snapshot) error {
	return r.restore(func() time.Time { return now }, list)
}

func (r *Registry) restore(now func() time.Time, list []Snapshot) error {
	var errs []error
	for _, s := range list {
		b := r.get(now, keyOf(s))
		err := fmt.Errorf("there is no room: MaxCircuits is %d", r.max)
		if b.name == s.Name {
			err = b.RestoreAt(now(), s)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("circuit %q: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}

func keyOf(s Snapshot) key {
	return key{parent: s.Parent, name: strings.TrimPrefix(s.Name, s.Parent+"/")}
}
