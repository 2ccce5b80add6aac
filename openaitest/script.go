package openaitest

import (
	"fmt"
	"strconv"
	"strings"
)

// Parse reads a script: phases, divided by commas, of a fault and a duration.
//
//	healthy 5s, down 20s, flaky 0.3 10s, healthy
//
// Only the last phase may be without a duration; it has no end then. The word
// loop in place of a last phase begins again. Several faults at once are joined
// by +, the first being nearest to the client (All). Faults that stand for
// others take one in parentheses: flaky 0.3 (reset). Text from # to the end of
// the line is a comment. Words lists the faults and what may follow them.
//
// An error is a *SyntaxError.
func Parse(script string) (Timeline, error) {
	p := &parser{script: script, tokens: scan(script)}
	line, err := p.timeline()
	if err != nil {
		return Timeline{}, err
	}
	return line, nil
}

const (
	maxPhases  = 1000
	maxNesting = 8
	loopWord   = "loop"
)

// parser walks over the tokens, the last of which is the end.
type parser struct {
	script string
	tokens []token
	depth  int // of parentheses
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.text != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

// accept skips the next token if it is that one.
func (p *parser) accept(text string) bool {
	if p.peek().is(text) {
		p.next()
		return true
	}
	return false
}

func (p *parser) fail(at token, format string, args ...any) error {
	return &SyntaxError{Script: p.script, Offset: at.at, Message: fmt.Sprintf(format, args...)}
}

func (p *parser) timeline() (Timeline, error) {
	var line Timeline
	for {
		if at := p.peek(); len(line.Phases) > 0 && p.accept(loopWord) {
			line.Loop = true
			return line, p.finish(line, at)
		}
		phase, err := p.phase()
		if err != nil {
			return line, err
		}
		line.Phases = append(line.Phases, phase)
		at := p.peek()
		if !p.accept(",") {
			return line, p.finish(line, at)
		}
		if phase.For == 0 {
			return line, p.fail(at, "only the last phase may be without a duration such as 5s")
		}
		if len(line.Phases) == maxPhases {
			return line, p.fail(at, "more than %d phases", maxPhases)
		}
	}
}

// finish checks that the script ends here, behind at.
func (p *parser) finish(line Timeline, at token) error {
	end := p.peek()
	switch {
	case end.is(""):
		return nil
	case line.Loop:
		return p.fail(end, "%s after loop, which must be the last word", end.shown())
	case line.Phases[len(line.Phases)-1].For > 0:
		return p.fail(at, "%s after a duration; want a comma or the end", at.shown())
	}
	return p.fail(at, "%s does not belong here; want a duration such as 5s, a plus, a comma or the end", at.shown())
}

func (p *parser) phase() (Phase, error) {
	fault, err := p.faults()
	if err != nil {
		return Phase{}, err
	}
	t := p.peek()
	if !t.word() {
		return Phase{Fault: fault}, nil
	}
	p.next()
	d, err := p.duration(t, t.text)
	return Phase{fault, d}, err
}

// faults reads one fault, or several joined by plus.
func (p *parser) faults() (Fault, error) {
	var all All
	for {
		f, err := p.fault()
		if err != nil {
			return nil, err
		}
		all = append(all, f)
		if !p.accept("+") {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

func (p *parser) fault() (Fault, error) {
	t := p.next()
	for _, e := range dictionary() {
		if e.name == t.text {
			return p.params(e, t)
		}
	}
	var names []string
	for _, e := range dictionary() {
		names = append(names, e.name)
	}
	allowed := strings.Join(names, ", ")
	if t.is(loopWord) {
		return nil, p.fail(t, "loop can only stand alone, after the last comma")
	}
	if !t.word() {
		return nil, p.fail(t, "%s in place of a fault; want one of: %s", t.shown(), allowed)
	}
	return nil, p.fail(t, "unknown fault %s; want one of: %s", t.shown(), allowed)
}

// quote shows a piece of the script, which may be long.
func quote(s string) string {
	if len(s) > 40 {
		return strconv.Quote(s[:40]) + "…"
	}
	return strconv.Quote(s)
}
