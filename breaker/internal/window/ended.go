package window

// Ended are calls by how they ended.
type Ended struct{ Answered, Failed, Slow int64 }

// Plus returns the sum of both.
func (e Ended) Plus(f Ended) Ended {
	return Ended{e.Answered + f.Answered, e.Failed + f.Failed, e.Slow + f.Slow}
}

// Content notes that a call has been counted as answered before its end.
func (w *Window) Content() { w.unended.Add(1) }

// EndWell notes that a call after its Content has ended as an answer.
func (w *Window) EndWell() { w.unended.Add(-1) }

// Mark makes EndedSince work, from now on. It then also counts the calls that
// beside tells, if that is not nil.
func (w *Window) Mark(beside func() Ended) {
	w.beside = beside
	w.marks = make([]Ended, Size)
	w.Remark()
}

// Marked reports whether EndedSince works.
func (w *Window) Marked() bool { return w.marks != nil }

// Remark lets what ended up to now count no longer in EndedSince.
func (w *Window) Remark() {
	now := w.all()
	for i := range w.marks {
		w.marks[i] = now
	}
}

// Add adds calls that have ended. They need not have begun here.
func (w *Window) Add(e Ended) {
	w.answered += e.Answered
	w.failed += e.Failed
	w.slow += e.Slow
}

// Begun returns how many calls have begun. It looks only at the slots that SoFar
// looks at.
func (w *Window) Begun() int64 {
	head, n := w.head.Load(), w.begun
	for s := w.next; s <= head; s++ {
		i := uint64(s) % Size
		begun, _ := w.counts(int(i))
		n += begun - int64(w.known[i].begun)
	}
	return n
}

// SoFar returns all that has ended so far. It looks only at slots with calls
// that may be out: the current one, if calls are quick.
func (w *Window) SoFar() Ended {
	head, n := w.head.Load(), w.answered
	for s := w.next; s <= head; s++ {
		i := uint64(s) % Size
		_, answered := w.counts(int(i))
		n += answered - int64(w.known[i].answered)
	}
	return Ended{n - w.unended.Load(), w.failed, w.slow}
}

// settle moves the first slot that may still be answered on.
func (w *Window) settle(head int64) {
	for ; w.next < head && w.out(w.next) == 0; w.next++ {
		i := uint64(w.next) % Size
		begun, answered := w.counts(int(i))
		w.know(i, begun, answered)
	}
}

// known is what of a slot is in the sums.
type known struct{ begun, answered uint32 }

// know takes a slot's calls into the sums.
func (w *Window) know(i uint64, begun, answered int64) {
	w.begun += begun - int64(w.known[i].begun)
	w.answered += answered - int64(w.known[i].answered)
	w.known[i] = known{uint32(begun), uint32(answered)}
}

// all returns what has ended, here and beside.
func (w *Window) all() Ended {
	if w.marks == nil {
		return Ended{}
	}
	e := w.SoFar()
	if w.beside != nil {
		e = e.Plus(w.beside())
	}
	return e
}

// EndedSince returns the calls that ended since the start of the slot of t, or
// since Forget. It needs Mark.
func (w *Window) EndedSince(t int64) Ended {
	head, now := w.head.Load(), w.all()
	mark := w.marks[uint64(min(max(w.Slot(t), head-Size+1), head))%Size]
	return Ended{now.Answered - mark.Answered, now.Failed - mark.Failed, now.Slow - mark.Slow}
}
