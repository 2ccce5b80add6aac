package replay

import (
	"iter"
	"slices"
	"time"
)

// Part is what the trace has of the attempts that began in [from, to), as a trace of
// its own: the state of the service is guessed from nothing outside, though latencies
// that are not told are those of all of t. Its instants are since its first attempt.
// Of a call that the bounds cut the rest is a request.
func (t *Trace) Part(from, to time.Duration) *Trace {
	low, high := t.firstFrom(from), t.firstFrom(to)
	p := &Trace{models: t.models, typical: t.typical, ofModel: make([][]int32, len(t.models))}
	p.rows = slices.Clone(t.rows[low:max(low, high)])
	follows := make([]bool, len(p.rows))
	for i := range p.rows {
		r := &p.rows[i]
		r.begin -= t.rows[low].begin
		if next := r.next - int32(low); r.next >= 0 && int(next) < len(p.rows) {
			r.next, follows[next] = next, true
		} else {
			r.next = -1
		}
		p.ofModel[r.model] = append(p.ofModel[r.model], int32(i))
		if !follows[i] {
			p.first = append(p.first, int32(i))
		}
	}
	p.count()
	return p
}

// firstFrom is the number of the first row that begins at an instant or later.
func (t *Trace) firstFrom(at time.Duration) int {
	i, _ := slices.BinarySearchFunc(t.rows, at, func(r row, at time.Duration) int {
		if r.begin < at {
			return -1
		}
		return 1
	})
	return i
}

// Attempts are those on record in the order of their begin, and how they ended. What
// the trace does not tell of their times is guessed.
func (t *Trace) Attempts() iter.Seq2[Attempt, Answer] {
	return func(yield func(Attempt, Answer) bool) {
		for i := range t.rows {
			r := &t.rows[i]
			a := Attempt{Request: Request{At: r.begin, ID: uint64(i), Model: int(r.model), Once: !r.folded}, Begin: r.begin}
			if !yield(a, r.answer()) {
				return
			}
		}
	}
}
