package breaker

import (
	"cmp"
	"errors"
	"hash/fnv"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"time"
)

// DefaultMaxCircuits bounds a Registry unless RegistryConfig says otherwise.
const DefaultMaxCircuits = 1000

// OverflowName is the last part of the name of a circuit that stands for all
// those a full Registry has no room for.
const OverflowName = "other"

// RegistryConfig sets up a Registry. The zero value is usable.
type RegistryConfig struct {
	// Circuit is the configuration of every circuit. Its Parent is set by the
	// registry and must be nil.
	Circuit Config

	// MaxCircuits bounds how many circuits there are of each level, those with a
	// parent and those without, so that a client which invents names cannot grow
	// the process. Calls beyond it share overflow circuits, called "other", which
	// come on top. Zero means 1,000.
	MaxCircuits int

	// Configure, if set, gives circuits another configuration than Circuit: that
	// of parent/name, or of name where parent is "". It is asked when a circuit is
	// made and again by SetConfig, under a lock: it must be quick and must not use
	// the registry. Circuits that are given the same *Prepared share it; nil means
	// Circuit.
	Configure func(parent, name string) *Prepared
}

// Validate returns an error for the fields that cannot be used, joined; each is a
// *ConfigError.
func (c RegistryConfig) Validate() error {
	var errs fieldErrors
	if c.Circuit.Parent != nil {
		errs.add("Circuit.Parent", c.Circuit.Parent.name, "nil: the registry sets it")
	}
	if c.MaxCircuits < 0 || c.MaxCircuits > maxThreshold {
		errs.add("MaxCircuits", c.MaxCircuits, "1 to 1000000, or 0 for 1000")
	}
	return errors.Join(append(errs, c.Circuit.Validate())...)
}

// Registry is the set of circuits of a process, made when first asked for. It
// is safe for concurrent use; looking up what exists takes no global lock and
// does not allocate.
type Registry struct {
	common common
	seed   maphash.Seed
	shards [16]shard

	making        sync.Mutex // held by those who ask for what does not exist
	first, second int        // circuits of each level, the overflow ones aside
	max           int
	set           *settings // of circuits for which configure has none
	configure     func(parent, name string) *Prepared

	setting sync.Mutex // one SetConfig after the other
}

type shard struct {
	mu       sync.RWMutex
	circuits map[key]*Breaker
}

// key is a circuit's place: a parent of "" means a circuit of the first level.
type key struct{ parent, name string }

// NewRegistry returns an empty registry, or an error that names the fields.
func NewRegistry(cfg RegistryConfig) (*Registry, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	r := &Registry{seed: maphash.MakeSeed()}
	r.adopt(cfg)
	for i := range r.shards {
		r.shards[i].circuits = make(map[key]*Breaker)
	}
	return r, nil
}

// adopt makes a valid configuration that of the circuits to come.
func (r *Registry) adopt(cfg RegistryConfig) {
	r.max, r.set, r.configure = cmp.Or(cfg.MaxCircuits, DefaultMaxCircuits), newSettings(cfg.Circuit), cfg.Configure
}

// settings are those of a circuit. The lock making must be held.
func (r *Registry) settings(k key) *settings {
	if r.configure != nil {
		if p := r.configure(k.parent, k.name); p != nil {
			return &p.settings
		}
	}
	return r.set
}

// Get returns the circuit called name, new and closed if there was none.
func (r *Registry) Get(name string) *Breaker { return r.get(time.Now, key{name: name}) }

// GetAt is Get at the instant now, when a new circuit's closed state starts.
func (r *Registry) GetAt(now time.Time, name string) *Breaker {
	return r.get(func() time.Time { return now }, key{name: name})
}

// Child returns the circuit called parent/name, whose calls need the circuit
// called parent too.
func (r *Registry) Child(parent, name string) *Breaker {
	return r.get(time.Now, key{parent: parent, name: name})
}

// ChildAt is Child at the instant now, when a new circuit's closed state starts.
func (r *Registry) ChildAt(now time.Time, parent, name string) *Breaker {
	return r.get(func() time.Time { return now }, key{parent: parent, name: name})
}

func (r *Registry) get(now func() time.Time, k key) *Breaker {
	if b := r.find(k); b != nil {
		return b
	}
	var parent *Breaker
	if k.parent != "" {
		parent = r.get(now, key{name: k.parent})
		k.parent = parent.name // the overflow's, if there was no room for it
	}
	if b := r.findOrMake(now, k, parent); b != nil {
		return b
	}
	return r.get(now, key{parent: k.parent, name: OverflowName})
}

func (r *Registry) shard(k key) *shard {
	return &r.shards[maphash.Comparable(r.seed, k)%uint64(len(r.shards))]
}

func (r *Registry) find(k key) *Breaker {
	s := r.shard(k)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.circuits[k]
}

// findOrMake returns nil if k is not there and there is no room for it.
func (r *Registry) findOrMake(now func() time.Time, k key, parent *Breaker) *Breaker {
	r.making.Lock()
	defer r.making.Unlock()
	if b := r.find(k); b != nil {
		return b
	}
	if k.name != OverflowName {
		level := &r.first
		if parent != nil {
			level = &r.second
		}
		if *level >= r.max {
			return nil
		}
		*level++
	}
	name := k.name
	if parent != nil {
		name = k.parent + "/" + k.name
	}
	b := newBreaker(now(), name, r.settings(k), parent, &r.common)
	s := r.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.circuits[k] = b
	return b
}

// SetConfig replaces the configuration of all circuits, those to come included,
// as [Breaker.SetConfig] does; circuits beyond a smaller MaxCircuits stay. A
// configuration that cannot be used changes nothing. Observers of transitions
// must not call it.
func (r *Registry) SetConfig(cfg RegistryConfig) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	r.setting.Lock()
	defer r.setting.Unlock()
	r.making.Lock()
	r.adopt(cfg)
	r.making.Unlock()
	for k, b := range r.all() {
		r.making.Lock()
		set := r.settings(k)
		r.making.Unlock()
		b.replace(b.now(), set) // without the lock: observers may ask for circuits
	}
	return nil
}

// Bypass lets every call through, whatever the states and modes say, until it
// is switched off again: for an emergency. Circuits go on deciding, and count
// what they would have refused.
func (r *Registry) Bypass(on bool) { r.common.bypass.Store(on) }

// Bypassed reports whether Bypass is on.
func (r *Registry) Bypassed() bool { return r.common.bypass.Load() }

// Len returns how many circuits there are.
func (r *Registry) Len() int { return len(r.All()) }

// all returns a copy of the table.
func (r *Registry) all() map[key]*Breaker {
	all := make(map[key]*Breaker)
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.RLock()
		maps.Copy(all, s.circuits)
		s.mu.RUnlock()
	}
	return all
}

// All returns the circuits in the order of their names.
func (r *Registry) All() []*Breaker {
	all := slices.Collect(maps.Values(r.all()))
	slices.SortFunc(all, func(a, b *Breaker) int { return cmp.Compare(a.name, b.name) })
	return all
}

// hash gives each circuit of one seed random numbers of its own.
func hash(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}
