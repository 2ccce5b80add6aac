package guard

import (
	"bytes"
	"encoding/json"
)

// fields are the members of a request's JSON object that matter here.
type fields struct {
	model  string
	stream bool
}

// readFields finds the top-level members model and stream of a JSON object
// without decoding the rest, which may be megabytes of images. Text that is no
// JSON object, or a member of another type, has none.
func readFields(text []byte) (f fields) {
	s := scanner{rest: text}
	if !s.take('{') {
		return f
	}
	for found := 0; found < 2; {
		key, ok := s.value()
		if !ok || key[0] != '"' || !s.take(':') {
			return f
		}
		value, ok := s.value()
		if !ok {
			return f
		}
		switch string(key) {
		case `"model"`:
			_ = json.Unmarshal(value, &f.model)
			found++
		case `"stream"`:
			f.stream = string(value) == "true"
			found++
		}
		if !s.take(',') {
			return f
		}
	}
	return f
}

// scanner cuts JSON text into values without judging what is in them.
type scanner struct{ rest []byte }

func (s *scanner) space() { s.rest = bytes.TrimLeft(s.rest, " \t\r\n") }

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
		end = bytes.IndexAny(s.rest, ",}] \t\r\n:")
	}
	if end <= 0 {
		return nil, false
	}
	v := s.rest[:end]
	s.rest = s.rest[end:]
	return v, true
}

// endOfString returns the index behind the string that b begins with, or -1.
func endOfString(b []byte) int {
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
