package history

import (
	"slices"
	"sync"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// batch is what is written at once.
type batch struct {
	events  []report.Event
	cells   map[int64]map[string]*delta // by slot and circuit
	records []Attempt
}

func (b *batch) empty() bool { return len(b.events)+len(b.cells)+len(b.records) == 0 }

// queue is what waits to be written. It is bounded and safe for concurrent use.
type queue struct {
	limits backlogLimits

	mu      sync.Mutex
	waiting batch
	cells   int     // in waiting
	taken   Backlog // and not yet written
	lastID  int64   // of an event
	lost    Loss

	gathering sync.Mutex // held by who gathers from the meter
}

type backlogLimits struct{ events, cells, records int }

// Loss is how much was dropped since the start, because the disk did not take it.
type Loss struct {
	Events  int64
	Cells   int64 // of a circuit and 10 s, or a part of one
	Calls   int64 // that were in these cells, refused ones too
	Records int64
}

// Backlog is how much waits to be written.
type Backlog struct{ Events, Cells, Records int }

func newQueue(c Config) *queue {
	return &queue{limits: backlogLimits{c.QueueEvents, c.QueueCells, c.QueueRecords}}
}

// event takes an event, numbered in the order of the calls. Of too many the oldest
// goes, but only once nothing else is left.
func (q *queue) event(e report.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lastID++
	e.ID = q.lastID
	q.waiting.events = append(q.waiting.events, e)
	q.bound()
}

// continueAfter makes the IDs go on after those that are on disk.
func (q *queue) continueAfter(id int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lastID = max(q.lastID, id)
}

// nextID reserves the ID of an event that does not wait here.
func (q *queue) nextID() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lastID++
	return q.lastID
}

// gather takes what the meter has.
func (q *queue) gather(m *meter) {
	q.gathering.Lock()
	defer q.gathering.Unlock()
	m.gather(q.cell, q.records)
}

func (q *queue) cell(circuit string, d *delta) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.merge(d.slot, circuit, d)
	q.bound()
}

func (q *queue) merge(slot int64, circuit string, d *delta) {
	if q.waiting.cells == nil {
		q.waiting.cells = map[int64]map[string]*delta{}
	}
	of := q.waiting.cells[slot]
	if of == nil {
		of = map[string]*delta{}
		q.waiting.cells[slot] = of
	}
	to := of[circuit]
	if to == nil {
		to = &delta{slot: slot}
		of[circuit] = to
		q.cells++
	}
	to.merge(&d.sums)
}

func (q *queue) records(list []Attempt, lost int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lost.Records += lost
	q.waiting.records = append(q.waiting.records, list...)
	if len(q.waiting.records) > q.limits.records+q.limits.records/8 { // seldom, as it moves all
		q.bound()
	}
}

// bound drops the oldest of what is too much.
func (q *queue) bound() {
	for q.cells > q.limits.cells {
		q.dropSlot()
	}
	q.dropRecords(len(q.waiting.records) - q.limits.records)
	over := len(q.waiting.events) - q.limits.events
	if over <= 0 {
		return
	}
	for q.cells > 0 {
		q.dropSlot()
	}
	q.dropRecords(len(q.waiting.records))
	q.waiting.events = slices.Delete(q.waiting.events, 0, over)
	q.lost.Events += int64(over)
}

// dropSlot drops the cells of the oldest slot.
func (q *queue) dropSlot() {
	oldest := int64(slotLimit + 1)
	for slot := range q.waiting.cells {
		oldest = min(oldest, slot)
	}
	for _, d := range q.waiting.cells[oldest] {
		q.lost.Cells++
		q.lost.Calls += d.Refused
		for _, n := range d.Calls {
			q.lost.Calls += n
		}
		q.cells--
	}
	delete(q.waiting.cells, oldest)
}

func (q *queue) dropRecords(n int) {
	if n <= 0 {
		return
	}
	q.waiting.records = slices.Delete(q.waiting.records, 0, n)
	q.lost.Records += int64(n)
}

// take hands over all that waits.
func (q *queue) take() batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.waiting
	q.taken = Backlog{len(b.events), q.cells, len(b.records)}
	q.waiting, q.cells = batch{}, 0
	return b
}

// written tells that what was taken is on the disk.
func (q *queue) written() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken = Backlog{}
}

// giveBack puts what could not be written before what came since.
func (q *queue) giveBack(b batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken = Backlog{}
	q.waiting.events = append(b.events, q.waiting.events...)
	q.waiting.records = append(b.records, q.waiting.records...)
	for slot, of := range b.cells {
		for circuit, d := range of {
			q.merge(slot, circuit, d)
		}
	}
	q.bound()
}

func (q *queue) state() (Backlog, Loss) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Backlog{q.taken.Events + len(q.waiting.events), q.taken.Cells + q.cells, q.taken.Records + len(q.waiting.records)}, q.lost
}
