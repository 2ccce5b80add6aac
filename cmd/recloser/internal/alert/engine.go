package alert

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// Config sets up an Engine. Deliver and Counts are needed.
type Config struct {
	Rules Rules
	// Deliver sends a page, and reports whether there is a target that shall take it. It
	// must not block.
	Deliver func(Page) bool
	// Counts hands over what was counted since the process began, circuit by circuit.
	Counts func(func(circuit string, c Counts))
	// Components tells how the parts of the process are. Nil: it has none.
	Components func() []Component
	// Record is told of each page and each mute, and, by those who deliver, that a page was
	// taken: it may be called concurrently, and must not block. Nil: nobody is told.
	Record func(report.Event)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Counts are the figures of a circuit since the process began.
type Counts struct {
	Attempts report.Kinds // where they were made
	Calls    report.Kinds // at the circuit of their first target; those refused aside
	Refused  int64
}

// Component is a part of the process, such as the history.
type Component struct {
	Name   string
	OK     bool
	Reason string    // in words, if it is not
	Since  time.Time // when that began
}

// Engine finds troubles and tells of them. Make it with New and let it Run. Its
// methods are safe for concurrent use.
type Engine struct {
	cfg   Config
	inbox inbox

	mu         sync.Mutex
	rules      Rules
	ignore     patterns
	deliver    func(Page) bool
	circuits   map[string]*circuit
	keys       map[string]*key
	components map[string]time.Time // that are not well: since when they were found so
	troubles   map[string]*trouble
	past       []past          // of earlier processes
	ends       map[string]past // of those by key, of whose end people have not heard
	begun      time.Time
	out        []func() // what is to be told once nothing is locked
}

// New returns an engine that knows of no trouble.
func New(cfg Config) *Engine {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Record == nil {
		cfg.Record = func(report.Event) {}
	}
	if cfg.Components == nil {
		cfg.Components = func() []Component { return nil }
	}
	e := &Engine{
		cfg: cfg, circuits: make(map[string]*circuit), keys: make(map[string]*key),
		components: make(map[string]time.Time), troubles: make(map[string]*trouble), ends: make(map[string]past), begun: cfg.Now(),
	}
	e.SetRules(cfg.Rules, cfg.Deliver)
	return e
}

// SetRules replaces the rules, and who delivers. Troubles that the new ones do not find
// will be over.
func (e *Engine) SetRules(r Rules, deliver func(Page) bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rules, e.ignore, e.deliver = r, newPatterns(r.Ignore), deliver
}

// lookTime is how often the engine looks: nobody is woken a second sooner.
const lookTime = time.Second

// Run looks until ctx ends, and once more then.
func (e *Engine) Run(ctx context.Context) {
	ticker := time.NewTicker(lookTime)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			e.look(e.cfg.Now())
			return
		case <-ticker.C:
			e.look(e.cfg.Now())
		}
	}
}

// look takes in what has happened, finds what is wrong and tells of what is news.
func (e *Engine) look(now time.Time) {
	components := e.cfg.Components()
	e.mu.Lock()
	notes := e.inbox.take()
	e.sample(now) // first, since what a transition says is about what was counted before
	for _, tr := range notes.transitions {
		e.changed(&tr)
	}
	for _, tr := range notes.gates {
		e.key(tr.Label).changed(&tr)
	}
	for label, a := range notes.answers {
		e.key(label).answered(now, a)
	}
	e.tellEnds(now)
	e.judge(now, e.find(now, components))
	e.forget(now)
	out := e.out
	e.out = nil
	e.mu.Unlock()
	for _, tell := range out {
		tell()
	}
}

// changed takes in a transition. A circuit that was open when the process ended has been
// open since its trouble began.
func (e *Engine) changed(tr *breaker.Transition) {
	c := e.circuit(tr.Name)
	c.changed(tr)
	if t := e.troubles[circuitKey(tr.Name)]; t != nil && tr.Reason == breaker.Restored && c.open() {
		c.opened = t.since
	}
}

func (e *Engine) circuit(name string) *circuit {
	c := e.circuits[name]
	if c == nil {
		c = &circuit{name: name}
		e.circuits[name] = c
		if i := strings.IndexByte(name, '/'); i > 0 {
			c.up = e.circuit(name[:i])
		}
	}
	return c
}

func (e *Engine) key(label string) *key {
	k := e.keys[label]
	if k == nil {
		k = &key{label: label}
		e.keys[label] = k
	}
	return k
}

// sample takes in what was counted since the last look.
func (e *Engine) sample(now time.Time) {
	of := e.knownOfAll()
	e.cfg.Counts(func(name string, c Counts) {
		e.circuit(name).count(now, &c, e.known(name, of))
	})
}

// finding is that a rule holds for a trouble.
type finding struct {
	rule     string
	severity Severity
	since    time.Time
	words    words
}

// find returns what the rules find, by the key of the trouble.
func (e *Engine) find(now time.Time, components []Component) map[string][]finding {
	found := make(map[string][]finding)
	add := func(key string, f []finding) {
		if len(f) > 0 {
			found[key] = f
		}
	}
	for name, c := range e.circuits {
		if !e.ignore.fit(name) {
			add(circuitKey(name), c.find(now, &e.rules))
		}
	}
	e.findKeys(now, add)
	for _, c := range components {
		add(componentKey(c.Name), e.findComponent(now, c))
	}
	return found
}

// findComponent is the rule Degraded.
func (e *Engine) findComponent(now time.Time, c Component) []finding {
	if c.OK {
		delete(e.components, c.Name)
		return nil
	}
	if e.components[c.Name].IsZero() {
		e.components[c.Name] = now
	}
	if d := e.rules.DegradedFor; d <= 0 || now.Sub(e.components[c.Name]) < d {
		return nil
	}
	since := e.components[c.Name]
	if !c.Since.IsZero() && c.Since.Before(since) {
		since = c.Since
	}
	return []finding{{Degraded, Warning, since, componentWords(c)}}
}

// forget drops what nothing is wrong with.
func (e *Engine) forget(now time.Time) {
	maps.DeleteFunc(e.keys, func(label string, k *key) bool {
		return k.quiet(now) && e.troubles[keyKey(label)] == nil
	})
	e.inbox.watch(slices.Collect(e.keysOfInterest()))
}
