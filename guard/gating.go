package guard

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
)

// passed are the gates that have let an attempt through.
type passed struct {
	gates [2]*gate.Gate
	at    time.Time
}

// none reports whether no gate was asked.
func (p passed) none() bool { return p.gates[0] == nil }

// withdraw gives back what was taken for an attempt that is not made.
func (p passed) withdraw() {
	for _, g := range p.gates {
		if g != nil {
			g.Withdraw(p.at)
		}
	}
}

// passGates asks the gates of a leg.
func (c *call) passGates(l *leg, line bool) (passed, *refusal) {
	p := passed{}
	if l.gate == nil || c.free(l) {
		return p, nil
	}
	for i, g := range [...]*gate.Gate{l.key, l.gate} {
		var err error
		if line && c.set.gateWait {
			err = g.Wait(c.ctx)
		} else {
			err = g.Allow()
		}
		if err != nil {
			p.withdraw()
			return passed{}, c.gated(l, err, line)
		}
		p.gates[i], p.at = g, time.Now()
	}
	return p, nil
}

// gated is the refusal of a gate, or that the caller has left its line.
func (c *call) gated(l *leg, err error, line bool) *refusal {
	closed, ok := errors.AsType[*gate.ClosedError](err)
	if !ok {
		return refuse(c.gone(), -1, false)
	}
	f := fault.Named(codeOf(closed), closed)
	f.RetryAfter = closed.RetryIn()
	return c.held(l, f, !line && c.set.gateWait && closed.RateLimited() && l.circuit.Ready())
}

// codeOf names the refusal of a gate.
func codeOf(closed *gate.ClosedError) string {
	switch {
	case closed.RateLimited():
		return fault.CodeGateClosed
	case closed.ParkedFor == gate.KeyRefused:
		return fault.CodeKeyRefused
	}
	return fault.CodeKeyParked
}

// held is the refusal of a limit. Of one before which the call can wait, nothing is
// told yet.
func (c *call) held(l *leg, f *fault.Error, line bool) *refusal {
	if !line {
		c.observe(Event{Type: Gated, Kind: f.Kind, Fault: f, Wait: f.RetryAfter, Target: l.place.Name, Circuit: l.circuit.Name()})
	}
	return refuse(f, f.RetryAfter, line)
}

// holds reports whether the gates of a leg would hold back its next attempt, for
// how long, and whether that is known.
func (l *leg) holds() (in time.Duration, known bool) {
	ofKey, ok := l.key.ReadyIn()
	ofModel, too := l.gate.ReadyIn()
	return max(ofKey, ofModel), ok && too
}

// reportGates tells the gates what an attempt says about limits: once, and again if
// an answer that had begun turns out to be a limit. One that has not passed the
// gates says nothing where it has nothing to say.
func (a *attempt) reportGates(f *fault.Error) {
	if a.leg.gate == nil {
		return
	}
	if again := a.told.Swap(true); again && (f == nil || !limits(f)) || f != nil && a.asked.none() && !limits(f) {
		return
	}
	r := gate.Report{Kind: gate.Answer, Begun: a.start, Requests: a.requests, Tokens: a.tokens}
	if f != nil {
		r.Kind, r.RetryAfter = a.limit(f), f.RetryAfter
	}
	if r.Kind == gate.RateLimit || r.Tokens.Scarce() {
		r.Needed = a.call.needed()
	}
	ofKey := r
	switch {
	case r.Kind == gate.Quota, r.Kind == gate.BadKey && f.Status == http.StatusUnauthorized:
		r.Kind = gate.Nothing // the money and the key are the same for all models
	case r.Kind != gate.Answer:
		ofKey.Kind = gate.Nothing
	}
	ofKey.Requests, ofKey.Tokens = gate.Limit{}, gate.Limit{}
	a.leg.key.Report(ofKey)
	a.leg.gate.Report(r)
}

func limits(f *fault.Error) bool {
	return f.Kind == fault.RateLimit || f.Kind == fault.Overload || f.Kind == fault.Quota
}

// limit is what f says about limits.
func (a *attempt) limit(f *fault.Error) gate.Kind {
	switch f.Kind {
	case fault.RateLimit:
		return gate.RateLimit
	case fault.Overload:
		return gate.Overload
	case fault.Quota:
		return gate.Quota
	case fault.Caller:
		if a.ourKey() && a.call.targets() > 1 { // a key that is the only one is tried each time
			return gate.BadKey
		}
	default: // no word about limits
	}
	return gate.Nothing
}

// ourKey reports whether the service did not take a key that is the target's own.
func (a *attempt) ourKey() bool {
	return a.leg.place.ownKey && a.resp != nil &&
		(a.resp.StatusCode == http.StatusUnauthorized || a.resp.StatusCode == http.StatusForbidden)
}

// gone is what a call ends with whose caller has left, or whose time is over,
// while no attempt was out.
func (c *call) gone() *fault.Error {
	if f, ok := errors.AsType[*fault.Error](context.Cause(c.ctx)); ok {
		return f
	}
	return fault.Named(fault.CodeCancelled, c.ctx.Err())
}
