// Package window counts calls by the slot of time in which they began, so that
// calls which hang can be seen with neither a timer nor a list of calls.
//
// Begin, End and Answered take no lock. Turn, BeginNow, Stalled and Forget are
// for callers that hold their circuit's lock.
package window

import (
	"math"
	"sync/atomic"
	"time"
)

// size is how many slots are kept; calls of older ones are counted in sum.
const size = 64

// A cell is one slot: its number's low 32 bits above the calls that are out,
// the latter with a bias so that an addition never borrows from the number.
const (
	numberShift = 32
	bias        = 1 << 31
)

// Window counts the calls of one circuit. Make it with New.
type Window struct {
	width    int64 // of a slot, in nanoseconds
	current  atomic.Int64
	answered atomic.Int64 // newest slot with a call that was answered
	cells    [size]atomic.Uint64

	// Calls whose slot is gone, as a cell: its number is the slot that they
	// all came after, the newest answered one when they were last put there.
	ancient atomic.Uint64
	after   int64 // that number in full
}

// New returns a window with slots of the given width, at least a millisecond.
func New(width time.Duration) *Window {
	w := &Window{width: int64(max(width, time.Millisecond))}
	w.current.Store(math.MinInt64)
	return w
}

// Slot returns the number of the slot of the instant t.
func (w *Window) Slot(t int64) int64 {
	n := t / w.width
	if t%w.width < 0 {
		n--
	}
	return n
}

func (w *Window) cell(slot int64) *atomic.Uint64 { return &w.cells[uint64(slot)%size] }

func pack(slot int64) uint64 { return uint64(slot)<<numberShift | bias }

// add changes the calls out of a slot, and reports whether it still exists.
func (w *Window) add(slot, n int64) bool {
	cell := w.cell(slot)
	if uint32(cell.Add(uint64(n))>>numberShift) == uint32(slot) {
		return true
	}
	cell.Add(uint64(-n))
	return false
}

// Begin counts a call that begins in slot. It reports false, and has counted
// nothing, if slot is not the current one: then it is time to Turn.
func (w *Window) Begin(slot int64) bool {
	return slot == w.current.Load() && w.add(slot, 1)
}

// BeginNow counts a call that begins in the current slot, which it returns.
func (w *Window) BeginNow() (slot int64) {
	slot = w.current.Load()
	w.add(slot, 1)
	return slot
}

// End counts a call of slot as out no longer.
func (w *Window) End(slot int64) {
	if w.add(slot, -1) {
		return
	}
	for {
		word := w.ancient.Load()
		if int32(uint32(slot)-uint32(word>>numberShift)) <= 0 {
			return // of those that were acquitted
		}
		if w.ancient.CompareAndSwap(word, word-1) {
			return
		}
	}
}

// Answered notes that a call begun in slot was answered: calls begun in it or
// before are not held against the service any more. If the slot is gone, that
// goes for all calls as old.
func (w *Window) Answered(slot int64) {
	slot = max(slot, w.current.Load()-size)
	for {
		newest := w.answered.Load()
		if slot <= newest || w.answered.CompareAndSwap(newest, slot) {
			return
		}
	}
}

// Turn makes slot the current one and reports whether that was a change. A
// slot a little before the current one is late, not a turn; one far before
// it means that the clock was set back, and everything starts anew.
func (w *Window) Turn(slot int64) bool {
	current := w.current.Load()
	first := current == math.MinInt64
	back := !first && slot < current
	if slot == current || back && current-slot < size/2 {
		return false
	}
	if first || back {
		w.restart(slot)
	} else {
		for s := max(current+1, slot-size+1); s <= slot; s++ {
			w.evict(current, s)
		}
	}
	w.current.Store(slot)
	return true
}

// restart empties the window: no call begun before counts from now on.
func (w *Window) restart(slot int64) {
	for s := slot - size + 1; s <= slot; s++ {
		w.cell(s).Store(pack(s))
	}
	w.acquit(slot - 1)
	w.answered.Store(slot - 1)
}

// acquit drops the calls whose slot is gone: an answer came after them.
func (w *Window) acquit(answered int64) {
	w.after = answered
	w.ancient.Store(pack(answered))
}

// evict makes room for a slot where one up to current was.
func (w *Window) evict(current, slot int64) {
	out := uint64(max(int64(uint32(w.cell(slot).Swap(pack(slot))))-bias, 0))
	answered := w.answered.Load()
	if answered > w.after {
		w.acquit(answered)
	}
	if old := current - int64(uint64(current-slot)%size); old > answered {
		w.ancient.Add(out)
	}
}

// Stalled counts the calls still out that began after the newest answered one
// and no later than in the slot last.
func (w *Window) Stalled(last int64) int {
	answered, current := w.answered.Load(), w.current.Load()
	var n int64
	if answered <= w.after {
		n = max(int64(uint32(w.ancient.Load()))-bias, 0)
	}
	for s := max(answered+1, current-size+1); s <= min(last, current); s++ {
		n += max(int64(uint32(w.cell(s).Load()))-bias, 0)
	}
	return int(n)
}

// Forget lets nothing that began up to the current slot count as stalled.
func (w *Window) Forget() { w.answered.Store(w.current.Load()) }
