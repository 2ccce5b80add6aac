// Package window counts calls by the slot of time in which they began, so that
// rates over time and calls that hang can be seen with neither a timer nor a
// list of calls.
//
// Begin and Answer take no lock and scale with the cores. Everything else
// is for callers that hold their circuit's lock.
package window

import (
	"math"
	"sync/atomic"
	"time"
)

// Size is how many slots are kept.
const Size = 256

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
	known [Size]known  // calls of a slot that are in begun and answered, below
	next  int64        // the first slot that may still be answered; those before are in begun and answered
	floor int64        // calls of this slot and before are nobody's evidence
	gone  int64        // newest slot that is gone and had an answered call

	begun        int64 // in slots before next, those that are gone included
	answered     int64
	failed, slow int64 // calls ended so

	ancient ancient // calls still out whose slot is gone, and after floor and gone

	marks  []Ended      // at the start of each slot; nil unless asked for
	beside func() Ended // of calls that are counted elsewhere; may be nil
}

// New returns a window whose current slot is that of the instant now.
func New(now int64, width time.Duration) *Window {
	w := &Window{width: int64(width)}
	w.start(w.Slot(now))
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

// Start returns the instant at which a slot starts.
func (w *Window) Start(slot int64) int64 { return slot * w.width }

// Head returns the current slot.
func (w *Window) Head() int64 { return w.head.Load() }

// Current reports whether t is in the current slot.
func (w *Window) Current(t int64) bool {
	return uint64(t-w.head.Load()*w.width) < uint64(w.width)
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
	w.know(i, begun, answered) // also what came too late for settle
	w.known[i] = known{}
	switch {
	case answered > 0:
		w.ancient.clear()
		w.gone = old
	case old > max(w.floor, w.gone):
		w.ancient.add(old, begun-int64(w.left[i]))
	}
	w.left[i] = 0
	if w.marks != nil {
		// Also for the slots that were skipped: what ended in them made no turn,
		// so it was soon after the one before.
		w.marks[i] = now
	}
}

// start makes slot the current one and empties all.
func (w *Window) start(slot int64) {
	for s := slot - Size + 1; s <= slot; s++ {
		i := uint64(s) % Size
		begun, answered := w.take(i, s)
		w.know(i, begun, answered)
	}
	w.left, w.known = [Size]uint32{}, [Size]known{}
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
		w.know(i, begun, answered)
	}
	w.next = head + 1
	ended = w.SoFar()
	w.head.Store(-(1 << 62) / w.width) // long before all that is: nothing is current any more
	return w.begun, ended
}
