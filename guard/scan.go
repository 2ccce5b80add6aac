package guard

import (
	"bytes"
	"encoding/json"
)

// scanner goes through JSON text in one pass without judging what is in it. It
// stops where the text is broken or ends too early.
type scanner struct{ rest []byte }

// object goes through the object that comes next. visit is told each key, as it
// is written and without its quotes, and goes past the value itself, with value,
// object or list; it returns false to stop.
func (s *scanner) object(visit func(key []byte) bool) bool {
	if !s.take('{') {
		return false
	}
	for !s.take('}') {
		key, ok := s.value()
		if !ok || key[0] != '"' || !s.take(':') || !visit(key[1:len(key)-1]) {
			return false
		}
		if !s.take(',') {
			return s.take('}')
		}
	}
	return true
}

// list goes through the list that comes next. visit goes past one element, and
// returns false to stop.
func (s *scanner) list(visit func() bool) bool {
	if !s.take('[') {
		return false
	}
	for !s.take(']') {
		if !visit() {
			return false
		}
		if !s.take(',') {
			return s.take(']')
		}
	}
	return true
}

// skip goes past the next value.
func (s *scanner) skip() bool {
	_, ok := s.value()
	return ok
}

func (s *scanner) space() {
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\n' || s.rest[0] == '\t' || s.rest[0] == '\r') {
		s.rest = s.rest[1:]
	}
}

// take skips space and then c, if that is next.
func (s *scanner) take(c byte) bool {
	s.space()
	if len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// value returns the next value, which is not empty, and goes past it.
func (s *scanner) value() ([]byte, bool) {
	s.space()
	if len(s.rest) == 0 {
		return nil, false
	}
	var end int
	switch s.rest[0] {
	case '"':
		end = endOfString(s.rest)
	case '{', '[':
		end = endOfNested(s.rest)
	default:
		end = endOfWord(s.rest)
	}
	if end <= 0 {
		return nil, false
	}
	v := s.rest[:end]
	s.rest = s.rest[end:]
	return v, true
}

// endOfWord returns the index behind the number or literal that b begins with,
// or -1 if it may go on.
func endOfWord(b []byte) int {
	for i, c := range b {
		switch c {
		case ',', '}', ']', ' ', '\t', '\r', '\n', ':':
			return i
		}
	}
	return -1
}

const short = 24

// endOfString returns the index behind the string that b begins with, or -1.
func endOfString(b []byte) int {
	for i := 1; i < min(len(b), short); i++ { // most are, and a search has to get going
		if b[i] == '\\' {
			break
		}
		if b[i] == '"' {
			return i + 1
		}
	}
	for i := 1; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		escapes := 0
		for b[i-1-escapes] == '\\' {
			escapes++
		}
		if i++; escapes%2 == 0 {
			return i
		}
	}
}

// endOfNested returns the index behind the object or list that b begins with,
// or -1. Of brackets only the depth counts.
func endOfNested(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			n := endOfString(b[i:])
			if n < 0 {
				return -1
			}
			i += n - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// over reports whether nothing but space is left.
func (s *scanner) over() bool {
	s.space()
	return len(s.rest) == 0
}

// wellFormed reports whether data is one object whose members can be found.
func wellFormed(data []byte) bool {
	text := scanner{rest: data}
	return text.object(func([]byte) bool { return text.skip() }) && text.over()
}

// broken reports, for text that a scanner could not read, whether it really is
// no JSON.
func broken(data []byte) bool { return !json.Valid(data) }
