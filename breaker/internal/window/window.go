// Package window counts calls by the slot of time in which they began, so that
// rates over time and calls that hang can be seen with neither a timer nor a
// list of calls.
//
// Begin and Answer take no lock and scale with the cores. Everything else
// is for callers that hold their circuit's lock.
package window

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Size is how many slots are kept.
const Size = 256

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

// Window counts the calls of one circuit. Make it with New.
type Window struct {
	ID uint8 // set by who makes it, to tell windows apart

	width int64 // of a slot, in nanoseconds
	head  atomic.Int64
	first stripe
	// more has further stripes once callers got in each other's way, often, in
	// one slot: then each processor has its own to write to.
	more    atomic.Pointer[stripes]
	clashes atomic.Int32
	// unended are calls counted as answered, by their first content, that have
	// not ended, or not well: they are no answers for Ended.
	unended atomic.Int64

	left  [Size]uint32 // calls of a slot that ended in another way than answered
	known [Size]uint32 // calls of a slot that are in answered, below
	next  int64        // the first slot that may still be answered; those before are in answered
	floor int64        // calls of this slot and before are nobody's evidence
	gone  int64        // newest slot that is gone and had an answered call

	begun        int64 // of slots that are gone
	answered     int64
	failed, slow int64 // calls ended so

	ancient int64 // calls still out whose slot is gone, and after floor and gone

	marks  []Ended      // at the start of each slot; nil unless asked for
	beside func() Ended // of calls that are counted elsewhere; may be nil
}

// Content notes that a call has been counted as answered before its end.
func (w *Window) Content() { w.unended.Add(1) }

// EndWell notes that a call after its Content has ended as an answer.
func (w *Window) EndWell() { w.unended.Add(-1) }

// Ended are calls by how they ended.
type Ended struct{ Answered, Failed, Slow int64 }

// Plus returns the sum of both.
func (e Ended) Plus(f Ended) Ended {
	return Ended{e.Answered + f.Answered, e.Failed + f.Failed, e.Slow + f.Slow}
}

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

// New returns a window whose current slot is that of the instant now.
func New(now int64, width time.Duration) *Window {
	w := &Window{width: int64(width)}
	w.start(w.Slot(now))
	return w
}

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

// Slot returns the number of the slot of the instant t.
func (w *Window) Slot(t int64) int64 {
	n := t / w.width
	if t%w.width < 0 {
		n--
	}
	return n
}

// Start returns the instant at which a slot starts.
func (w *Window) Start(slot int64) int64 { return slot * w.width }

// Head returns the current slot.
func (w *Window) Head() int64 { return w.head.Load() }

// Current reports whether t is in the current slot.
func (w *Window) Current(t int64) bool {
	return uint64(t-w.head.Load()*w.width) < uint64(w.width)
}

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

// Leave counts a call as ended in another way than answered, by the low half of
// its slot.
func (w *Window) Leave(low uint32) {
	head := w.head.Load()
	slot := head - int64(int32(uint32(head)-low))
	if slot > head-Size && slot <= head {
		w.left[uint64(slot)%Size]++
	} else if slot > max(w.floor, w.gone) {
		w.ancient = max(w.ancient-1, 0)
	}
}

// AnsweredGone counts a call as answered whose slot is gone. It acquits all
// calls as old.
func (w *Window) AnsweredGone() {
	w.answered++
	w.ancient, w.gone = 0, w.head.Load()-Size
}

// Add adds calls that have ended. They need not have begun here.
func (w *Window) Add(e Ended) {
	w.answered += e.Answered
	w.failed += e.Failed
	w.slow += e.Slow
}

// Begun returns how many calls have begun.
func (w *Window) Begun() int64 {
	begun := w.begun
	for i := range Size {
		b, _ := w.counts(i)
		begun += b
	}
	return begun
}

// SoFar returns all that has ended so far. It looks only at slots with calls
// that may be out: the current one, if calls are quick.
func (w *Window) SoFar() Ended {
	head, n := w.head.Load(), w.answered
	for s := w.next; s <= head; s++ {
		i := uint64(s) % Size
		_, answered := w.counts(int(i))
		n += answered - int64(w.known[i])
	}
	return Ended{n - w.unended.Load(), w.failed, w.slow}
}

// settle moves the first slot that may still be answered on.
func (w *Window) settle(head int64) {
	for ; w.next < head && w.out(w.next) == 0; w.next++ {
		i := uint64(w.next) % Size
		_, answered := w.counts(int(i))
		w.know(i, answered)
	}
}

// know takes a slot's answers into the sum.
func (w *Window) know(i uint64, answered int64) {
	w.answered += answered - int64(w.known[i])
	w.known[i] = uint32(answered)
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

// Advance is Turn for those who do not know whether the clock was set back: a slot
// before the current one is no turn.
func (w *Window) Advance(t int64) bool { return w.Slot(t) >= w.head.Load() && w.Turn(t) }

// Turn makes t's slot the current one and reports whether that was a change. A
// slot a little before the current one is late, not a turn; one far before
// it means that the clock was set back, and everything starts anew.
func (w *Window) Turn(t int64) bool {
	if w.clashes.Load() > clashLimit && w.more.Load() == nil {
		w.spread()
	}
	slot, head := w.Slot(t), w.head.Load()
	back := slot < head
	if slot == head || back && head-slot < Size/2 {
		return false
	}
	w.clashes.Store(0)
	if back {
		w.start(slot)
		return true
	}
	w.settle(head)
	now := w.all()
	for old := head - Size + 1; old <= min(head, slot-Size); old++ {
		w.evict(old, slot-int64(uint64(slot-old)%Size), now)
	}
	w.next = max(w.next, slot-Size+1)
	w.head.Store(slot)
	return true
}

// evict makes room for slot where old was.
func (w *Window) evict(old, slot int64, now Ended) {
	i := uint64(old) % Size
	begun, answered := w.take(i, slot)
	w.begun += begun
	w.know(i, answered) // also what came too late for settle
	w.known[i] = 0
	switch {
	case answered > 0:
		w.ancient, w.gone = 0, old
	case old > max(w.floor, w.gone):
		w.ancient += max(begun-int64(w.left[i]), 0)
	}
	w.left[i] = 0
	if w.marks != nil {
		// Also for the slots that were skipped: what ended in them made no turn,
		// so it was soon after the one before.
		w.marks[i] = now
	}
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

// start makes slot the current one and empties all.
func (w *Window) start(slot int64) {
	for s := slot - Size + 1; s <= slot; s++ {
		i := uint64(s) % Size
		begun, answered := w.take(i, s)
		w.begun += begun
		w.know(i, answered)
	}
	w.left, w.known = [Size]uint32{}, [Size]uint32{}
	w.next = slot
	w.head.Store(slot)
	w.Forget()
	w.floor, w.gone = slot-1, math.MinInt64
}

// Close ends the window's use and returns its totals. Begin counts nothing any
// more, so that no call is lost between the two.
func (w *Window) Close() (begun int64, ended Ended) {
	head := w.head.Load()
	const elsewhere = 1 << 20
	for s := head - Size + 1; s <= head; s++ {
		i := uint64(s) % Size
		begun, answered := w.take(i, s+elsewhere)
		w.begun += begun
		w.know(i, answered)
	}
	w.next = head + 1
	ended = w.SoFar()
	w.head.Store(-(1 << 62) / w.width) // long before all that is: nothing is current any more
	return w.begun, ended
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

// Forget lets nothing that began, or ended, up to now count as evidence.
func (w *Window) Forget() {
	head := w.head.Load()
	w.floor, w.ancient = head, 0
	w.Remark()
}

// EndedSince returns the calls that ended since the start of the slot of t, or
// since Forget. It needs Mark.
func (w *Window) EndedSince(t int64) Ended {
	head, now := w.head.Load(), w.all()
	mark := w.marks[uint64(min(max(w.Slot(t), head-Size+1), head))%Size]
	return Ended{now.Answered - mark.Answered, now.Failed - mark.Failed, now.Slow - mark.Slow}
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
		n += int(w.ancient)
	}
	return n
}

// Idle reports whether no call is out and the current slot lies, whole, before
// the instant t.
func (w *Window) Idle(t int64) bool {
	head := w.head.Load()
	if w.Start(head+1) > t || w.ancient > 0 {
		return false
	}
	for s := head - Size + 1; s <= head; s++ {
		if w.out(s) > 0 {
			return false
		}
	}
	return true
}
