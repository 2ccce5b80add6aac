package guard

import (
	"crypto/rand"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/gate"
)

// Guard is a guarded http.RoundTripper. Make it with New.
type Guard struct {
	live     atomic.Pointer[live]
	circuits *breaker.Registry
	gates    *gate.Registry
	secret   []byte    // of the hash by which gates tell keys apart
	bounds   sync.Map  // of circuits: *breaker.Breaker to *circuitBounds
	buffers  sync.Pool // of streams: *[]byte

	setting  sync.Mutex // one SetConfig after the other
	bounding sync.Mutex // who makes bounds, or changes all
}

// live is what a call goes by from its beginning to its end. It does not change.
type live struct {
	cfg        Config // with its defaults filled in
	rules      *rules
	thresholds *thresholds
	base       basePath
	transport  http.RoundTripper
	own        *connecting // of transport; nil: it is the caller's
}

// connecting are the deadlines that a transport of the guard's own is made with.
type connecting struct{ plain, longest time.Duration }

// New returns a guard over base, or over a transport of its own with the
// deadlines of cfg, and with dead HTTP/2 connections noticed, if base is nil.
// An error names the fields of cfg that are wrong.
func New(base http.RoundTripper, cfg Config) (*Guard, error) {
	l, registry, err := prepare(cfg)
	if err != nil {
		return nil, err
	}
	g := &Guard{}
	if g.secret = l.cfg.HashKey; g.secret == nil {
		g.secret = make([]byte, 32)
		_, _ = rand.Read(g.secret) // it does not fail
	}
	if g.gates, err = gate.NewRegistry(l.cfg.gates()); err != nil {
		return nil, err
	}
	if g.circuits, err = breaker.NewRegistry(registry); err != nil {
		return nil, err
	}
	l.transport = base
	if base == nil {
		l.connect(nil)
	}
	g.live.Store(l)
	return g, nil
}

// SetConfig replaces the configuration. Calls under way keep the one that they
// began with; circuits keep their state and their counts, as
// [breaker.Registry.SetConfig] says. A configuration that cannot be used changes
// nothing; the error names its fields. Observers must not call it.
func (g *Guard) SetConfig(cfg Config) error {
	l, registry, err := prepare(cfg)
	if err != nil {
		return err
	}
	g.setting.Lock()
	defer g.setting.Unlock()
	if err := g.circuits.SetConfig(registry); err != nil {
		return err
	}
	if err := g.gates.SetConfig(l.cfg.gates()); err != nil { // Validate has seen it
		return err
	}
	old := g.live.Load()
	l.transport = old.transport
	anew := old.own != nil && l.connect(old)
	g.live.Store(l)
	g.setBounds(l)
	if anew { // only now, so that no connection comes to rest there after it
		closeIdle(old.transport)
	}
	return nil
}

// prepare makes of a configuration what calls go by, the transport aside.
func prepare(cfg Config) (*live, breaker.RegistryConfig, error) {
	if err := cfg.Validate(); err != nil {
		return nil, breaker.RegistryConfig{}, err
	}
	rules, err := newRules(cfg)
	if err != nil {
		return nil, breaker.RegistryConfig{}, err
	}
	cfg = cfg.withDefaults()
	l := &live{cfg: cfg, rules: rules, thresholds: newThresholds(cfg), base: newBasePath(cfg.BasePath)}
	return l, cfg.registry(l.thresholds), nil
}

// connect gives l a transport of the guard's own, unless that of old has the same
// deadlines, and reports whether it did.
func (l *live) connect(old *live) bool {
	own := connecting{l.rules.plain.timeouts.Connect, l.rules.connect()}
	if l.own = &own; old != nil && *old.own == own {
		return false
	}
	l.transport = newTransport(own.plain, own.longest, pingAfter)
	return true
}

// Client returns an http.Client over the guard.
func (g *Guard) Client() *http.Client { return &http.Client{Transport: g} }

// Circuits returns the circuits of the calls made so far.
func (g *Guard) Circuits() *breaker.Registry { return g.circuits }

// Gates returns the rate gates of the keys and models that were called so far.
func (g *Guard) Gates() *gate.Registry { return g.gates }

// MaxRetries returns how often a call is tried again at most, where no override
// says otherwise.
func (g *Guard) MaxRetries() int { return g.live.Load().rules.plain.plan.MaxRetries() }

// CloseIdleConnections closes those of the base transport.
func (g *Guard) CloseIdleConnections() { closeIdle(g.live.Load().transport) }

func closeIdle(base http.RoundTripper) {
	if c, ok := base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
