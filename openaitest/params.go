package openaitest

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxScriptTime bounds durations, so that a thousand phases cannot overflow.
const maxScriptTime = 30 * 24 * time.Hour

// params reads what follows the word at of entry e, and builds the fault.
func (p *parser) params(e entry, at token) (Fault, error) {
	v := values{
		numbers:   make(map[string]float64),
		durations: make(map[string]time.Duration),
		texts:     make(map[string]string),
	}
	for p.peek().word() && !isDuration(p.peek().text) {
		if err := p.param(e, v, p.next()); err != nil {
			return nil, err
		}
	}
	if t := p.peek(); e.group && p.accept("(") {
		var err error
		if v.group, err = p.inParentheses(t); err != nil {
			return nil, err
		}
	}
	if err := e.missing(v); err != nil {
		return nil, p.fail(at, "%v", err)
	}
	return e.build(v), nil
}

// inParentheses reads faults up to the parenthesis that closes the one at open.
func (p *parser) inParentheses(open token) (Fault, error) {
	if p.depth == maxNesting {
		return nil, p.fail(open, "more than %d parentheses within each other", maxNesting)
	}
	p.depth++
	f, err := p.faults()
	p.depth--
	if err != nil {
		return nil, err
	}
	if t := p.peek(); !p.accept(")") {
		return nil, p.fail(t, "%s in parentheses; want a plus or the closing one", t.shown())
	}
	return f, nil
}

// param reads one parameter into v.
func (p *parser) param(e entry, v values, t token) error {
	name, value, named := strings.Cut(t.text, "=")
	par, ok := e.param(name, named)
	number, err := strconv.ParseFloat(t.text, 64)
	if err == nil {
		par, ok = e.number()
	}
	switch {
	case !ok:
		return p.fail(t, "%s does not belong to %s; want: %s, then a duration such as 5s", t.shown(), e.name, e.usage())
	case v.given(par.name):
		return p.fail(t, "%s is given twice", par.name)
	}
	switch par.kind {
	case aFlag:
		v.texts[name] = name
	case aDuration:
		v.durations[name], err = p.duration(t, value)
		return err
	case aText:
		v.texts[name] = value
		return p.checkText(t, par, value)
	case aNamedCount:
		if number, err = strconv.ParseFloat(value, 64); err != nil {
			return p.fail(t, "%s: want %s", t.shown(), par.form())
		}
		v.numbers[name] = number
		return p.checkNumber(t, par, number)
	case aNumber, aCount:
		v.numbers[par.name] = number
		return p.checkNumber(t, par, number)
	}
	return nil
}

func (p *parser) checkText(t token, par param, value string) error {
	if value == "" || len(par.choices) > 0 && !slices.Contains(par.choices, value) {
		return p.fail(t, "%s: want %s", t.shown(), par.form())
	}
	return nil
}

func (p *parser) checkNumber(t token, par param, n float64) error {
	whole := n == math.Trunc(n)
	if n >= par.lo && n <= par.hi && (whole || par.kind == aNumber) {
		return nil
	}
	what, hint := "a whole number", ""
	if par.kind == aNumber {
		what = "a number"
	}
	if par.kind.bare() {
		hint = ", and a duration has a unit, as in 5s"
	}
	return p.fail(t, "%s is out of range; %s is %s from %g to %.0f%s",
		t.shown(), par.name, what, par.lo, par.hi, hint)
}

// isDuration tells a duration from a number: it has a unit.
func isDuration(s string) bool {
	_, err := time.ParseDuration(s)
	return err == nil && strings.ContainsAny(s, "hmsuµμn")
}

func (p *parser) duration(t token, s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil || !isDuration(s):
		return 0, p.fail(t, "%s is not a duration; want one such as 500ms, 5s or 1m30s", quote(s))
	case d <= 0 || d > maxScriptTime:
		return 0, p.fail(t, "%s is out of range; a duration is more than 0 and at most %v", quote(s), maxScriptTime)
	}
	return d, nil
}
