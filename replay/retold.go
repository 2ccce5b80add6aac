package replay

import "github.com/recloser/recloser/breaker"

// retold is the world of a trace.
type retold struct {
	*Trace
	guess   Guess
	seed    uint64
	next    int
	credits []credit // by model
	used    []bool   // by row: it was sent when it was on record
}

func newRetold(t *Trace, g Guess, seed uint64) *retold {
	return &retold{Trace: t, guess: g, seed: seed, credits: make([]credit, len(t.models)), used: make([]bool, len(t.rows))}
}

// Stage is the trace as it is taken where it has to be guessed, with one process. Its
// client's retries are used where the trace tells which attempts belong together.
func (t *Trace) Stage(g Guess, c Client, seed uint64) Stage {
	return Stage{
		World: func() World { return newRetold(t, g, seed) }, Replicas: 1, Models: t.Models(),
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

// fact is the row of an attempt; negative: it is not on record.
func (w *retold) fact(a *Attempt) int32 {
	i := int32(a.ID)
	for range a.N {
		if i = w.rows[i].next; i < 0 {
			return i
		}
	}
	if off := a.Begin - w.rows[i].begin; off > same || off < -same {
		return -1
	}
	return i
}

// Send answers as the record says, or guesses. A 429 is on record only as long as
// all is used that was answered.
func (w *retold) Send(a *Attempt) Answer {
	var r Answer
	switch i := w.fact(a); {
	case i < 0, w.rows[i].limited() && w.left(a.Model, a.Begin) > 0:
		r = w.guessed(a)
	default:
		w.used[i] = true
		r = w.rows[i].answer()
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
	if w.limited(rows) {
		if works = w.left(a.Model, a.Begin) > 0; works {
			w.spend(a.Model)
		}
	}
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
	if w.left(a.Model, a.Begin) > 0 && w.limited(rows) {
		return Chance{Answered: 1}
	}
	return Chance{Answered: w.guess.chance(n, len(rows)), Fails: fails}
}

// Would is what the record says, or the state.
func (w *retold) Would(a *Attempt) Chance {
	i := w.fact(a)
	switch {
	case i < 0:
		return w.Chance(a)
	case w.rows[i].works():
		return Chance{Known: true, Answered: 1}
	}
	return Chance{Known: true, Fails: w.rows[i].took}
}
