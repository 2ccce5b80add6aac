package guard

import "bytes"

// members visits the members of the JSON object in text in order, until visit
// returns false or the text is broken. Keys come without their quotes and as
// they are written, values as their text.
func members(text []byte, visit func(key, value []byte) bool) {
	s := scanner{rest: text}
	if !s.take('{') {
		return
	}
	for {
		key, ok := s.value()
		if !ok || key[0] != '"' || !s.take(':') {
			return
		}
		value, ok := s.value()
		if !ok || !visit(key[1:len(key)-1], value) || !s.take(',') {
			return
		}
	}
}

// elements visits the elements of the JSON list in text in order, until the
// text is broken.
func elements(text []byte, visit func(value []byte)) {
	s := scanner{rest: text}
	if !s.take('[') {
		return
	}
	for {
		value, ok := s.value()
		if !ok {
			return
		}
		visit(value)
		if !s.take(',') {
			return
		}
	}
}

// scanner cuts JSON text into values without judging what is in them.
type scanner struct{ rest []byte }

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
