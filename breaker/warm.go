package breaker

import (
	"slices"
	"sync"
	"time"
)

// warm are the circuits of a registry that have a window, so that those which
// are no longer used give it back. No goroutine looks after them: circuits in use
// do, a few at a time, when they turn to a new slot.
type warm struct {
	mu       sync.Mutex
	circuits []*Breaker
	next     int
}

// sweepStep is how many circuits are looked at in one slot of one circuit.
const sweepStep = 64

// staleAfter is how long a window stays unused, beyond what its policy looks
// back over.
const staleAfter = time.Minute

func (w *warm) add(b *Breaker) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.circuits = append(w.circuits, b)
}

// sweep takes the windows of some unused circuits. The caller holds b's lock,
// and perhaps its parent's; circuits whose lock is held by anybody are in use.
func (w *warm) sweep(b *Breaker, t instant) {
	if !w.mu.TryLock() {
		return
	}
	defer w.mu.Unlock()
	for range min(sweepStep, len(w.circuits)) {
		if w.next >= len(w.circuits) {
			w.next = 0
		}
		c := w.circuits[w.next]
		if c != b && c.cool(b.time(t)) {
			last := len(w.circuits) - 1
			w.circuits[w.next] = w.circuits[last]
			w.circuits = slices.Delete(w.circuits, last, last+1)
			continue
		}
		w.next++
	}
}

// cool gives the window back if it is not used any more.
func (b *Breaker) cool(now time.Time) bool {
	if !b.mu.TryLock() {
		return false
	}
	defer b.mu.Unlock()
	w := b.win.Load()
	if w == nil {
		b.warm = false
		return true
	}
	set := b.set.Load()
	before := b.at(now) - instant(max(set.needs.Span, set.StallAfter)+staleAfter)
	if b.state != Closed || !w.Idle(int64(before)) {
		return false
	}
	b.retire(w)
	b.warm = false
	if b.run.failures == 0 {
		b.latest = nil
	}
	return true
}
