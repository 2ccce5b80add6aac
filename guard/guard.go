package guard

import (
	"net/http"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/retry"
)

// Guard is a guarded http.RoundTripper. Make it with New.
type Guard struct {
	cfg      Config // with its defaults filled in
	base     http.RoundTripper
	circuits *breaker.Registry
	plan     *retry.Plan
}

// New returns a guard over base, or over a transport of its own with the
// deadlines of cfg, and with dead HTTP/2 connections noticed, if base is nil.
// An error names the fields of cfg that are wrong.
func New(base http.RoundTripper, cfg Config) (*Guard, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	circuits, err := breaker.NewRegistry(breaker.RegistryConfig{Circuit: cfg.Breaker, MaxCircuits: cfg.MaxCircuits})
	if err != nil {
		return nil, err
	}
	plan, err := retry.New(cfg.Retry)
	if err != nil {
		return nil, err
	}
	if base == nil {
		base = newTransport(cfg.Timeouts, pingAfter)
	}
	return &Guard{cfg: cfg, base: base, circuits: circuits, plan: plan}, nil
}

// Client returns an http.Client over the guard.
func (g *Guard) Client() *http.Client { return &http.Client{Transport: g} }

// Circuits returns the circuits of the calls made so far.
func (g *Guard) Circuits() *breaker.Registry { return g.circuits }

// MaxRetries returns how often a call is tried again at most.
func (g *Guard) MaxRetries() int { return g.plan.MaxRetries() }

// CloseIdleConnections closes those of the base transport.
func (g *Guard) CloseIdleConnections() {
	if c, ok := g.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
