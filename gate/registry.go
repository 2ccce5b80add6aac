package gate

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// DefaultMaxGates bounds a Registry unless RegistryConfig says otherwise.
const DefaultMaxGates = 1000

// OverflowLabel is the label of the gate that stands for all those a full
// Registry has no room for, and its model.
const OverflowLabel = "other"

// RegistryConfig sets up a Registry. The zero value is usable.
type RegistryConfig struct {
	// Gate is the configuration of every gate.
	Gate Config

	// MaxGates bounds how many gates there are, so that a client which invents
	// keys or models cannot grow the process. When there are so many, those that
	// are idle are given up; if none is, calls share one overflow gate, which
	// comes on top. It only counts and is always open, since what one key has used
	// up is no reason to refuse the others. Zero means 1,000.
	MaxGates int

	// IdleAfter is how long a gate must not have been used, and have been open
	// without a recent limit, before it may be given up. Zero means 10 min.
	IdleAfter time.Duration
}

// Registry is the set of gates of a process, made when first asked for. It is
// safe for concurrent use; looking up what exists takes no global lock and does
// not allocate.
type Registry struct {
	seed    maphash.Seed
	shards  [16]shard
	setting sync.Mutex // one SetConfig after the other

	making   sync.Mutex // held by those who ask for what does not exist
	cfg      RegistryConfig
	set      *Config
	gates    int       // the overflow one aside
	swept    time.Time // when idle gates were last looked for
	overflow *Gate
	restored map[name]Snapshot // of gates that nobody has asked for yet
}

type shard struct {
	mu    sync.RWMutex
	gates map[name]*Gate
}

// name is a gate's place, by key; of a snapshot, by label.
type name struct{ key, model string }

// Validate returns an error for every field that cannot be used, joined; each
// is a *ConfigError.
func (c RegistryConfig) Validate() error {
	errs := []error{c.Gate.Validate()}
	if c.MaxGates < 0 || c.MaxGates > 1_000_000 {
		errs = append(errs, &ConfigError{"MaxGates", c.MaxGates, "1 to 1000000, or 0 for 1000"})
	}
	if c.IdleAfter != 0 && (c.IdleAfter < minDuration || c.IdleAfter > maxDuration) {
		errs = append(errs, &ConfigError{"IdleAfter", c.IdleAfter, fmt.Sprintf("%v to %v, or 0 for 10m0s", minDuration, maxDuration)})
	}
	return errors.Join(errs...)
}

// NewRegistry returns an empty registry, or an error that names the fields.
func NewRegistry(cfg RegistryConfig) (*Registry, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	r := &Registry{seed: maphash.MakeSeed(), restored: make(map[name]Snapshot)}
	r.adopt(cfg)
	for i := range r.shards {
		r.shards[i].gates = make(map[name]*Gate)
	}
	return r, nil
}

// Get returns the gate of a key and a model, new and open if there was none. The
// key is held in memory, so it should be a keyed hash.
func (r *Registry) Get(key, model string) *Gate { return r.get(time.Now, name{key, model}) }

// GetAt is Get at the instant now.
func (r *Registry) GetAt(now time.Time, key, model string) *Gate {
	return r.get(func() time.Time { return now }, name{key, model})
}

func (r *Registry) get(now func() time.Time, n name) *Gate {
	if g := r.find(n); g != nil {
		return g
	}
	g, given := r.findOrMake(now(), n)
	for _, g := range given {
		g.deliver()
	}
	return g
}

func (r *Registry) shard(n name) *shard {
	return &r.shards[maphash.Comparable(r.seed, n)%uint64(len(r.shards))]
}

func (r *Registry) find(n name) *Gate {
	s := r.shard(n)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.gates[n]
}

// findOrMake also returns gates that were given up, whose observers are to be
// told once no lock is held.
func (r *Registry) findOrMake(now time.Time, n name) (_ *Gate, given []*Gate) {
	r.making.Lock()
	defer r.making.Unlock()
	if g := r.find(n); g != nil {
		return g, nil
	}
	if r.gates >= r.cfg.MaxGates {
		given = r.sweep(now)
	}
	if r.gates >= r.cfg.MaxGates {
		if r.overflow == nil {
			r.overflow = newGate(now, OverflowLabel, OverflowLabel, r.set)
			r.overflow.overflow = true
		}
		return r.overflow, given
	}
	g := newGate(now, labelOf(n.key), n.model, r.set)
	was := name{g.label, g.model}
	if s, ok := r.restored[was]; ok {
		delete(r.restored, was)
		g.bring(g.at(now), s)
	}
	r.gates++
	s := r.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gates[n] = g
	return g, append(given, g)
}

// sweep gives up the idle gates, at most once a second: keys that are invented
// must not cost more than that.
func (r *Registry) sweep(now time.Time) (given []*Gate) {
	if d := now.Sub(r.swept); d >= 0 && d < time.Second {
		return nil
	}
	r.swept = now
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		for n, g := range s.gates {
			if g.idle(g.at(now), instant(r.cfg.IdleAfter)) {
				delete(s.gates, n)
				given = append(given, g)
			}
		}
		s.mu.Unlock()
	}
	r.gates -= len(given)
	return given
}

// idle reports whether nothing is lost if the gate is given up. Who asks must
// see to it that the observer is told.
func (g *Gate) idle(t, after instant) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.look(t)
	return t-g.used >= after && g.calm.Load()
}

// Len returns how many gates there are, the overflow one included.
func (r *Registry) Len() int { return len(r.All()) }

// All returns the gates in the order of their labels and models.
func (r *Registry) All() []*Gate {
	var all []*Gate
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.RLock()
		for _, g := range s.gates {
			all = append(all, g)
		}
		s.mu.RUnlock()
	}
	r.making.Lock()
	if r.overflow != nil {
		all = append(all, r.overflow)
	}
	r.making.Unlock()
	slices.SortFunc(all, func(a, b *Gate) int {
		return cmp.Or(cmp.Compare(a.label, b.label), cmp.Compare(a.model, b.model))
	})
	return all
}

// Snapshot returns the gates as they are, in the order of All; and what was
// restored of gates that nobody has asked for since.
func (r *Registry) Snapshot() []Snapshot { return r.snapshot((*Gate).Snapshot) }

// SnapshotAt is Snapshot at the instant now.
func (r *Registry) SnapshotAt(now time.Time) []Snapshot {
	return r.snapshot(func(g *Gate) Snapshot { return g.SnapshotAt(now) })
}

func (r *Registry) snapshot(of func(*Gate) Snapshot) []Snapshot {
	var list []Snapshot
	for _, g := range r.All() {
		list = append(list, of(g))
	}
	r.making.Lock()
	for _, s := range r.restored {
		list = append(list, s)
	}
	r.making.Unlock()
	slices.SortFunc(list, func(a, b Snapshot) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Model, b.Model))
	})
	return list
}

// Restore keeps snapshots for the gates that they are of, which are found by
// their labels when they are first asked for, since a snapshot does not hold the
// key; so keys must be the same after a restart. It must be called before that.
// The errors of those that make no sense are joined; the others are kept
// nevertheless.
func (r *Registry) Restore(list []Snapshot) error {
	r.making.Lock()
	defer r.making.Unlock()
	var errs []error
	for _, s := range list {
		switch err := s.validate(); {
		case err != nil:
			errs = append(errs, fmt.Errorf("gate of key %s, model %q: %w", s.Label, s.Model, err))
		case s.Label != OverflowLabel && len(r.restored) < r.cfg.MaxGates:
			r.restored[name{s.Label, s.Model}] = s
		}
	}
	return errors.Join(errs...)
}
