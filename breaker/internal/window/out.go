package window

import "math"

// Leave counts a call as ended in another way than answered, by the low half of
// its slot.
func (w *Window) Leave(low uint32) {
	head := w.head.Load()
	slot := head - int64(int32(uint32(head)-low))
	if slot > head-Size && slot <= head {
		w.left[uint64(slot)%Size]++
	} else if slot > max(w.floor, w.gone) {
		w.ancient.remove(slot)
	}
}

// AnsweredGone counts a call as answered whose slot is gone. It acquits all
// calls as old.
func (w *Window) AnsweredGone() {
	w.answered++
	w.ancient.clear()
	w.gone = w.head.Load() - Size
}

// Forget lets nothing that began, or ended, up to now count as evidence.
func (w *Window) Forget() {
	head := w.head.Load()
	w.floor = head
	w.ancient.clear()
	w.Remark()
}

// out is how many calls of a slot are still out.
func (w *Window) out(slot int64) int64 {
	i := uint64(slot) % Size
	begun, answered := w.counts(int(i))
	return max(begun-answered-int64(w.left[i]), 0)
}

// Out counts the calls still out that began from the slot of the instant from
// on and before that of the instant before.
func (w *Window) Out(from, before int64) int {
	head := w.head.Load()
	var n int64
	for s := max(w.Slot(from), head-Size+1); s <= min(w.Slot(before)-1, head); s++ {
		n += w.out(s)
	}
	return int(n)
}

// NewestAnswered returns the newest slot with a call that was answered, and
// whether there is one.
func (w *Window) NewestAnswered() (slot int64, ok bool) {
	head := w.head.Load()
	for s := head; s > head-Size; s-- {
		if _, answered := w.counts(int(uint64(s) % Size)); answered > 0 {
			return s, true
		}
	}
	return w.gone, w.gone != math.MinInt64
}

// NewestOut returns the newest slot that lies, whole, before the instant before
// and has a call that is still out, and whether there is one.
func (w *Window) NewestOut(before int64) (slot int64, ok bool) {
	head := w.head.Load()
	for s := min(w.Slot(before)-1, head); s > head-Size; s-- {
		if w.out(s) > 0 {
			return s, true
		}
	}
	return 0, false
}

// Stalled counts the calls still out that began before the slot of the instant
// before, and after all of: the newest answered slot, Forget, and the slot
// acquitted, which is one that was answered elsewhere.
func (w *Window) Stalled(acquitted, before int64) int {
	if answered, ok := w.NewestAnswered(); ok {
		acquitted = max(acquitted, answered)
	}
	acquitted = max(acquitted, w.floor)
	head := w.head.Load()
	n := w.Out(w.Start(max(acquitted+1, head-Size+1)), before)
	if acquitted <= max(w.floor, w.gone) {
		n += int(w.ancient.before(w.Slot(before)))
	}
	return n
}

// Idle reports whether no call is out and the current slot lies, whole, before
// the instant t.
func (w *Window) Idle(t int64) bool {
	head := w.head.Load()
	if w.Start(head+1) > t || w.ancient.n > 0 {
		return false
	}
	for s := head - Size + 1; s <= head; s++ {
		if w.out(s) > 0 {
			return false
		}
	}
	return true
}
