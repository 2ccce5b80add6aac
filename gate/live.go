package gate

import (
	"cmp"
	"time"
)

// SetConfig replaces the configuration. Gates keep their state and go by the new
// one from now on: a wait longer than a new bound is cut to it, and NoRate lifts
// a limit. Who is in line stays there; MaxWaiting and MaxWait are for those who
// join. Gates beyond a smaller MaxGates stay until they are idle. A Seed of 0
// keeps the one there is. A configuration that cannot be used changes nothing;
// the error names its fields. OnTransition must not call it.
func (r *Registry) SetConfig(cfg RegistryConfig) error { return r.setConfig((*Gate).now, cfg) }

// SetConfigAt is SetConfig at the instant now.
func (r *Registry) SetConfigAt(now time.Time, cfg RegistryConfig) error {
	return r.setConfig(func(g *Gate) instant { return g.at(now) }, cfg)
}

func (r *Registry) setConfig(now func(*Gate) instant, cfg RegistryConfig) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	r.setting.Lock()
	defer r.setting.Unlock()
	r.making.Lock()
	cfg.Gate.Seed = cmp.Or(cfg.Gate.Seed, r.set.Seed)
	set := r.adopt(cfg)
	r.making.Unlock()
	for _, g := range r.All() { // without the lock: observers may ask for gates
		g.replace(now(g), set)
	}
	return nil
}

// adopt makes gates to come go by a valid cfg, under the lock, and returns what
// it is for a gate.
func (r *Registry) adopt(cfg RegistryConfig) *Config {
	cfg.MaxGates = cmp.Or(cfg.MaxGates, DefaultMaxGates)
	cfg.IdleAfter = cmp.Or(cfg.IdleAfter, 10*time.Minute)
	r.cfg, r.set = cfg, newSettings(cfg.Gate)
	return r.set
}

// replace makes the gate go by set from t on.
func (g *Gate) replace(t instant, set *Config) {
	defer g.enter(t)()
	g.adopt(set)
	if set.NoRate {
		g.law.rate = 0
	}
	g.notFarOff(t)
	g.settle(t, NewConfig)
	g.wake() // it may be their turn earlier
}
