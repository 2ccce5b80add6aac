package replay

import (
	"math"
	"time"
)

// inRow trips after so many failures with no success between.
type inRow struct{ limit, n int }

func (j *inRow) trips(_ time.Duration, failed bool) bool {
	if !failed {
		j.n = 0
		return false
	}
	j.n++
	return j.n >= j.limit
}

func (j *inRow) forget() { j.n = 0 }

// rateOverTime trips when that part of at least so many calls failed, of a window
// that moves in steps.
type rateOverTime struct {
	rate  float64
	least int
	step  time.Duration
	slots []counts // a ring
	head  int64
}

type counts struct{ calls, failed int }

func newRateOverTime(rate float64, least int, window time.Duration, slots int) *rateOverTime {
	return &rateOverTime{rate: rate, least: least, step: window / time.Duration(slots), slots: make([]counts, slots)}
}

func (j *rateOverTime) trips(now time.Duration, failed bool) bool {
	j.turn(now)
	c := &j.slots[j.head%int64(len(j.slots))]
	c.calls++
	if !failed {
		return false
	}
	c.failed++
	sum := j.sum()
	return sum.calls >= j.least && float64(sum.failed) >= j.rate*float64(sum.calls)
}

// turn empties the slots that have gone by.
func (j *rateOverTime) turn(now time.Duration) {
	slot := int64(now / j.step)
	for s := max(j.head+1, slot-int64(len(j.slots))+1); s <= slot; s++ {
		j.slots[s%int64(len(j.slots))] = counts{}
	}
	j.head = max(j.head, slot)
}

func (j *rateOverTime) sum() (sum counts) {
	for _, c := range j.slots {
		sum.calls += c.calls
		sum.failed += c.failed
	}
	return sum
}

func (j *rateOverTime) forget() { clear(j.slots) }

// lowSuccess trips when the success rate, an exponential mean over a window, falls
// below a limit, after at least so many calls within the window.
type lowSuccess struct {
	limit  float64
	window time.Duration
	recent *rateOverTime
	mean   float64
	at     time.Duration
	begun  bool
}

func newLowSuccess(limit float64, least int, window time.Duration) *lowSuccess {
	return &lowSuccess{limit: limit, window: window, recent: newRateOverTime(1, least, window, 30)}
}

func (j *lowSuccess) trips(now time.Duration, failed bool) bool {
	keep, value := 0., 1.
	if j.begun {
		keep = math.Exp(-float64(now-j.at) / float64(j.window))
	}
	if failed {
		value = 0
	}
	j.mean, j.at, j.begun = keep*j.mean+(1-keep)*value, now, true
	j.recent.trips(now, failed)
	return failed && j.recent.sum().calls >= j.recent.least && j.mean < j.limit
}

func (j *lowSuccess) forget() {
	j.recent.forget()
	j.begun = false
}

// rateOfLast trips when that part of the last so many calls failed.
type rateOfLast struct {
	rate   float64
	ring   []bool
	n      int
	failed int
}

func newRateOfLast(rate float64, calls int) *rateOfLast {
	return &rateOfLast{rate: rate, ring: make([]bool, calls)}
}

func (j *rateOfLast) trips(_ time.Duration, failed bool) bool {
	at := j.n % len(j.ring)
	if j.ring[at] && j.n >= len(j.ring) {
		j.failed--
	}
	j.ring[at] = failed
	if failed {
		j.failed++
	}
	j.n++
	return j.n >= len(j.ring) && float64(j.failed) >= j.rate*float64(len(j.ring))
}

func (j *rateOfLast) forget() {
	clear(j.ring)
	j.n, j.failed = 0, 0
}

// either trips when one of two does.
type either struct{ a, b judge }

func (j either) trips(now time.Duration, failed bool) bool {
	one, other := j.a.trips(now, failed), j.b.trips(now, failed)
	return one || other
}

func (j either) forget() {
	j.a.forget()
	j.b.forget()
}
