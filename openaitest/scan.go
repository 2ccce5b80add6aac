package openaitest

import "strings"

// token is a word of a script, or one of "," "+" "(" ")", or "" at the end.
type token struct {
	text string
	at   int
}

func (t token) is(text string) bool { return t.text == text }

// word tells whether t is neither a sign nor the end.
func (t token) word() bool { return t.text != "" && !strings.Contains(signs, t.text) }

// shown is t as an error message names it.
func (t token) shown() string {
	if t.text == "" {
		return "the end"
	}
	return quote(t.text)
}

const (
	signs  = ",+()"
	spaces = " \t\r\n"
)

// scan splits a script. A comment runs from # to the end of its line.
func scan(script string) []token {
	var out []token
	for at := 0; at < len(script); {
		rest := script[at:]
		n := 1
		switch c := rest[0]; {
		case c == '#':
			if n = strings.IndexByte(rest, '\n'); n < 0 {
				n = len(rest)
			}
		case strings.IndexByte(spaces, c) >= 0:
		case strings.IndexByte(signs, c) >= 0:
			out = append(out, token{rest[:1], at})
		default:
			if n = strings.IndexAny(rest, spaces+signs+"#"); n < 0 {
				n = len(rest)
			}
			out = append(out, token{rest[:n], at})
		}
		at += n
	}
	return append(out, token{"", len(script)})
}
