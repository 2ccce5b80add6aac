package guard

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/recloser/recloser/breaker"
)

// thresholds are the configurations of circuits, for each set of overrides with
// thresholds that has occurred.
type thresholds struct {
	base      policed
	adaptive  breaker.AdaptiveConfig
	overrides []Override
	at        []int // the overrides that have thresholds, or name a policy

	mu   sync.Mutex // who asks makes a circuit, which is rare
	made map[uint64]*breaker.Prepared
}

// newThresholds takes a configuration with the guard's defaults.
func newThresholds(c Config) *thresholds {
	t := &thresholds{
		base: policed{c.Policy, c.Breaker}, adaptive: c.Adaptive,
		overrides: c.Overrides, made: make(map[uint64]*breaker.Prepared),
	}
	for i := range t.overrides {
		if o := t.overrides[i].policed(); (o.named != 0 || !o.breaker.IsZero()) && i < maxOverrides {
			t.at = append(t.at, i)
		}
	}
	return t
}

// policed is what an override changes in the configuration of its circuits.
func (o *Override) policed() policed {
	if o.Endpoint != "" {
		return policed{}
	}
	c := o.Breaker
	c.Parent, c.Classify = nil, nil
	if c.StallAfter = o.StallAfter; c.StallAfter < 0 {
		c.StallAfter = breaker.Off
	}
	return policed{o.Policy, c}
}

// of returns the configuration of a circuit, as breaker.RegistryConfig asks.
func (t *thresholds) of(parent, name string) *breaker.Prepared {
	set := t.fitting(parent, name)
	if set == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p, known := t.made[set]
	if !known {
		p, _ = breaker.Prepare(t.lay(set).config(t.adaptive)) // validate has seen all that can go wrong
		t.made[set] = p
	}
	return p
}

// fitting is the set of overrides for a circuit.
func (t *thresholds) fitting(parent, name string) (set uint64) {
	upstream, model := parent, name
	if parent == "" {
		upstream, model = name, ""
	}
	for _, i := range t.at {
		if t.overrides[i].fits(upstream, "", model) {
			set |= 1 << i
		}
	}
	return set
}

// lay lays a set of overrides over the base, later ones over earlier ones.
func (t *thresholds) lay(set uint64) policed {
	p := t.base
	for _, i := range t.at {
		if set&(1<<i) != 0 {
			p = t.overrides[i].policed().over(p)
		}
	}
	return p
}

// check returns what is wrong with a set of overrides.
func (t *thresholds) check(set uint64) error {
	p := t.lay(set)
	if err := p.validate(); err != nil {
		return err
	}
	return p.config(t.adaptive).Validate()
}

// OverrideError tells that the policy and the thresholds of an override, or of
// several that can fit one circuit, are none that a circuit can have.
type OverrideError struct {
	Overrides []int // their places in Config.Overrides
	Err       error // *PolicyError or *breaker.ConfigError, joined
}

func (e *OverrideError) Error() string {
	var names []string
	for _, i := range e.Overrides {
		names = append(names, fmt.Sprintf("Overrides[%d]", i))
	}
	return fmt.Sprintf("guard: %s: %v", strings.Join(names, " with "), e.Err)
}

// Unwrap returns Err.
func (e *OverrideError) Unwrap() error { return e.Err }

// validate looks at each override alone and at those of two and three that can
// meet. That is enough: no rule ties more than three fields together, and each of
// them has its value from one override.
func (t *thresholds) validate() error {
	var errs []error
	wrong := make(map[uint64]bool)
	try := func(at ...int) {
		var set uint64
		for _, i := range at {
			set |= 1 << i
		}
		for bad := range wrong {
			if set&bad == bad {
				return // it is known
			}
		}
		if err := t.check(set); err != nil {
			wrong[set] = true
			errs = append(errs, &OverrideError{at, err})
		}
	}
	for _, i := range t.at {
		try(i)
	}
	pairs := t.pairs()
	for _, p := range pairs {
		try(p[0], p[1])
	}
	for _, p := range pairs {
		for _, k := range t.at {
			if k > p[1] && t.meet(p[0], k) && t.meet(p[1], k) {
				try(p[0], p[1], k)
			}
		}
	}
	return errors.Join(errs...)
}

// pairs are the overrides that can fit one circuit.
func (t *thresholds) pairs() (pairs [][2]int) {
	for n, i := range t.at {
		for _, k := range t.at[n+1:] {
			if t.meet(i, k) {
				pairs = append(pairs, [2]int{i, k})
			}
		}
	}
	return pairs
}

func (t *thresholds) meet(i, k int) bool {
	a, b := &t.overrides[i], &t.overrides[k]
	if a.Upstream != "" && b.Upstream != "" && !overlap(a.Upstream, b.Upstream) {
		return false
	}
	if len(a.Models) == 0 || len(b.Models) == 0 {
		return true
	}
	for _, one := range a.Models {
		for _, other := range b.Models {
			if overlap(one, other) {
				return true
			}
		}
	}
	return false
}

// validateBreaker looks at what an override may have in Breaker at all.
func (o *Override) validateBreaker(where string) (errs []error) {
	if o.Endpoint != "" {
		const both = "guard: %s, but there is an Endpoint: circuits are by upstream and model, so leave one of them out"
		if !o.Breaker.IsZero() {
			errs = append(errs, fmt.Errorf(both, where+"Breaker has thresholds"))
		}
		if o.Policy != 0 {
			errs = append(errs, fmt.Errorf(both, where+"Policy is "+o.Policy.String()))
		}
	}
	if o.Breaker.StallAfter != 0 {
		errs = append(errs, fmt.Errorf("guard: %sBreaker.StallAfter is %v: use %sStallAfter", where, o.Breaker.StallAfter, where))
	}
	return errs
}
