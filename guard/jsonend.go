package guard

import "bytes"

// jsonEnd finds out whether JSON text that passes by, in pieces, came to its
// end. Text that is no object or list is not judged.
type jsonEnd struct {
	depth   int
	began   bool
	plain   bool // no object or list
	text    bool // within a string
	escaped bool // behind a backslash
}

// feed takes in the next bytes.
func (j *jsonEnd) feed(p []byte) {
	for i := 0; i < len(p); {
		if j.text {
			i += j.inText(p[i:])
			continue
		}
		switch c := p[i]; c {
		case '{', '[':
			j.began = true
			j.depth++
		case '}', ']':
			j.depth--
		case '"':
			j.text = true
		}
		if !j.began && p[i] > ' ' {
			j.plain = true
		}
		if j.plain {
			return
		}
		i++
	}
}

// inText returns how many bytes of p, at least one, belong to the string.
func (j *jsonEnd) inText(p []byte) int {
	if j.escaped {
		j.escaped = false
		return 1
	}
	for i, c := range p[:min(len(p), short)] { // most strings are
		if c == '"' || c == '\\' {
			j.text, j.escaped = c != '"', c == '\\'
			return i + 1
		}
	}
	end := bytes.IndexByte(p, '"')
	if end < 0 {
		end = len(p)
	}
	if back := bytes.IndexByte(p[:end], '\\'); back >= 0 {
		j.escaped = true
		return back + 1
	}
	if end == len(p) {
		return end
	}
	j.text = false
	return end + 1
}

// cut reports whether text that has ended lacks its end.
func (j *jsonEnd) cut() bool { return !j.plain && j.began && (j.text || j.depth > 0) }
