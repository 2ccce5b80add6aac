package replay

import (
	"time"

	"github.com/recloser/recloser/breaker"
)

// peer is a model of somebody else's breaker or throttle, of one circuit: what it
// decides, and not how it is built. u is a random number of [0, 1).
type peer interface {
	// allow reports whether an attempt may be made now, after n others of its
	// request, and what end is to be told of it.
	allow(now time.Duration, n int, u float64) (token uint32, ok bool)
	end(now time.Duration, token uint32, r *Answer, u float64)
	opened() int
}

// ofPeer is the policy of a peer: one circuit a process, or for each model one.
func ofPeer(name, about string, keyed bool, build func() peer) Policy {
	return Policy{Name: name, About: about, New: func(p Process) (Admission, error) {
		c := &peers{keyed: keyed, luck: luck{p.Seed}, names: []string{upstream}}
		if keyed {
			c.names = p.Models
		}
		for range c.names {
			c.each = append(c.each, build())
		}
		return c, nil
	}}
}

// peers are the circuits of a process.
type peers struct {
	keyed    bool
	luck     luck
	names    []string
	each     []peer
	tokens   []uint32 // by slot
	openings []Opening
}

func (p *peers) of(a *Attempt) int {
	if p.keyed {
		return a.Model
	}
	return 0
}

func (p *peers) Admit(slot int, a *Attempt) Verdict {
	for slot >= len(p.tokens) {
		p.tokens = append(p.tokens, 0)
	}
	i := p.of(a)
	token, ok := p.each[i].allow(a.Begin, a.N, p.luck.unit())
	p.tokens[slot] = token
	return Verdict{Refused: !ok}
}

func (*peers) Content(time.Duration, int) {}

func (p *peers) End(now time.Duration, slot int, a *Attempt, r *Answer) {
	i := p.of(a)
	before := p.each[i].opened()
	p.each[i].end(now, p.tokens[slot], r, p.luck.unit())
	if p.each[i].opened() > before {
		p.openings = append(p.openings, Opening{At: now, Circuit: p.names[i], Why: "opened"})
	}
}

func (p *peers) Openings() []Opening { return p.openings }

// judge is what opens a machine: told of each end of an attempt while closed.
type judge interface {
	trips(now time.Duration, failed bool) bool
	forget() // it has just been closed
}

// machine is a breaker of the usual three states.
type machine struct {
	judge
	period func(n int, u float64) time.Duration // of the n-th opening in a row
	probes int                                  // that may be out at once, or in all if all must be seen
	trial  int                                  // ends of probes until it decides; 1: the first does
	rate   float64                              // of failures at which it opens again; 0: one does
	quotas bool                                 // a 429 says nothing

	state      breaker.State
	generation uint32
	until      time.Duration
	row        int // openings in a row
	sent       int
	good, bad  int
	times      int
}

func (m *machine) opened() int { return m.times }

func (m *machine) allow(now time.Duration, _ int, _ float64) (uint32, bool) {
	switch {
	case m.state == breaker.Open && now < m.until:
		return 0, false
	case m.state == breaker.Open:
		m.enter(breaker.HalfOpen)
		m.sent, m.good, m.bad = 0, 0, 0
	}
	if m.state == breaker.HalfOpen {
		if m.sent >= max(m.probes, 1) {
			return 0, false
		}
		m.sent++
	}
	return m.generation, true
}

func (m *machine) enter(s breaker.State) {
	m.state = s
	m.generation++
}

func (m *machine) end(now time.Duration, token uint32, r *Answer, u float64) {
	failed := r.Class != breaker.Answer && r.Class != breaker.Nothing
	aside := r.Class == breaker.Nothing || m.quotas && r.Class == breaker.Quota
	switch {
	case token != m.generation:
	case m.state == breaker.Closed:
		if !aside && m.trips(now, failed) {
			m.times++
			m.open(now, u)
		}
	case aside:
		m.sent--
	case failed:
		m.bad++
		m.decide(now, u)
	default:
		m.good++
		m.decide(now, u)
	}
}

func (m *machine) open(now time.Duration, u float64) {
	m.row++
	m.until = now + m.period(m.row, u)
	m.enter(breaker.Open)
}

// decide ends the half-open state when enough is known.
func (m *machine) decide(now time.Duration, u float64) {
	switch {
	case m.rate == 0 && m.bad > 0:
		m.open(now, u)
	case m.good+m.bad < max(m.trial, 1):
	case m.rate > 0 && float64(m.bad) >= m.rate*float64(m.good+m.bad):
		m.open(now, u)
	default:
		m.row = 0
		m.forget()
		m.enter(breaker.Closed)
	}
}
