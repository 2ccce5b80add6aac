package tune

import (
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/replay"
)

// ledger is what one run has lost, by blocks of time, and how often it opened while
// the service was well.
type ledger struct {
	cuts    []time.Duration // where a block ends and the next begins
	outages []replay.Outage
	lost    []float64 // by block
	false   int
}

// watch is the policy with a ledger. It is for one run with one process.
func (l *ledger) watch(p replay.Policy) replay.Policy {
	l.lost = make([]float64, len(l.cuts)+1)
	return replay.Policy{Name: p.Name, New: func(of replay.Process) (replay.Admission, error) {
		a, err := p.New(of)
		return &watched{Admission: a, world: of.World, ledger: l}, err
	}}
}

// block is the one of a request: all that it loses is lost when it arrived.
func (l *ledger) block(a *replay.Attempt) *float64 {
	i, _ := slices.BinarySearch(l.cuts, a.At+1)
	return &l.lost[i]
}

// watched is an Admission with a ledger.
type watched struct {
	replay.Admission

	world  replay.World
	ledger *ledger
	opened int // that have been looked at
}

func (w *watched) Admit(slot int, a *replay.Attempt) replay.Verdict {
	if a.N == 0 && a.Begin == a.At { // who stands in line comes later once more
		*w.ledger.block(a)++ // until it is answered
	}
	v := w.Admission.Admit(slot, a)
	w.look(a.Begin, a.Model)
	return v
}

func (w *watched) End(now time.Duration, slot int, a *replay.Attempt, r *replay.Answer) {
	w.Admission.End(now, slot, a, r)
	w.look(now, a.Model)
	if r.Class == breaker.Answer || r.Class == breaker.Nothing {
		*w.ledger.block(a)--
		return
	}
	*w.ledger.block(a) += replay.SpecCosts().OfAttempt(r)
}

// look judges what has opened just now.
func (w *watched) look(now time.Duration, model int) {
	n := len(w.Openings())
	if n == w.opened {
		return
	}
	if w.well(now, model) {
		w.ledger.false += n - w.opened
	}
	w.opened = n
}

// well reports whether the service worked for a model: no outage is on record then, and
// a call would have been worth its cost.
func (w *watched) well(now time.Duration, model int) bool {
	for _, o := range w.ledger.outages {
		if (o.Model == replay.Any || o.Model == model) && now >= o.From && now <= o.To {
			return false
		}
	}
	return replay.SpecCosts().Pays(w.world.Chance(&replay.Attempt{Request: replay.Request{At: now, Model: model}, Begin: now}))
}
