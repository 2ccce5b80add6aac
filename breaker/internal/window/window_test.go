package window

import (
	"math"
	"sync"
	"testing"
	"time"
)

const (
	width  = int64(time.Second)
	noSlot = math.MinInt64
)

// call is one that is out.
type call struct {
	w      *Window
	stripe int
	slot   int64
}

// begin starts a call at the given second.
func begin(w *Window, second int64) call {
	stripe, slot := w.Begin(second * width)
	if stripe < 0 {
		w.Turn(second * width)
		stripe, slot = 0, w.BeginNow()
	}
	return call{w, stripe, slot}
}

func (c call) answer() {
	if !c.w.Answer(c.stripe, uint32(c.slot)) {
		c.w.AnsweredGone()
	}
}

func (c call) leave() { c.w.Leave(uint32(c.slot)) }

func TestStalled(t *testing.T) {
	w := New(10*width, time.Second)
	a, b, c := begin(w, 10), begin(w, 11), begin(w, 12)
	check := func(when string, before int64, want int) {
		t.Helper()
		if got := w.Stalled(noSlot, before*width); got != want {
			t.Errorf("%s: %d stalled, want %d", when, got, want)
		}
	}
	check("three out", 13, 3)
	check("only those begun before 12", 12, 2)
	a.answer()
	check("the first was answered", 13, 2)
	c.answer()
	check("a younger one was answered", 13, 0)
	b.leave()
	d := begin(w, 20)
	check("a new call hangs", 21, 1)
	begin(w, 20+3*Size)
	check("its slot is gone, it still hangs", 21, 1)
	d.leave()
	check("it ended", 21, 0)
	e, f := begin(w, 2000), begin(w, 2001)
	begin(w, 2000+Size+1)
	check("the slots of three are gone", 2300, 4)
	e.answer()
	check("an answer as old acquits all as old", 2300, 1)
	f.leave()
	check("the one that was acquitted left", 2300, 1)
}

func TestForgetAcquits(t *testing.T) {
	w := New(10*width, time.Second)
	a, b := begin(w, 10), begin(w, 11)
	w.Forget()
	if got := w.Stalled(noSlot, 100*width); got != 0 {
		t.Errorf("%d stalled after Forget", got)
	}
	begin(w, 12)
	begin(w, 12+Size)
	if got := w.Stalled(noSlot, 13*width); got != 1 {
		t.Errorf("%d stalled, want the one begun since", got)
	}
	a.leave()
	b.leave()
	if got := w.Stalled(noSlot, 13*width); got != 1 {
		t.Errorf("%d stalled after forgotten calls left, want 1", got)
	}
}

func TestBeginOnlyInTheCurrentSlot(t *testing.T) {
	w := New(4*width, time.Second)
	began := func(second int64) bool { stripe, _ := w.Begin(second * width); return stripe >= 0 }
	if began(5) {
		t.Error("began in a slot that nobody turned to")
	}
	w.Turn(5 * width)
	if !began(5) {
		t.Error("did not begin in the current slot")
	}
	if began(5+Size) || began(4) {
		t.Error("began in another slot than the current one")
	}
	if got := w.Out(0, 10*width); got != 1 {
		t.Errorf("%d out, want 1: a refused Begin left a trace", got)
	}
}

func TestOut(t *testing.T) {
	w := New(10*width, time.Second)
	a := begin(w, 10)
	begin(w, 11)
	begin(w, 11)
	for _, tt := range []struct {
		from, before int64
		want         int
	}{{0, 100, 3}, {11, 100, 2}, {10, 11, 1}, {12, 100, 0}, {0, 10, 0}} {
		if got := w.Out(tt.from*width, tt.before*width); got != tt.want {
			t.Errorf("out from %d before %d: %d, want %d", tt.from, tt.before, got, tt.want)
		}
	}
	a.leave()
	a.leave() // once too often, as after a clock that was set back
	if got := w.Out(0, 100*width); got != 2 {
		t.Errorf("%d out, want 2", got)
	}
}

func TestEndedSince(t *testing.T) {
	w := New(10*width, time.Second)
	w.Mark(nil)
	begin(w, 10).answer()
	begin(w, 10).answer()
	w.Turn(15 * width)
	w.Add(Ended{Failed: 1, Slow: 1})
	begin(w, 20).answer()
	for second, want := range map[int64]Ended{
		0:  {3, 1, 1},
		10: {3, 1, 1},
		11: {1, 1, 1}, // nothing ended between: it would have turned
		15: {1, 1, 1},
		16: {1, 0, 0},
		20: {1, 0, 0},
		99: {1, 0, 0},
	} {
		if got := w.EndedSince(second * width); got != want {
			t.Errorf("since %d: %+v, want %+v", second, got, want)
		}
	}
	w.Forget()
	if got := w.EndedSince(0); got != (Ended{}) {
		t.Errorf("after Forget: %+v", got)
	}
	begin(w, 20).answer()
	begin(w, 20+2*Size)
	if got := w.EndedSince(20 * width); got != (Ended{}) {
		t.Errorf("two rings later: %+v, want nothing", got)
	}
	if begun, e := w.Begun(), w.SoFar(); begun != 5 || e != (Ended{4, 1, 1}) {
		t.Errorf("totals %d, %+v", begun, e)
	}
}

func TestEndedBeside(t *testing.T) {
	var beside Ended
	w := New(0, time.Second)
	w.Mark(func() Ended { return beside })
	w.Turn(1 * width)
	beside.Answered = 7
	w.Turn(2 * width)
	beside.Answered = 9
	begin(w, 2).answer()
	if got := w.EndedSince(2 * width); got.Answered != 3 {
		t.Errorf("%+v, want the two beside and the one here", got)
	}
}

func TestClockSetBack(t *testing.T) {
	w := New(1000*width, time.Second)
	late := begin(w, 1000)
	if w.Turn(998 * width) {
		t.Error("two seconds back is disorder, not a turn")
	}
	if !w.Turn(10 * width) {
		t.Error("a clock set back must start anew")
	}
	if got := w.Stalled(noSlot, 2000*width); got != 0 {
		t.Errorf("%d stalled from a time that has not been yet", got)
	}
	begin(w, 11)
	late.leave()
	if got := w.Stalled(noSlot, 12*width); got != 1 {
		t.Errorf("%d stalled, want the one call since", got)
	}
	if begun := w.Begun(); begun != 2 {
		t.Errorf("%d calls begun, want 2", begun)
	}
}

func TestSlotRoundsDown(t *testing.T) {
	w := New(0, time.Second)
	for at, want := range map[int64]int64{-width: -1, -width - 1: -2, -1: -1, 0: 0, width - 1: 0, width: 1} {
		if got := w.Slot(at); got != want {
			t.Errorf("Slot(%d) = %d, want %d", at, got, want)
		}
	}
	w = New(-5*width-1, time.Second)
	if !w.Current(-5*width-1) || w.Current(-5*width) {
		t.Error("the current slot before the epoch is not the one of its instant")
	}
}

func TestTimed(t *testing.T) {
	w := New(0, time.Second)
	timed := 0
	for range 100 {
		c := begin(w, 0)
		if w.Timed(c.stripe, uint32(c.slot)) {
			timed++
		}
		c.answer()
	}
	if want := 4 + 100/16; timed != want {
		t.Errorf("%d of 100 answers timed, want %d", timed, want)
	}
}

func TestIdleAndClose(t *testing.T) {
	w := New(10*width, time.Second)
	c := begin(w, 10)
	if w.Idle(1000 * width) {
		t.Error("idle with a call out")
	}
	c.answer()
	if !w.Idle(11*width) || w.Idle(11*width-1) {
		t.Error("idle before its last slot is over, or not after")
	}
	begun, e := w.Close()
	if begun != 1 || e.Answered != 1 {
		t.Errorf("closed with %d begun, %+v", begun, e)
	}
	if stripe, _ := w.Begin(10 * width); stripe >= 0 {
		t.Error("a closed window counted a call")
	}
	if w.Answer(c.stripe, uint32(c.slot)) {
		t.Error("a closed window counted an answer")
	}
}

// Calls that begin and end while slots turn and stripes come must neither be
// lost nor counted twice.
func TestConcurrentTurnsLoseNothing(t *testing.T) {
	const workers, each = 4, 40_000
	w := New(0, time.Millisecond)
	w.clashes.Store(clashLimit + 1) // so that stripes come with the first turn
	var mu sync.Mutex               // the circuit's lock
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i := range each {
				at := int64(i/3+worker) * int64(time.Millisecond)
				stripe, slot := w.Begin(at)
				if stripe < 0 {
					mu.Lock()
					w.Turn(at)
					stripe, slot = 0, w.BeginNow()
					mu.Unlock()
				}
				if i%5 == 0 {
					mu.Lock()
					w.Leave(uint32(slot))
					mu.Unlock()
				} else if !w.Answer(stripe, uint32(slot)) {
					mu.Lock()
					w.AnsweredGone()
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if w.more.Load() == nil {
		t.Fatal("no stripes came")
	}
	begun, e := w.Begun(), w.SoFar()
	if begun != workers*each || e.Answered != workers*each*4/5 {
		t.Errorf("%d begun, %d answered, want %d and %d", begun, e.Answered, workers*each, workers*each*4/5)
	}
	if got := w.Stalled(noSlot, 1<<60) + int(w.ancient.n); got != 0 {
		t.Errorf("%d calls out after all have ended, want 0", got)
	}
}

// Callers who get in each other's way are given stripes of their own.
func TestClashesBringStripes(t *testing.T) {
	w := New(0, time.Second)
	w.clashes.Store(clashLimit)
	w.Turn(0)
	if w.more.Load() != nil {
		t.Fatal("stripes before they were needed")
	}
	w.clashes.Add(1)
	w.Turn(0)
	if w.more.Load() == nil {
		t.Fatal("no stripes")
	}
	for range 100 {
		begin(w, 0).answer()
	}
	w.Turn(5 * width)
	if begun, e := w.Begun(), w.SoFar(); begun != 100 || e.Answered != 100 {
		t.Errorf("%d begun, %+v", begun, e)
	}
}

// A call that has outlived 64 windows meets one with its window's ID, which may
// have no stripes.
func TestAnswerOfAStripeThatIsNotThere(t *testing.T) {
	w := New(0, time.Second)
	if w.Answer(3, uint32(1<<20)) {
		t.Error("an answer to a call of long ago was counted")
	}
	_ = w.Timed(3, 0)
	_ = w.AnswerUntimed(3, 0)
	if e := w.SoFar(); e != (Ended{}) {
		t.Errorf("counted %+v", e)
	}
}
