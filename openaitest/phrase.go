package openaitest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// phrase writes a fault in the words of a script, leaving out what is default.
type phrase struct{ words []string }

func say(word string) phrase { return phrase{[]string{word}} }

func (p phrase) String() string { return strings.Join(p.words, " ") }

func (p phrase) with(word string) phrase { return phrase{append(p.words, word)} }

// must adds a number even if it is zero.
func (p phrase) must(n int) phrase { return p.with(strconv.Itoa(max(0, n))) }

func (p phrase) count(n int) phrase {
	if n <= 0 {
		return p
	}
	return p.must(n)
}

func (p phrase) number(x float64) phrase {
	return p.with(strconv.FormatFloat(x, 'f', -1, 64))
}

func (p phrase) named(name string, n int) phrase {
	if n <= 0 {
		return p
	}
	return p.with(name + "=" + strconv.Itoa(n))
}

func (p phrase) text(name, value string) phrase {
	if value == "" {
		return p
	}
	return p.with(name + "=" + value)
}

func (p phrase) duration(name string, d time.Duration) phrase {
	if d <= 0 {
		return p
	}
	return p.with(name + "=" + d.String())
}

func (p phrase) flag(name string, on bool) phrase {
	if !on {
		return p
	}
	return p.with(name)
}

func (p phrase) group(f Fault) phrase {
	if f == nil {
		return p
	}
	return p.with("(" + scriptOf(f) + ")")
}

// scriptOf returns f as a script says it, or the name of a fault of the user's.
func scriptOf(f Fault) string {
	if f == nil {
		return Healthy{}.String()
	}
	if s, ok := f.(fmt.Stringer); ok {
		return s.String()
	}
	return f.Name()
}
