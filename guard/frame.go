package guard

import "bytes"

// framer finds the ends of the events in a text/event-stream that comes in
// pieces: blank lines. Lines end in CR, LF or both.
type framer struct {
	within bool // the present line has begun
	cr     bool // the last line ended in CR, so that LF belongs to it
}

// half reports whether p begins with the second half of an end of line, and goes
// past it.
func (f *framer) half(p []byte) bool {
	if !f.cr || len(p) == 0 || p[0] != '\n' {
		return false
	}
	f.cr = false
	return true
}

// next returns the index in p, which goes on where the last call stopped, behind
// the first blank line, or -1 if p has none and all of it was looked at.
func (f *framer) next(p []byte) int {
	i := 0
	if f.cr && len(p) > 0 {
		f.cr = false
		if p[0] == '\n' {
			i = 1
		}
	}
	for i < len(p) {
		end := lineEnd(p[i:])
		if end < 0 {
			f.within = true
			return -1
		}
		blank := end == 0 && !f.within
		f.within = false
		i += end + 1
		if p[i-1] == '\r' {
			switch {
			case i == len(p):
				f.cr = true
			case p[i] == '\n':
				i++
			}
		}
		if blank {
			return i
		}
	}
	return -1
}

// lineEnd returns the index of the first CR or LF in p, or -1. It looks no further
// than about twice as far as that, or many short lines before the other of the two
// would take for ever.
func lineEnd(p []byte) int {
	for from, size := 0, 1<<10; from < len(p); size *= 2 {
		window := p[from:min(len(p), from+size)]
		end := bytes.IndexByte(window, '\n')
		if end >= 0 {
			window = window[:end]
		}
		if cr := bytes.IndexByte(window, '\r'); cr >= 0 {
			return from + cr
		}
		if end >= 0 {
			return from + end
		}
		from += size
	}
	return -1
}

// event is what one block of a stream says.
type event struct {
	name []byte
	data []byte // its lines joined; of the block or of scratch
	has  bool   // it has data at all, be it empty
}

// parse reads the block of lines p. Scratch is room for data of several lines,
// and is returned, perhaps grown.
func parse(p, scratch []byte) (event, []byte) {
	var e event
	joined := false // e.data is scratch
	for len(p) > 0 {
		end := lineEnd(p)
		line := p
		if end < 0 {
			p = nil
		} else {
			line, p = p[:end], p[end+1:]
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		switch string(field) {
		case "event":
			e.name = bytes.TrimPrefix(value, []byte(" "))
		case "data":
			value = bytes.TrimPrefix(value, []byte(" "))
			switch {
			case !e.has:
				e.data, e.has = value, true
				continue
			case !joined:
				scratch, joined = append(scratch[:0], e.data...), true
			}
			scratch = append(append(scratch, '\n'), value...)
			e.data = scratch
		}
	}
	return e, scratch
}
