package breaker

import (
	"cmp"
	"reflect"
)

// Over returns base with the fields that are set in c, those that are not zero,
// taken from c. Off switches off what base has on; a Ramp and a Mode of base can
// only be set, as they have no such value.
func (c Config) Over(base Config) Config {
	return Config{
		FailureThreshold: cmp.Or(c.FailureThreshold, base.FailureThreshold),
		FailureSpan:      cmp.Or(c.FailureSpan, base.FailureSpan),
		FailureRate:      cmp.Or(c.FailureRate, base.FailureRate),
		SlowRate:         cmp.Or(c.SlowRate, base.SlowRate),
		SlowAfter:        cmp.Or(c.SlowAfter, base.SlowAfter),
		RateWindow:       cmp.Or(c.RateWindow, base.RateWindow),
		RateMinCalls:     cmp.Or(c.RateMinCalls, base.RateMinCalls),
		StallAfter:       cmp.Or(c.StallAfter, base.StallAfter),
		NewPolicy:        either(c.NewPolicy, base.NewPolicy, c.NewPolicy != nil),
		ResetTimeout:     cmp.Or(c.ResetTimeout, base.ResetTimeout),
		BaseTimeout:      cmp.Or(c.BaseTimeout, base.BaseTimeout),
		Probes:           cmp.Or(c.Probes, base.Probes),
		ProbeSuccesses:   cmp.Or(c.ProbeSuccesses, base.ProbeSuccesses),
		ProbeLease:       cmp.Or(c.ProbeLease, base.ProbeLease),
		MayProbe:         either(c.MayProbe, base.MayProbe, c.MayProbe != nil),
		Ramp:             c.Ramp || base.Ramp,
		Mode:             cmp.Or(c.Mode, base.Mode),
		Parent:           cmp.Or(c.Parent, base.Parent),
		Classify:         either(c.Classify, base.Classify, c.Classify != nil),
		OnTransition:     either(c.OnTransition, base.OnTransition, c.OnTransition != nil),
		Seed:             cmp.Or(c.Seed, base.Seed),
	}
}

func either[T any](one, other T, first bool) T {
	if first {
		return one
	}
	return other
}

// IsZero reports whether no field is set.
func (c Config) IsZero() bool { return reflect.ValueOf(c).IsZero() }

// A Prepared is a Config that was found to be valid, for circuits to share: see
// [RegistryConfig.Configure]. Make it with Prepare.
type Prepared struct{ settings settings }

// Prepare returns an error that names the fields of cfg that cannot be used.
// Parent is left aside.
func Prepare(cfg Config) (*Prepared, error) {
	cfg.Parent = nil
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Prepared{*newSettings(cfg)}, nil
}
