package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recloser/recloser/internal/nearest"
)

// maxFile is more than anybody writes by hand.
const maxFile = 1 << 20

// file is what a configuration file says, each value with its line.
type file struct {
	name      string // as it was given, for messages
	dir       string // where relative paths begin
	values    map[string]value
	targets   chain
	overrides []override
	problems  []problem
}

// value is the text of an option. Of a secret it is where to find it.
type value struct {
	text string
	line int
	ref  *reference
	list []value // of addresses
}

// problem is something that is wrong with the file.
type problem struct {
	line int
	text string
}

// openFile reads a file; origin names the flag or variable that gave its name.
func openFile(name, origin string) (*file, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s is %s: it cannot be read: %w", origin, shown(name), unpathed(err))
	}
	defer f.Close()
	data := make([]byte, maxFile+1)
	n, err := readFull(f, data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is %s: it cannot be read: %w", origin, shown(name), unpathed(err))
	case n > maxFile:
		return nil, fmt.Errorf("%s is %s: it is larger than 1 MiB, which no configuration is", origin, shown(name))
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, fmt.Errorf("%s is %s: %w", origin, shown(name), err)
	}
	return parse(name, dir, data[:n]), nil
}

func newFile(name, dir string) *file {
	return &file{name: name, dir: dir, values: make(map[string]value)}
}

func (f *file) place(line int) string { return fmt.Sprintf("%s:%d", f.name, line) }

func (f *file) wrong(line int, format string, args ...any) {
	f.problems = append(f.problems, problem{line, fmt.Sprintf(format, args...)})
}

// errors returns all problems in the order of their lines.
func (f *file) errors() (errs []error) {
	slices.SortStableFunc(f.problems, func(a, b problem) int { return a.line - b.line })
	for _, p := range f.problems {
		errs = append(errs, fmt.Errorf("%s: %s", f.place(p.line), p.text))
	}
	return errs
}

// setting returns the value that the file has for an option.
func (f *file) setting(o Option) (Setting, bool) {
	v, ok := f.values[o.Name]
	place := f.place(v.line)
	return Setting{Option: o, Text: v.text, Source: File, Origin: place + ": " + o.Path, place: place, ref: v.ref, list: v.list}, ok
}

// references are where all secrets of the file are.
func (f *file) references() (all []*reference) {
	for _, v := range f.values {
		for _, one := range append(v.list, v) {
			if one.ref != nil {
				all = append(all, one.ref)
			}
		}
	}
	for _, c := range f.chains() {
		for _, t := range c.targets {
			all = append(all, t.references()...)
		}
	}
	return all
}

// chains are all lists of targets.
func (f *file) chains() []chain {
	all := []chain{f.targets}
	for _, o := range f.overrides {
		all = append(all, o.targets)
	}
	return all
}

// check reads each value, so that what is wrong is found also where a flag or
// variable wins.
func (f *file) check() {
	for _, o := range options() {
		if v, ok := f.values[o.Name]; ok && !o.Secret {
			f.try(o, o.Path, v, &Serve{})
		}
	}
}

// try reads a value into c.
func (f *file) try(o option, path string, v value, c *Serve) bool {
	err := o.set(c, v.text)
	if err != nil {
		f.wrong(v.line, "%s is %s: %v", path, shown(v.text), err)
	}
	return err == nil
}

// known are the fields of the file: options by path, and the sections.
type known struct {
	options  map[string]option
	sections map[string][]string // their fields
}

func newKnown() known {
	k := known{make(map[string]option), make(map[string][]string)}
	for _, o := range options() {
		k.options[o.Path] = o
		section, field := o.section()
		k.sections[section] = append(k.sections[section], field)
	}
	return k
}

// nearest returns the path that was meant by one that does not exist: of a field
// of the same section, or else of one that is called so elsewhere, in the file or
// as a flag.
func (k known) nearest(section, field string, beside []string) string {
	if near := nearest.Of(field, append(slices.Clone(k.sections[section]), beside...)); near != "" {
		return join(section, near)
	}
	var names []string
	paths := make(map[string]string)
	for _, o := range options() {
		_, last := o.section()
		for _, name := range []string{o.Path, last, snake(o.Name), o.Name} {
			if paths[name] == "" {
				names, paths[name] = append(names, name), o.Path
			}
		}
	}
	return paths[nearest.Of(field, names)]
}

func join(section, field string) string {
	return strings.TrimPrefix(section+"."+field, ".")
}
