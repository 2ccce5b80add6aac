package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// A mutant is one change of one line, and the tests that must notice it.
type mutant struct {
	name  string
	file  string // from the root of the tree
	old   string // a part of one line, found exactly once in the file
	new   string // what stands there instead
	tests string // packages, as given to go test, separated by spaces
	run   string // a -run pattern, "" for all tests
	line  int    // of its name in the list
}

func readList(path string) ([]mutant, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	list, err := parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return list, nil
}

// parse reads the format that mutants.txt describes.
func parse(text string) ([]mutant, error) {
	var list []mutant
	var m *mutant
	seen := map[string]bool{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%d: want \"key: value\", have %q", i+1, line)
		}
		value = strings.TrimSpace(value)
		if key == "mutant" {
			list = append(list, mutant{name: value, line: i + 1})
			m = &list[len(list)-1]
			seen = map[string]bool{}
		}
		if m == nil {
			return nil, fmt.Errorf("%d: %q comes before the first \"mutant:\"", i+1, key)
		}
		if seen[key] {
			return nil, fmt.Errorf("%d: %q is given twice for one mutant", i+1, key)
		}
		seen[key] = true
		if err := m.set(key, value); err != nil {
			return nil, fmt.Errorf("%d: %w", i+1, err)
		}
	}
	return list, check(list)
}

func (m *mutant) set(key, value string) error {
	switch key {
	case "mutant":
		m.name = value
	case "file":
		m.file = value
	case "old":
		m.old = value
	case "new":
		m.new = value
	case "test":
		m.tests = strings.Join(strings.Fields(value), " ")
	case "run":
		m.run = value
	default:
		return fmt.Errorf("unknown key %q: use mutant, file, old, new, test, run", key)
	}
	return nil
}

func check(list []mutant) error {
	var errs []error
	names := map[string]bool{}
	for _, m := range list {
		switch {
		case m.name == "" || m.file == "" || m.old == "" || m.tests == "":
			errs = append(errs, fmt.Errorf("%d: mutant %q needs file, old and test", m.line, m.name))
		case m.old == m.new:
			errs = append(errs, fmt.Errorf("%d: mutant %q changes nothing", m.line, m.name))
		case names[m.name]:
			errs = append(errs, fmt.Errorf("%d: a second mutant %q", m.line, m.name))
		}
		names[m.name] = true
	}
	return errors.Join(errs...)
}

// named returns the mutants whose names contain text.
func named(list []mutant, text string) []mutant {
	var out []mutant
	for _, m := range list {
		if strings.Contains(m.name, text) {
			out = append(out, m)
		}
	}
	return out
}
