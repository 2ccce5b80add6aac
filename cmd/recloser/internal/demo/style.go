package demo

import (
	"strings"
	"unicode/utf8"
)

// style is how a piece of text stands out. Nothing is told by it alone.
type style string

// The styles, as parameters of the terminal's SGR sequence.
const (
	plain  style = ""
	bold   style = "1"
	faint  style = "2"
	red    style = "1;31"
	green  style = "1;32"
	yellow style = "1;33"
)

// piece is a text in one style.
type piece struct {
	text  string
	style style
}

// line is a row of the screen.
type line []piece

func text(s string) line { return line{{s, plain}} }

func (l line) and(s string, st style) line { return append(l, piece{s, st}) }

// width counts columns. All characters in use are one column wide.
func (l line) width() int {
	n := 0
	for _, p := range l {
		n += utf8.RuneCountInString(p.text)
	}
	return n
}

// cut shortens l to so many columns.
func (l line) cut(columns int) line {
	if l.width() <= columns {
		return l
	}
	left := max(columns-1, 0)
	var out line
	for _, p := range l {
		runes := []rune(p.text)
		if len(runes) > left {
			return append(out, piece{string(runes[:left]) + "…", p.style})
		}
		left -= len(runes)
		out = append(out, p)
	}
	return out
}

// paint writes l, with its styles if they are wanted.
func (l line) paint(colour bool) string {
	var b strings.Builder
	for _, p := range l {
		if !colour || p.style == plain {
			b.WriteString(p.text)
			continue
		}
		b.WriteString("\x1b[" + string(p.style) + "m" + p.text + "\x1b[0m")
	}
	return b.String()
}

// wrap breaks text at spaces into pieces of at most so many columns.
func wrap(text string, columns int) []string {
	var out []string
	row := ""
	for word := range strings.FieldsSeq(text) {
		if row != "" && utf8.RuneCountInString(row)+1+utf8.RuneCountInString(word) > columns {
			out, row = append(out, row), ""
		}
		if row != "" {
			row += " "
		}
		row += word
	}
	return append(out, row)
}
