package replay

import (
	"time"

	"github.com/recloser/recloser/breaker"
)

// retold is the world of a trace.
type retold struct {
	*Trace
	guess Guess
	seed  uint64
	next  int
}

// Stage is the trace as it is taken where it has to be guessed, with one process. Its
// client's retries are used where the trace tells which attempts belong together.
func (t *Trace) Stage(g Guess, c Client, seed uint64) Stage {
	return Stage{
		World: func() World { return &retold{Trace: t, guess: g, seed: seed} }, Replicas: 1, Models: t.Models(),
		Outages: t.facts.Outages, Client: c, Seed: seed,
	}
}

// Next is the next request.
func (w *retold) Next() (Request, bool) {
	if w.next == len(w.first) {
		return Request{}, false
	}
	i := w.first[w.next]
	w.next++
	r := &w.rows[i]
	return Request{At: r.begin, ID: uint64(i), Model: int(r.model), Once: !r.folded}, true
}

// fact is the record of an attempt; nil: there is none.
func (w *retold) fact(a *Attempt) *row {
	i := int32(a.ID)
	for range a.N {
		if i = w.rows[i].next; i < 0 {
			return nil
		}
	}
	r := &w.rows[i]
	if off := a.Begin - r.begin; off > same || off < -same {
		return nil
	}
	return r
}

// Send answers as the record says, or guesses.
func (w *retold) Send(a *Attempt) Answer {
	var r Answer
	if fact := w.fact(a); fact != nil {
		r = fact.answer()
	} else {
		r = w.guessed(a)
	}
	if r.Took > a.Limit {
		return Answer{Class: breaker.Hang, Took: a.Limit, Guessed: r.Guessed}
	}
	return r
}

// guessed is an answer like those around.
func (w *retold) guessed(a *Attempt) Answer {
	l := newLuck(w.seed, a.ID, a.N)
	rows := w.around(a.Model, a.Begin)
	n, _ := w.works(rows)
	works := l.unit() < w.guess.chance(n, len(rows))
	if !works {
		n = len(rows) - n
	}
	choice := int(l.unit() * float64(n))
	for _, i := range rows {
		if w.rows[i].works() != works {
			continue
		}
		if choice == 0 {
			r := w.rows[i].answer()
			r.Guessed = true
			return r
		}
		choice--
	}
	if works {
		return Answer{Class: breaker.Answer, Status: 200, Took: w.typical[a.Model].answer, Guessed: true}
	}
	return Answer{Class: breaker.QuickFailure, Took: w.typical[a.Model].failure, Guessed: true}
}

// Chance is the state of the service, whatever the record of this very attempt.
func (w *retold) Chance(a *Attempt) Chance {
	rows := w.around(a.Model, a.Begin)
	n, fails := w.works(rows)
	if n == len(rows) {
		fails = w.typical[a.Model].failure
	}
	return Chance{Answered: w.guess.chance(n, len(rows)), Fails: fails}
}

// Would is what the record says, or the state.
func (w *retold) Would(a *Attempt) Chance {
	r := w.fact(a)
	if r == nil {
		return w.Chance(a)
	}
	x := Chance{Known: true, Fails: r.took}
	if r.works() {
		x = Chance{Known: true, Answered: 1, Fails: time.Duration(0)}
	}
	return x
}
