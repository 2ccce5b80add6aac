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
	for len(p) > 0 && !j.plain {
		if j.text {
			p = p[j.inText(p):]
			continue
		}
		switch c := p[0]; c {
		case '{', '[':
			j.began = true
			j.depth++
		case '}', ']':
			j.depth--
		case '"':
			j.text = true
		}
		if !j.began && p[0] > ' ' {
			j.plain = true
		}
		p = p[1:]
	}
}

// inText returns how many bytes of p, at least one, belong to the string.
func (j *jsonEnd) inText(p []byte) int {
	if j.escaped {
		j.escaped = false
		return 1
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
