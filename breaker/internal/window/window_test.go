package window

import (
	"sync"
	"testing"
	"time"
)

const width = int64(time.Second)

// begin starts a call at the given second and returns its slot.
func begin(w *Window, second int64) int64 {
	slot := w.Slot(second * width)
	if !w.Begin(slot) {
		w.Turn(slot)
		return w.BeginNow()
	}
	return slot
}

func TestStalled(t *testing.T) {
	w := New(time.Second)
	a, b, c := begin(w, 10), begin(w, 11), begin(w, 12)
	check := func(when string, last int64, want int) {
		t.Helper()
		if got := w.Stalled(last); got != want {
			t.Errorf("%s: %d stalled, want %d", when, got, want)
		}
	}
	check("three out", 12, 3)
	check("only those begun by 11", 11, 2)
	w.Answered(a)
	w.End(a)
	check("the first was answered", 12, 2)
	w.Answered(c)
	w.End(c)
	check("a younger one was answered", 12, 0)
	w.End(b)
	d := begin(w, 20)
	check("a new call hangs", 20, 1)
	begin(w, 20+3*size)
	check("its slot is gone, it still hangs", 30, 1)
	w.End(d)
	check("it ended", 30, 0)
}

func TestBeginOnlyInTheCurrentSlot(t *testing.T) {
	w := New(time.Second)
	if w.Begin(5) {
		t.Error("began in a slot that nobody turned to")
	}
	w.Turn(5)
	if !w.Begin(5) {
		t.Error("did not begin in the current slot")
	}
	if w.Begin(5 + size) {
		t.Error("began in a slot of the future that shares the cell")
	}
	if got := w.Stalled(5); got != 1 {
		t.Errorf("%d out, want 1: a refused Begin left a trace", got)
	}
}

func TestClockSetBack(t *testing.T) {
	w := New(time.Second)
	late := begin(w, 1000)
	if w.Turn(998) {
		t.Error("two seconds back is disorder, not a turn")
	}
	if !w.Turn(10) {
		t.Error("a clock set back must start anew")
	}
	if got := w.Stalled(1000); got != 0 {
		t.Errorf("%d stalled from a time that has not been yet", got)
	}
	begin(w, 11)
	w.End(late)
	if got := w.Stalled(11); got != 1 {
		t.Errorf("%d stalled, want the one call since", got)
	}
}

func TestSlotRoundsDown(t *testing.T) {
	w := New(time.Second)
	for at, want := range map[int64]int64{-width: -1, -width - 1: -2, -1: -1, 0: 0, width - 1: 0, width: 1} {
		if got := w.Slot(at); got != want {
			t.Errorf("Slot(%d) = %d, want %d", at, got, want)
		}
	}
}

// Calls that end while slots turn must neither be lost nor counted twice.
func TestConcurrentTurnsLoseNothing(t *testing.T) {
	w := New(time.Millisecond)
	var mu sync.Mutex // the circuit's lock
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 20_000 {
				slot := int64(i/3 + worker)
				if !w.Begin(slot) {
					mu.Lock()
					w.Turn(slot)
					slot = w.BeginNow()
					mu.Unlock()
				}
				w.End(slot)
			}
		})
	}
	wg.Wait()
	total := int64(uint32(w.ancient.Load())) - bias
	for i := range w.cells {
		if word := w.cells[i].Load(); word != 0 {
			total += int64(uint32(word)) - bias
		}
	}
	if total != 0 {
		t.Errorf("%d calls out after all have ended, want 0", total)
	}
}
