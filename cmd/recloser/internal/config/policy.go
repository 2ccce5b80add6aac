package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
)

// classicReset is the most that an open period lasts by the policy classic, if
// nobody says otherwise.
const classicReset = 30 * time.Second

// Policy returns the policy of the circuits that no override is for, and what has
// selected it, in words.
func (c *Serve) Policy() (policy, because string) {
	s := c.Settings.Get("policy")
	if by, ok := c.selectsClassic(); ok {
		return s.Text, by.Origin + " is " + by.Text
	}
	return s.Text, s.From()
}

// selectsClassic returns the setting by which the policy is classic although it
// was not named.
func (c *Serve) selectsClassic() (by Setting, ok bool) {
	given := c.givenOf(guard.Classic)
	if c.Settings.Get("policy").Source != Default || len(given) == 0 {
		return Setting{}, false
	}
	return given[0], true
}

// givenOf returns what was given of the settings that belong to a policy.
func (c *Serve) givenOf(p guard.Policy) Settings {
	return slices.DeleteFunc(c.Settings.Changed(), func(s Setting) bool { return s.Policy != p })
}

// choosePolicy settles by which policy circuits go, and leaves to guard what belongs
// to the other one. What was given and belongs to the other is an error.
func (c *Serve) choosePolicy() (errs []error) {
	g, named := &c.Guard, c.Settings.Get("policy")
	if named.Source == Default {
		g.Policy = 0 // so that overrides select it by thresholds too
	}
	by, selected := c.selectsClassic()
	reason := fmt.Sprintf("%s is %s", named.Origin, named.Text)
	if selected {
		g.Policy = guard.Classic
		c.replaceText("policy", "classic")
		reason = by.Origin + " selects the policy classic"
	}
	foreign := func(all Settings) {
		for _, s := range all {
			errs = append(errs, s.problem(fmt.Errorf("it belongs to the policy %s, and %s: leave one out", s.Policy, reason)))
		}
	}
	if g.Policy != guard.Classic {
		foreign(c.givenOf(guard.Classic))
		g.Breaker = c.withoutClassic()
	} else if !c.anyAdaptive() {
		foreign(c.givenOf(guard.Adaptive))
		g.Adaptive = breaker.AdaptiveConfig{}
	}
	if c.Settings.Get("reset-timeout").Source == Default {
		g.Breaker.ResetTimeout = 0
		if g.Policy == guard.Classic {
			c.replaceText("reset-timeout", classicReset.String())
		}
	}
	return errs
}

// withoutClassic returns what the circuits have by settings of both policies.
func (c *Serve) withoutClassic() breaker.Config {
	b := c.Guard.Breaker
	return breaker.Config{ResetTimeout: b.ResetTimeout, StallAfter: b.StallAfter, Probes: b.Probes, ProbeSuccesses: b.ProbeSuccesses, Mode: b.Mode}
}

// anyAdaptive reports whether an override names that policy.
func (c *Serve) anyAdaptive() bool {
	return slices.ContainsFunc(c.Guard.Overrides, func(o guard.Override) bool { return o.Policy == guard.Adaptive })
}

// replaceText says what a default comes to.
func (c *Serve) replaceText(option, text string) {
	for i := range c.Settings {
		if c.Settings[i].Name == option {
			c.Settings[i].Text = text
		}
	}
}

// resetTimeout is the most that an open period lasts by the policy classic.
func (c *Serve) resetTimeout() time.Duration {
	return cmp.Or(c.Guard.Breaker.ResetTimeout, classicReset)
}

// policyProblem says that an override has a field which does not belong to the
// policy that it, or what is above it, names.
func (c *Serve) policyProblem(e *guard.OverrideError, wrong *guard.PolicyError) error {
	at, place, text := c.culprit(e.Overrides, "breaker."+fieldName(wrong.Field))
	named := c.Settings.Get("policy").Origin
	for _, i := range e.Overrides {
		for _, f := range c.file.overrides[i].fields {
			if f.Name == "policy" {
				named = fmt.Sprintf("overrides[%d].%s (%s)", i, f.Path, c.file.place(f.line))
			}
		}
	}
	return fmt.Errorf("%s: overrides[%d].breaker.%s%s: %w", place, at, fieldName(wrong.Field), text,
		errors.New("it belongs to the policy classic, and "+named+" is adaptive: leave one out, or set policy: classic beside it"))
}
