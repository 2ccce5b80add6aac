package guard

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/recloser/recloser/breaker"
)

// Policy is what decides when a circuit opens, when it probes and how it lets
// calls back in.
type Policy uint8

const (
	// Classic goes by thresholds, those of breaker.Config: so many failures in a row,
	// and rates; open periods that double.
	Classic Policy = iota + 1
	// Adaptive learns how the service usually is, and has no thresholds: see
	// breaker.Adaptive.
	Adaptive
)

// String returns "classic", "adaptive" or "default".
func (p Policy) String() string {
	switch p {
	case Classic:
		return "classic"
	case Adaptive:
		return "adaptive"
	default:
		return "default"
	}
}

// PolicyError names a field that belongs to another policy than the one that is
// named. Leaving out either makes it good.
type PolicyError struct {
	Field  string // of Breaker
	Value  any
	Policy Policy // that is named
}

func (e *PolicyError) Error() string {
	return fmt.Sprintf("guard: Breaker.%s is %v: it belongs to the policy classic, and Policy is %s: leave one of them out", e.Field, e.Value, e.Policy)
}

// classicFields are those of breaker.Config that only Classic has.
func classicFields() []string {
	return []string{"FailureThreshold", "FailureSpan", "FailureRate", "SlowRate", "SlowAfter", "RateWindow", "RateMinCalls", "BaseTimeout", "ProbeLease", "Ramp"}
}

// classicOf returns those that are set.
func classicOf(c breaker.Config) (fields []string) {
	v := reflect.ValueOf(c)
	for _, name := range classicFields() {
		if !v.FieldByName(name).IsZero() {
			fields = append(fields, name)
		}
	}
	return fields
}

// withoutClassic returns c with none of them set.
func withoutClassic(c breaker.Config) breaker.Config {
	v := reflect.ValueOf(&c).Elem()
	for _, name := range classicFields() {
		v.FieldByName(name).SetZero()
	}
	return c
}

// policed is a configuration of circuits, and the policy that is named for it; zero
// if none is.
type policed struct {
	named   Policy
	breaker breaker.Config
}

// over lays p over base: what p names takes the place of all that base says about
// the policy.
func (p policed) over(base policed) policed {
	switch p.named {
	case Adaptive:
		base.breaker = withoutClassic(base.breaker)
		fallthrough
	case Classic:
		base.named, base.breaker.NewPolicy = p.named, nil
	default:
		if p.breaker.NewPolicy != nil {
			base.named = 0
		}
	}
	base.breaker = p.breaker.Over(base.breaker)
	return base
}

// policy is the one in force; zero if it is the caller's own.
func (p policed) policy() Policy {
	switch {
	case p.named != 0:
		return p.named
	case p.breaker.NewPolicy != nil:
		return 0
	case len(classicOf(p.breaker)) > 0:
		return Classic
	}
	return Adaptive
}

// config is what the circuits get.
func (p policed) config(a breaker.AdaptiveConfig) breaker.Config {
	c := p.breaker
	if p.policy() == Adaptive {
		a.QuotaRun = cmp.Or(a.QuotaRun, breaker.Off)
		c.NewPolicy = breaker.Adaptive(a)
	}
	return c
}

// validate returns a *PolicyError for every field that does not belong to the
// policy that is named.
func (p policed) validate() error {
	var errs []error
	if p.named > Adaptive {
		errs = append(errs, fmt.Errorf("guard: Policy is %d: use Classic, Adaptive, or 0 for the default", p.named))
	}
	if p.named != 0 && p.breaker.NewPolicy != nil {
		errs = append(errs, fmt.Errorf("guard: Policy is %s, and Breaker.NewPolicy is set: leave one of them out", p.named))
	}
	if p.named == Adaptive {
		for _, name := range classicOf(p.breaker) {
			errs = append(errs, &PolicyError{name, reflect.ValueOf(p.breaker).FieldByName(name).Interface(), p.named})
		}
	}
	return errors.Join(errs...)
}

// validateAdaptive returns an error for an Adaptive that nothing goes by.
func (t *thresholds) validateAdaptive() error {
	if t.adaptive == (breaker.AdaptiveConfig{}) || t.base.policy() == Adaptive {
		return nil
	}
	for _, i := range t.at {
		if t.overrides[i].Policy == Adaptive {
			return nil
		}
	}
	return errors.New("guard: Adaptive is set, but no circuit has that policy: leave it out, or the fields of Breaker that belong to the policy classic")
}

// Policy returns the policy of a circuit of the guard, 0 for one that
// breaker.Config.NewPolicy makes.
func (g *Guard) Policy(circuit *breaker.Breaker) Policy {
	t := g.live.Load().thresholds
	if parent := circuit.Parent(); parent != nil {
		name := strings.TrimPrefix(circuit.Name(), parent.Name()+"/")
		return t.lay(t.fitting(parent.Name(), name)).policy()
	}
	return t.lay(t.fitting("", circuit.Name())).policy()
}
