package config

import (
	"errors"
	"fmt"
	"slices"
)

// Load reads the options from the layers, the strongest first, and from the
// defaults. The error joins all problems that there are.
func Load(layers ...Layer) (*Serve, error) {
	c := &Serve{}
	var errs []error
	for _, o := range options() {
		s := find(o.Option, layers)
		c.Settings = append(c.Settings, s)
		if err := o.set(c, s.Text); err != nil {
			errs = append(errs, s.problem(err))
		}
	}
	if len(errs) == 0 {
		c.relate()
		errs = c.contradictions()
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return c, nil
}

// find takes the text of the strongest layer that has one.
func find(o Option, layers []Layer) Setting {
	for _, l := range slices.Concat(layers, []Layer{defaults(o)}) {
		if text, origin, given := l.Lookup(o.Name); given {
			return Setting{Option: o, Text: text, Source: l.Source, Origin: origin}
		}
	}
	return Setting{Option: o}
}

func defaults(o Option) Layer {
	return Layer{Default, func(string) (string, string, bool) { return o.Default, flagName(o.Name), true }}
}

// problem says what is wrong with a setting.
func (s Setting) problem(err error) error {
	if s.Secret {
		return fmt.Errorf("%s: %w", s.Origin, err)
	}
	return fmt.Errorf("%s is %s: %w", s.Origin, shown(s.Text), err)
}
