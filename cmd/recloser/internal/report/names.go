package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longest is how much of a name, or of what an upstream said, is shown; the JSON
// has all of it.
const longest = 160

const joiner = '\u200d' // holds emoji together

// Shown makes what an upstream or a client named fit to be read: cut, on one line,
// and without what moves a terminal's cursor or turns the direction of the text.
func Shown(name string) string {
	var b strings.Builder
	n := 0
	for _, r := range name {
		if n++; n > longest {
			return b.String() + fmt.Sprintf("… (%s)", many(int64(utf8.RuneCountInString(name)), "character"))
		}
		switch {
		case r == utf8.RuneError, r != joiner && !unicode.IsPrint(r):
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	if n == 0 {
		return none
	}
	return b.String()
}

// columns is how wide a rune is on a terminal: East Asian letters and emoji take
// two, marks none.
func columns(r rune) int {
	switch {
	case r == joiner, unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r < 0x1100:
		return 1
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

func width(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

// squeezed takes the middle out of a name that is too wide: both its ends tell it
// from others.
func squeezed(s string, limit int) string {
	if width(s) <= limit {
		return s
	}
	left := max(limit-1, 0)
	runes := []rune(s)
	head, used := 0, 0
	for used+columns(runes[head]) <= (left+1)/2 {
		used += columns(runes[head])
		head++
	}
	tail := len(runes)
	for tail > head && used+columns(runes[tail-1]) <= left {
		tail--
		used += columns(runes[tail])
	}
	return string(runes[:head]) + "…" + string(runes[tail:])
}
