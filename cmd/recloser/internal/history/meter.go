package history

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// meter sums up attempts and calls where they come: nobody waits for another circuit,
// seldom for another call, never for the disk.
type meter struct {
	max     int // circuits
	shards  int // of a circuit, a power of two
	record  bool
	records int // at most, in one shard
	now     func() time.Time

	circuits atomic.Pointer[map[string]*circuit] // replaced, never changed
	mu       sync.Mutex                          // of those who replace it
	other    *circuit
}

// circuit is where what comes for a circuit is summed up.
type circuit struct {
	name   string
	shards []shard
}

// shard is one of the places of a circuit that take turns, so that calls seldom meet.
type shard struct {
	mu      sync.Mutex
	open    []delta // few: one for each slot since the last look
	records ring

	// What the gatherer took the last time, and gives back.
	spare        []delta
	spareRecords ring

	_ [64]byte // another line of the processor's cache
}

func newMeter(c Config) *meter {
	m := &meter{max: c.CircuitMax, shards: 1, record: c.Record, now: c.Now}
	for m.shards < min(runtime.GOMAXPROCS(0), 8) {
		m.shards *= 2
	}
	m.records = max(c.QueueRecords/m.shards, 1)
	m.other = m.newCircuit(Other)
	m.circuits.Store(&map[string]*circuit{Other: m.other})
	return m
}

func (m *meter) newCircuit(name string) *circuit {
	return &circuit{name: name, shards: make([]shard, m.shards)}
}

func (m *meter) attempt(a *Attempt) {
	if a.At.IsZero() {
		a.At = m.now()
	}
	s := m.shard(a.Circuit)
	s.mu.Lock()
	s.at(slotOf(a.At, onDisk[0].span)).attempt(a)
	if m.record {
		s.records.add(*a, m.records)
	}
	s.mu.Unlock()
}

func (m *meter) call(c *Call) {
	if c.At.IsZero() {
		c.At = m.now()
	}
	s := m.shard(c.Circuit)
	s.mu.Lock()
	s.at(slotOf(c.At, onDisk[0].span)).call(c)
	s.mu.Unlock()
}

func (m *meter) shard(name string) *shard {
	c := (*m.circuits.Load())[name]
	if c == nil {
		c = m.meet(name)
	}
	return &c.shards[rand.Uint32()&uint32(m.shards-1)]
}

// meet makes a circuit that is new, if there is room.
func (m *meter) meet(name string) *circuit {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := *m.circuits.Load()
	if c := old[name]; c != nil {
		return c
	}
	if len(old) > m.max { // Other aside
		return m.other
	}
	c := m.newCircuit(name)
	all := maps.Clone(old)
	all[name] = c
	m.circuits.Store(&all)
	return c
}

// at is where a slot is summed up.
func (s *shard) at(slot int64) *delta {
	for i := len(s.open) - 1; i >= 0; i-- {
		if s.open[i].slot == slot {
			return &s.open[i]
		}
	}
	if n := len(s.open); n < cap(s.open) {
		s.open = s.open[:n+1] // one that was used before, and is empty
	} else {
		s.open = append(s.open, delta{})
	}
	d := &s.open[len(s.open)-1]
	d.slot = slot
	return d
}

// gather hands over all that came since it was last called, and must not be called
// twice at the same time. What it hands over is the receiver's until it returns.
func (m *meter) gather(cell func(circuit string, d *delta), records func(list []Attempt, lost int64)) {
	for _, c := range *m.circuits.Load() {
		for i := range c.shards {
			s := &c.shards[i]
			s.mu.Lock()
			s.open, s.spare = s.spare[:0], s.open
			s.records, s.spareRecords = s.spareRecords, s.records
			s.mu.Unlock()
			for j := range s.spare {
				cell(c.name, &s.spare[j])
				s.spare[j].reset()
			}
			s.spareRecords.drain(records)
		}
	}
}

// ring holds the latest attempts.
type ring struct {
	list  []Attempt
	first int // once it is full
	lost  int64
}

func (r *ring) add(a Attempt, limit int) {
	if len(r.list) < limit {
		r.list = append(r.list, a)
		return
	}
	r.list[r.first] = a
	r.first = (r.first + 1) % len(r.list)
	r.lost++
}

// drain hands the attempts over, and how many were lost.
func (r *ring) drain(to func(list []Attempt, lost int64)) {
	if len(r.list) == 0 {
		return
	}
	to(r.list[r.first:], r.lost) // the oldest are first
	to(r.list[:r.first], 0)
	clear(r.list)
	*r = ring{list: r.list[:0]}
}
