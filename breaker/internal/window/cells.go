package window

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// cell counts the calls of one slot, or a part of them. The upper bits of both
// counts are the slot's number, so that an addition to a slot that is gone is
// noticed.
type cell struct{ begun, answered atomic.Uint64 }

const (
	countBits = 40
	countMask = 1<<countBits - 1
)

func tag(slot int64) uint64 { return uint64(slot) << countBits }

// stripe has a cell for every slot: the one at slot mod Size.
type stripe [Size]cell

type stripes struct {
	each []stripe
	// pool hands a processor the number of the same stripe again and again, which
	// makes it nearly its own.
	pool sync.Pool
	next atomic.Uint32
}

// maxStripes bounds the memory of a window: a stripe is 4 KiB.
const maxStripes = 16

// clashLimit is how often callers may get in each other's way within one slot.
const clashLimit = 32

// Begin counts a call that begins at t, and returns in which stripe and slot. The
// stripe is negative, and nothing counted, if it is time to Turn.
func (w *Window) Begin(t int64) (stripe int, slot int64) {
	slot = w.head.Load()
	if uint64(t-slot*w.width) >= uint64(w.width) {
		return -1, 0
	}
	for {
		c := &w.first[uint64(slot)%Size]
		if more := w.more.Load(); more != nil {
			stripe = more.own()
			c = more.cell(stripe, uint64(slot))
		}
		old := c.begun.Load()
		if (old^tag(slot))>>countBits != 0 {
			return -1, 0
		}
		if c.begun.CompareAndSwap(old, old+1) {
			return stripe, slot
		}
		if w.clashes.Add(1) > clashLimit && w.more.Load() == nil {
			return -1, 0
		}
	}
}

// BeginNow counts a call that begins in the current slot, which it returns, in
// stripe 0.
func (w *Window) BeginNow() (slot int64) {
	slot = w.head.Load()
	w.first[uint64(slot)%Size].begun.Add(1)
	return slot
}

// own returns the number of a stripe that is the processor's own.
func (m *stripes) own() int {
	n := m.pool.Get().(*int)
	m.pool.Put(n)
	return *n
}

func (m *stripes) cell(stripe int, slot uint64) *cell { return &m.each[stripe-1][slot%Size] }

// cell is that of a stripe and slot, of whose number the low half will do. A
// stripe that is not there is the first: the caller may have outlived so many
// windows that its own has the ID of this one again.
func (w *Window) cell(stripe int, slot uint32) *cell {
	if more := w.more.Load(); stripe > 0 && more != nil {
		return more.cell(stripe, uint64(slot))
	}
	return &w.first[slot%Size]
}

// Timed reports whether the answer to a call is one whose time is to be taken:
// each of the first four of a cell, then every 16th.
func (w *Window) Timed(stripe int, slot uint32) bool {
	n := w.cell(stripe, slot).answered.Load() & countMask
	return n < 4 || n%16 == 0
}

// AnswerUntimed is Answer for a call of the current slot whose time need not be
// taken. It reports false, too, if another answer came in between.
func (w *Window) AnswerUntimed(stripe int, slot uint32) bool {
	c := w.cell(stripe, slot)
	old := c.answered.Load()
	n := old & countMask
	return uint32(w.head.Load()) == slot && (old^tag(int64(slot)))>>countBits == 0 && n >= 4 && n%16 != 0 &&
		c.answered.CompareAndSwap(old, old+1)
}

// Answer counts a call as answered, by the stripe and the low half of the slot
// that Begin returned. It reports false, and has counted nothing, if the slot is
// gone.
func (w *Window) Answer(stripe int, slot uint32) bool {
	c := w.cell(stripe, slot)
	for {
		old := c.answered.Load()
		if (old^tag(int64(slot)))>>countBits != 0 {
			return false
		}
		if c.answered.CompareAndSwap(old, old+1) {
			return true
		}
	}
}

// counts adds up a slot's cells.
func (w *Window) counts(i int) (begun, answered int64) {
	begun = int64(w.first[i].begun.Load() & countMask)
	answered = int64(w.first[i].answered.Load() & countMask)
	if more := w.more.Load(); more != nil {
		for s := range more.each {
			begun += int64(more.each[s][i].begun.Load() & countMask)
			answered += int64(more.each[s][i].answered.Load() & countMask)
		}
	}
	return begun, answered
}

// take empties the cells at i for slot and returns what they counted.
func (w *Window) take(i uint64, slot int64) (begun, answered int64) {
	begun = int64(w.first[i].begun.Swap(tag(slot)) & countMask)
	answered = int64(w.first[i].answered.Swap(tag(slot)) & countMask)
	if more := w.more.Load(); more != nil {
		for s := range more.each {
			begun += int64(more.each[s][i].begun.Swap(tag(slot)) & countMask)
			answered += int64(more.each[s][i].answered.Swap(tag(slot)) & countMask)
		}
	}
	return begun, answered
}

// spread gives processors stripes of their own.
func (w *Window) spread() {
	more := &stripes{each: make([]stripe, min(runtime.GOMAXPROCS(0), maxStripes))}
	head := w.head.Load()
	for s := range more.each {
		for n := head - Size + 1; n <= head; n++ {
			c := &more.each[s][uint64(n)%Size]
			c.begun.Store(tag(n))
			c.answered.Store(tag(n))
		}
	}
	numbers := make([]int, len(more.each))
	for i := range numbers {
		numbers[i] = i + 1
	}
	more.pool.New = func() any { return &numbers[int(more.next.Add(1))%len(numbers)] }
	w.more.Store(more)
}
