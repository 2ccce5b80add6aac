package dashboard

import (
	"hash/maphash"
	"strings"
	"sync"
)

// meter has the cells of all circuits. Their names are those of the guard's registry,
// which bounds them.
type meter struct {
	seed   maphash.Seed
	shards [16]meterShard

	mu       sync.RWMutex
	children map[string][]*cells // of an upstream: its models'
}

type meterShard struct {
	mu       sync.RWMutex
	circuits map[string]*cells
}

func newMeter() *meter {
	m := &meter{seed: maphash.MakeSeed(), children: make(map[string][]*cells)}
	for i := range m.shards {
		m.shards[i].circuits = make(map[string]*cells)
	}
	return m
}

// of returns the cells of a circuit, new if there were none.
func (m *meter) of(name string) *cells {
	s := &m.shards[maphash.String(m.seed, name)%uint64(len(m.shards))]
	s.mu.RLock()
	c := s.circuits[name]
	s.mu.RUnlock()
	if c == nil {
		c = m.meet(s, name)
	}
	return c
}

func (m *meter) meet(s *meterShard, name string) *cells {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.circuits[name]; c != nil {
		return c
	}
	c := &cells{}
	s.circuits[name] = c
	if upstream, _, isModel := strings.Cut(name, "/"); isModel {
		m.mu.Lock()
		m.children[upstream] = append(m.children[upstream], c)
		m.mu.Unlock()
	}
	return c
}

// family are the cells of a circuit, and of an upstream those of its models too, which
// is where attempts are counted.
func (m *meter) family(name string) []*cells {
	m.mu.RLock()
	children := m.children[name]
	m.mu.RUnlock()
	return append([]*cells{m.of(name)}, children...)
}

// all calls f with the cells of each circuit.
func (m *meter) all(f func(name string, c *cells)) {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		for name, c := range s.circuits {
			f(name, c)
		}
		s.mu.RUnlock()
	}
}

// version changes with everything that is counted for a circuit.
func (m *meter) version(name string) (v uint64) {
	v = m.of(name).version.Load()
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, c := range m.children[name] {
		v += c.version.Load()
	}
	return v
}
