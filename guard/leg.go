package guard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
)

// leg is the part of a call at one target. It belongs to its call.
type leg struct {
	place   *place
	url     *url.URL
	set     *settings // of its attempts
	circuit *breaker.Breaker
	bounds  *bounds
	key     *gate.Gate // of its API key, for all models; nil: there are no gates
	gate    *gate.Gate // of that key and its model

	permit *breaker.Permit // of all its attempts, if Count is PerCall
	begun  bool            // an attempt was made
	body   []byte          // with the target's model; nil: as it came
}

// allModels stands for the model in the gate of a key as such.
const allModels = "*"

// leg returns the call's part at a target, new when it is first asked for.
func (c *call) leg(target int) (*leg, *fault.Error) {
	l := &c.only
	if c.legs != nil {
		l = &c.legs[target]
	}
	if l.circuit != nil {
		return l, nil
	}
	l.place = &c.set.chain.places[target]
	if c.order != nil {
		l.place = c.order[target]
	}
	l.url = l.place.url(c.req.URL, c.live.base)
	model := c.body.fields.model
	if model != "" && l.place.Model != "" {
		model = l.place.Model
	}
	name, f := c.circuitName(model)
	if f != nil {
		return nil, f
	}
	upstream := c.upstream
	if l.url != c.req.URL {
		upstream = c.live.cfg.Upstream(l.url)
	}
	l.set = c.live.rules.of(upstream, c.req.URL.Path, model)
	l.circuit = c.g.circuits.Child(upstream, name)
	l.bounds = c.g.boundsOf(l.circuit, upstream, model)
	if c.live.cfg.Gates != Off {
		key := c.g.keyOf(l.place, c.req)
		l.key = c.g.gates.Get(key, allModels)
		l.gate = c.g.gates.Get(key, name)
	}
	return l, nil
}

// keyOf is a keyed hash of who calls, and where: what has rate limits of its own.
func (g *Guard) keyOf(p *place, req *http.Request) string {
	sum := hmac.New(sha256.New, g.secret[:])
	host := req.URL.Host
	if p.URL != nil {
		host = p.URL.Host
	}
	part := func(text string) {
		_, _ = sum.Write(binary.AppendUvarint(nil, uint64(len(text))))
		_, _ = sum.Write([]byte(text))
	}
	part(host)
	for _, name := range credentials[:len(credentials)-1] { // cookies are no keys
		part(p.credential(name, req))
	}
	return string(sum.Sum(nil)[:16])
}

// refusal is that a target let no attempt through.
type refusal struct {
	err  error
	in   time.Duration // negative: not known
	line bool          // there is a line
}

// admit asks a leg to let an attempt through: the gates of its key and model, a
// place among those in flight, and the circuit last, so that no probe's permit
// waits in line. What was taken before a refusal is given back.
func (c *call) admit(l *leg, line bool) (*attempt, *refusal) {
	asked, r := c.passGates(l, line)
	if r != nil {
		return nil, r
	}
	berths, r := c.enter(l, line)
	if r != nil {
		asked.withdraw()
		return nil, r
	}
	permit := l.permit
	if permit == nil {
		p, err := l.circuit.Allow()
		if err != nil {
			asked.withdraw()
			berths.leave()
			return nil, refusedBy(err)
		}
		permit = &p
		if c.live.cfg.Count == PerCall {
			l.permit = permit
		}
	}
	return newAttempt(c, l, permit, berths), nil
}

// refusedBy is the refusal of a circuit.
func refusedBy(err error) *refusal {
	r := &refusal{err: err, in: -1}
	if open, ok := errors.AsType[*breaker.OpenError](err); ok {
		r.in = open.RetryIn()
	}
	return r
}

// free reports whether an operator wants everything let through.
func (c *call) free(l *leg) bool {
	mode := l.circuit.Mode()
	return mode == breaker.Observe || mode == breaker.Disabled || c.g.circuits.Bypassed()
}
