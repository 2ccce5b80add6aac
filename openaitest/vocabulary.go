package openaitest

import (
	"fmt"
	"strings"
	"time"
)

// A Word is a fault that scripts know.
type Word struct {
	// Name is how a script calls it.
	Name string
	// Usage is the name with what may follow, optional parts in brackets.
	Usage string
	// Meaning is one line for a help page.
	Meaning string
}

// Words lists the faults that scripts know, for help pages.
func Words() []Word {
	var out []Word
	for _, w := range dictionary() {
		out = append(out, Word{w.name, w.usage(), w.meaning})
	}
	return out
}

// entry is a word with what the parser has to know about it.
type entry struct {
	name    string
	meaning string
	params  []param
	group   bool // another fault may follow in parentheses
	build   func(v values) Fault
}

// param is something that may follow a word: "3", "burst=3", "reset", or "limit=5s".
type param struct {
	name    string
	kind    kind
	need    bool     // there is no default
	lo, hi  float64  // of numbers and counts
	choices []string // of text; none: anything
}

type kind int

const (
	aNumber     kind = iota // bare, any number
	aCount                  // bare, a whole number
	aNamedCount             // name=3
	aFlag                   // the name alone
	aDuration               // name=1s
	aText                   // name=text
)

func (k kind) bare() bool { return k == aNumber || k == aCount }

// values are the parameters that were given.
type values struct {
	numbers   map[string]float64
	durations map[string]time.Duration
	texts     map[string]string // flags too
	group     Fault
}

func (v values) count(name string) int { return int(v.numbers[name]) }

func (v values) on(name string) bool { return v.texts[name] != "" }

// given tells whether a parameter is there already.
func (v values) given(name string) bool {
	_, number := v.numbers[name]
	_, duration := v.durations[name]
	return number || duration || v.on(name)
}

const maxScriptCount = 1_000_000

func after() param     { return param{name: "after", kind: aCount, need: true, hi: maxScriptCount} }
func status() param    { return param{name: "status", kind: aCount, lo: 400, hi: 599} }
func anyStatus() param { return param{name: "status", kind: aCount, lo: 200, hi: 599} }

func named(name string, hi float64) param {
	return param{name: name, kind: aNamedCount, lo: 1, hi: hi}
}

func flag(name string) param     { return param{name: name, kind: aFlag} }
func duration(name string) param { return param{name: name, kind: aDuration} }
func text(name string, choices ...string) param {
	return param{name: name, kind: aText, choices: choices}
}

// form is how the parameter is written.
func (p param) form() string {
	switch {
	case p.kind == aFlag:
		return p.name
	case p.kind == aNamedCount:
		return p.name + "=N"
	case p.kind == aDuration:
		return p.name + "=DURATION"
	case p.kind == aText && len(p.choices) > 0:
		return p.name + "=" + strings.Join(p.choices, "|")
	case p.kind == aText:
		return p.name + "=TEXT"
	}
	return strings.ToUpper(p.name)
}

func (e entry) usage() string {
	parts := []string{e.name}
	for _, p := range e.params {
		form := p.form()
		if !p.need {
			form = "[" + form + "]"
		}
		parts = append(parts, form)
	}
	if e.group {
		parts = append(parts, "[(FAULT)]")
	}
	return strings.Join(parts, " ")
}

// param returns the parameter that the word has under that name.
func (e entry) param(name string, named bool) (param, bool) {
	for _, p := range e.params {
		if !p.kind.bare() && p.name == name && named == (p.kind != aFlag) {
			return p, true
		}
	}
	return param{}, false
}

// number returns the parameter that a bare number is.
func (e entry) number() (param, bool) {
	for _, p := range e.params {
		if p.kind.bare() {
			return p, true
		}
	}
	return param{}, false
}

// missing returns the parameter that must be given and is not.
func (e entry) missing(v values) error {
	for _, p := range e.params {
		if p.need && !v.given(p.name) {
			return fmt.Errorf("%s needs a number: %s", e.name, e.usage())
		}
	}
	return nil
}
