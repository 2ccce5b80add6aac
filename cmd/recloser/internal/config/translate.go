package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
)

// translate words what guard finds wrong with values that are right each by
// itself, in terms of settings.
func (c *Serve) translate(err error) (errs []error) {
	for _, one := range leaves(err) {
		var laid *guard.OverrideError
		var field *breaker.ConfigError
		var gated *gate.ConfigError
		switch {
		case errors.As(one, &gated):
			s := c.Settings.at("gate." + fieldName(gated.Field))
			errs = append(errs, s.problem(errors.New("use "+words(gated.Range))))
		case errors.As(one, &laid):
			errs = append(errs, c.overrideProblems(laid)...)
		case errors.As(one, &field):
			s := c.Settings.at("breaker." + fieldName(field.Field))
			errs = append(errs, s.problem(errors.New("use "+words(field.Range))))
		case c.file != nil:
			errs = append(errs, fmt.Errorf("%s: %s", c.file.name, words(one.Error())))
		default:
			errs = append(errs, one)
		}
	}
	return errs
}

// overrideProblems say it with the last override that has the field, or that is
// among those that do not go together.
func (c *Serve) overrideProblems(e *guard.OverrideError) (errs []error) {
	for _, one := range leaves(e.Err) {
		var field *breaker.ConfigError
		var policy *guard.PolicyError
		if errors.As(one, &policy) && c.file != nil {
			errs = append(errs, c.policyProblem(e, policy))
			continue
		}
		if !errors.As(one, &field) || c.file == nil {
			errs = append(errs, one)
			continue
		}
		path := "breaker." + fieldName(field.Field)
		at, place, text := c.culprit(e.Overrides, path)
		with := ""
		for _, i := range e.Overrides {
			if i != at {
				with += fmt.Sprintf(" and overrides[%d]", i)
			}
		}
		if with != "" {
			with = " (with" + strings.TrimPrefix(with, " and") + ", which can be for the same circuit)"
		}
		errs = append(errs, fmt.Errorf("%s: overrides[%d].%s%s%s: use %s", place, at, path, text, with, words(field.Range)))
	}
	return errs
}

// culprit finds the last of some overrides that has a field, or else the last.
func (c *Serve) culprit(overrides []int, path string) (at int, place, is string) {
	for _, i := range slices.Backward(overrides) {
		for _, f := range c.file.overrides[i].fields {
			if f.Path == path {
				return i, c.file.place(f.line), " is " + shown(f.text)
			}
		}
	}
	at = overrides[len(overrides)-1]
	return at, c.file.place(c.file.overrides[at].line), " is " + shown(c.Settings.at(path).Text) + " there"
}

// leaves are the errors that were joined.
func leaves(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, leaves(one)...)
	}
	return all
}

// goName is the name of a field of two words or more, and so of no sentence.
var (
	goName   = regexp.MustCompile(`\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b|\bOff\b|\bMode\b|\bProbes\b|\bRamp\b`)
	goHumps  = regexp.MustCompile(`([a-z])([A-Z])`)
	goPolicy = regexp.MustCompile(`, a SlowRate or a NewPolicy with it`)
)

// words writes the names of Go's fields as the file has them.
func words(text string) string {
	text = goPolicy.ReplaceAllString(text, " or a SlowRate with it")
	return goName.ReplaceAllStringFunc(text, fieldName)
}

// fieldName writes the name of a field of Go as the file has it.
func fieldName(name string) string {
	return strings.ToLower(goHumps.ReplaceAllString(name, "${1}_$2"))
}
