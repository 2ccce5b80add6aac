package guard

import (
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
	model   string    // that goes out; empty: none could be read
	circuit *breaker.Breaker
	bounds  *bounds
	key     *gate.Gate // of its API key, for all models; nil: there are no gates
	gate    *gate.Gate // of that key and its model

	permit *breaker.Permit // of all its attempts, if Count is PerCall
	begun  bool            // an attempt was made
	body   []byte          // with the target's model; nil: as it came
	no     *refusal        // the last one
}

// allModels stands for the model in the gate of a key as such: no circuit is called
// so.
const allModels = ""

// leg returns the call's part at a target, new when it is first asked for.
func (c *call) leg(target int) (*leg, *fault.Error) {
	l := &c.only
	if c.legs != nil {
		l = &c.legs[target]
	}
	if l.circuit != nil {
		return l, nil
	}
	switch {
	case c.req.Response != nil: // a redirect that the caller follows: no target's business
		l.place = &place{}
	case c.order != nil:
		l.place = c.order[target]
	default:
		l.place = &c.set.chain.places[target]
	}
	l.url = l.place.url(c.req.URL, c.live.base)
	model := c.body.fields.model
	if c.body.fields.modelled && l.place.Model != "" {
		model = l.place.Model
	}
	l.model = model
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
	l.bounds = c.g.boundsOf(l.circuit, upstream, name)
	if c.live.cfg.Gates != Off {
		key := c.g.keyOf(l.place, c.req)
		l.key = c.g.gates.Get(key, allModels)
		l.gate = c.g.gates.Get(key, name)
	}
	return l, nil
}

// keyOf is a keyed hash of who calls, and where: what has rate limits of its own.
// Half of the sum is left out, so nothing can be put behind what was hashed.
func (g *Guard) keyOf(p *place, req *http.Request) string {
	host := req.URL.Host
	if p.URL != nil {
		host = p.URL.Host
	}
	var room [512]byte
	text := part(append(room[:0], g.secret...), host)
	for _, name := range credentials {
		text = part(text, p.credential(name, req))
	}
	sum := sha256.Sum256(text)
	return string(sum[:sha256.Size/2])
}

// part appends a text so that it cannot be taken for two.
func part(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// refusal is that a target let no attempt through.
type refusal struct {
	err  error
	at   time.Time
	in   time.Duration // from then; negative: not known
	line bool          // there is a line
}

func refuse(err error, in time.Duration, line bool) *refusal {
	return &refusal{err, time.Now(), in, line}
}

// before reports whether r says an earlier time than other.
func (r *refusal) before(other *refusal) bool {
	switch {
	case other == nil || other.in < 0:
		return other == nil || r.in >= 0
	case r.in < 0:
		return false
	}
	return r.at.Add(r.in).Before(other.at.Add(other.in))
}

// admit asks a leg to let an attempt through: the gates of its key and model, a
// place among those in flight, and the circuit last, so that no probe's permit
// waits in line. What was taken before a refusal is given back. Before a circuit
// that would refuse, nobody waits.
func (c *call) admit(l *leg, line bool) (*attempt, *refusal) {
	line = line && (l.permit != nil || l.circuit.Ready())
	asked, berths, r := c.passLines(l, line)
	if r != nil {
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
	a := newAttempt(c, l, permit)
	a.asked, a.berths = asked, berths
	return a, nil
}

// maxRounds is how often a call waits for a berth behind a gate that then closes.
const maxRounds = 3

// passLines passes the gates and finds a berth. A gate may have closed while the
// call waited for the berth, which it then does not keep.
func (c *call) passLines(l *leg, line bool) (passed, *berths, *refusal) {
	for round := 1; ; round++ {
		asked, r := c.passGates(l, line)
		if r != nil {
			return passed{}, nil, r
		}
		berths, waited, r := c.enter(l, line)
		if r != nil {
			asked.withdraw()
			return passed{}, nil, r
		}
		if !waited || asked.none() {
			return asked, berths, nil
		}
		asked.withdraw()
		if asked, r = c.passGates(l, false); r == nil {
			return asked, berths, nil
		}
		berths.leave()
		if !c.set.gateWait || round == maxRounds {
			return passed{}, nil, r
		}
	}
}

// refusedBy is the refusal of a circuit.
func refusedBy(err error) *refusal {
	if open, ok := errors.AsType[*breaker.OpenError](err); ok {
		return refuse(err, open.RetryIn(), false)
	}
	return refuse(err, -1, false)
}

// free reports whether an operator wants everything let through.
func (c *call) free(l *leg) bool {
	mode := l.circuit.Mode()
	return mode == breaker.Observe || mode == breaker.Disabled || c.g.circuits.Bypassed()
}
