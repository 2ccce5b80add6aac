package guard

import (
	"net/http"
	"sync"

	"github.com/recloser/recloser/breaker"
)

// Guard is a guarded http.RoundTripper. Make it with New.
type Guard struct {
	cfg      Config // with its defaults filled in
	base     http.RoundTripper
	circuits *breaker.Registry
	rules    *rules
	buffers  sync.Pool // of streams: *[]byte
	patience sync.Map  // of circuits that overrides have changed: *breaker.Breaker to time.Duration
}

// New returns a guard over base, or over a transport of its own with the
// deadlines of cfg, and with dead HTTP/2 connections noticed, if base is nil.
// An error names the fields of cfg that are wrong.
func New(base http.RoundTripper, cfg Config) (*Guard, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	rules, err := newRules(cfg)
	if err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	circuits, err := breaker.NewRegistry(breaker.RegistryConfig{Circuit: cfg.Breaker, MaxCircuits: cfg.MaxCircuits})
	if err != nil {
		return nil, err
	}
	if base == nil {
		base = newTransport(rules.plain.timeouts, rules.connect(), pingAfter)
	}
	return &Guard{cfg: cfg, base: base, circuits: circuits, rules: rules}, nil
}

// Client returns an http.Client over the guard.
func (g *Guard) Client() *http.Client { return &http.Client{Transport: g} }

// Circuits returns the circuits of the calls made so far.
func (g *Guard) Circuits() *breaker.Registry { return g.circuits }

// MaxRetries returns how often a call is tried again at most, where no override
// says otherwise.
func (g *Guard) MaxRetries() int { return g.rules.plain.plan.MaxRetries() }

// CloseIdleConnections closes those of the base transport.
func (g *Guard) CloseIdleConnections() {
	if c, ok := g.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
