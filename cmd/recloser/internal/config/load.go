package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Given is what the configuration of a process is made of.
type Given struct {
	Flags   map[string]string // that are on the command line
	Environ []string          // as os.Environ has it

	// Keyless: secrets are not fetched, and read as a text that is none. It is for
	// those who want the rest of a file, on a machine that has no keys.
	Keyless bool
}

// File returns the name of the configuration file, or "".
func (g Given) File() string { return find(FileOption(), g.layers()).Text }

func (g Given) layers() []Layer { return []Layer{Flags(g.Flags), Env(g.Environ)} }

// Read reads the options from the flags, the environment, the file that one of
// them names, and the defaults, the first that has a value winning. The error
// joins all problems that there are. Reading again, it finds the file as it is
// then.
func Read(g Given) (*Serve, error) {
	named := find(FileOption(), g.layers())
	if named.Text == "" {
		return assemble(g, g.layers(), nil)
	}
	f, err := openFile(named.Text, named.Origin)
	if err != nil {
		return nil, err
	}
	return assemble(g, g.layers(), f)
}

// Load reads the options from the layers, the strongest first, and from the
// defaults. The error joins all problems that there are.
func Load(layers ...Layer) (*Serve, error) { return assemble(Given{}, layers, nil) }

func assemble(g Given, layers []Layer, f *file) (*Serve, error) {
	c := &Serve{file: f, keyless: g.Keyless}
	var errs []error
	for _, o := range options() {
		s := find(o.Option, layers)
		own := false
		if s.Source == Default && f != nil {
			s, own = c.fromFile(s, g.Environ)
		}
		c.Settings = append(c.Settings, s)
		if err := o.set(c, s.Text); err != nil && (!own || s.Secret) { // of others the file tells itself
			errs = append(errs, s.problem(err))
		}
	}
	c.Guard.BasePath = basePath(c.Upstream)
	if f != nil {
		c.resolve(g.Environ)
		errs = append(f.errors(), errs...)
	}
	if len(errs) == 0 {
		if errs = c.choosePolicy(); len(errs) == 0 {
			c.relate()
		}
		errs = append(errs, c.contradictions()...)
	}
	if len(errs) == 0 {
		c.Warnings = append(c.Warnings, c.doubts()...)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return c, nil
}

// fromFile returns what the file has in place of a default, if it has it.
func (c *Serve) fromFile(s Setting, environ []string) (_ Setting, own bool) {
	if given, ok := c.file.setting(s.Option); ok {
		s, own = given, true
	}
	if s.ref != nil {
		s.Text = c.fetch(s, value{line: c.file.values[s.Name].line, ref: s.ref}, environ)
	}
	var texts []string
	for _, one := range s.list {
		if one.ref != nil {
			one.text = c.fetch(s, one, environ)
		}
		texts = append(texts, one.text)
	}
	if texts != nil {
		s.Text = strings.Join(texts, "\n")
	}
	return s, own
}

// fetch fetches a secret of a setting.
func (c *Serve) fetch(s Setting, v value, environ []string) string {
	text, warning, err := c.follow(v.ref, environ)
	if err != nil {
		c.file.wrong(v.line, "%s: %v", s.Path, err)
	}
	if warning != "" {
		c.Warnings = append(c.Warnings, s.Origin+": "+warning)
	}
	return text
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
