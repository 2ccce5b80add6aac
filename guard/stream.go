package guard

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/recloser/recloser/fault"
)

// dialect is how a stream tells its end.
type dialect uint8

const (
	unknownStream dialect = iota // any end is a good end
	chatStream                   // finish reasons and [DONE]
	typedStream                  // an event of a terminal type
)

// maxLine is how much of a line is looked at; images come in longer ones.
const maxLine = 64 << 10

// stream watches a text/event-stream that passes by: whether content has come,
// whether it failed, and whether it is complete. Lines end in CR, LF or both.
type stream struct {
	dialect  dialect
	line     []byte // the beginning of the present line
	cr       bool   // the last line ended in CR, so that LF belongs to it
	name     string // of the present event
	events   int
	known    bool // it speaks its dialect
	content  bool
	choices  uint64       // indices seen, as bits
	finished uint64       // those with a finish reason
	done     bool         // its proper end has come
	fault    *fault.Error // it reported a failure
	told     bool         // it is fetched: what it reports happened before
	starved  bool         // it was broken off for want of capacity
}

func newStream(path string) *stream {
	s := &stream{}
	switch {
	case strings.HasSuffix(path, "/completions"):
		s.dialect = chatStream
	case strings.Contains(path, "/responses"), strings.Contains(path, "/images/"), strings.Contains(path, "/audio/"):
		s.dialect = typedStream
	}
	return s
}

// feed takes in the next bytes.
func (s *stream) feed(p []byte) {
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if cr := bytes.IndexByte(p[:max(end, 0)], '\r'); cr >= 0 {
			end = cr
		} else if end < 0 {
			end = bytes.IndexByte(p, '\r')
		}
		switch {
		case end < 0:
			s.keep(p)
			return
		case end == 0 && p[0] == '\n' && s.cr && len(s.line) == 0:
			s.cr = false
		default:
			s.cr = p[end] == '\r'
			s.endLine(p[:end])
		}
		p = p[end+1:]
	}
}

func (s *stream) keep(p []byte) {
	s.line = append(s.line, p[:min(len(p), maxLine-len(s.line))]...)
}

// endLine takes the line that ends with p.
func (s *stream) endLine(p []byte) {
	if len(s.line) == 0 && len(p) <= maxLine {
		s.take(p)
		return
	}
	s.keep(p)
	s.take(s.line)
	s.line = s.line[:0]
}

// take looks at one line.
func (s *stream) take(line []byte) {
	field, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(field) {
	case "":
		if len(line) == 0 {
			s.name = ""
		}
	case "event":
		s.name = string(value)
	case "data":
		s.events++
		s.data(value)
	}
}

func (s *stream) data(data []byte) {
	if !s.told && s.fault == nil && (s.name == "error" || s.events == 1 || bytes.Contains(data, []byte(`"error"`))) {
		s.fault = fault.FromEvent(s.name, data, time.Now())
	}
	switch {
	case string(data) == "[DONE]":
		s.done = true
	case len(data) > maxLine-64: // cut, so that it can only be content
		s.known, s.content = true, true
	case s.dialect == chatStream:
		s.chat(data)
		if s.starved && s.fault == nil && !s.told {
			s.fault = fault.FromEvent(s.name, data, time.Now())
		}
	case s.dialect == typedStream:
		s.typed(data)
	default:
		s.content = true
	}
}

// chat looks at a chunk of a chat completion or of a legacy completion.
func (s *stream) chat(data []byte) {
	text := scanner{rest: data}
	text.object(func(key []byte) bool {
		if string(key) != "choices" {
			return text.skip()
		}
		s.known = true
		text.list(func() bool { return s.choice(&text) })
		return false
	})
}

func (s *stream) choice(text *scanner) bool {
	index, finished := 0, false
	ok := text.object(func(key []byte) bool {
		if string(key) == "delta" {
			return s.delta(text)
		}
		value, ok := text.value()
		switch string(key) {
		case "index":
			index, _ = strconv.Atoi(string(value))
		case "finish_reason":
			finished = !empty(value)
			s.starved = s.starved || string(value) == `"`+fault.FinishStarved+`"`
		case "text":
			s.content = s.content || !empty(value)
		}
		return ok
	})
	bit := uint64(1) << min(uint(index), 63)
	s.choices |= bit
	if finished {
		s.finished |= bit
		s.content = true
	}
	return ok
}

// delta finds content in what is more than a role.
func (s *stream) delta(text *scanner) bool {
	return text.object(func(key []byte) bool {
		value, ok := text.value()
		s.content = s.content || string(key) != "role" && !empty(value)
		return ok
	})
}

func empty(value []byte) bool {
	switch string(value) {
	case "", "null", `""`, "[]", "{}":
		return true
	}
	return false
}

// typed looks at an event that tells its type, in its name or its data.
func (s *stream) typed(data []byte) {
	kind := s.name
	if kind == "" {
		kind = typeOf(data)
	}
	switch kind {
	case "response.completed", "response.incomplete", "response.failed", "response.done", "response.cancelled", "error",
		"image_generation.completed", "image_edit.completed", "transcript.text.done", "speech.audio.done":
		s.done = true
	}
	if kind == "response.failed" && s.fault == nil && !s.told {
		s.fault = fault.FromEvent(s.name, data, time.Now())
	}
	family, _, _ := strings.Cut(kind, ".")
	switch family {
	case "response", "image_generation", "image_edit", "transcript", "speech":
		s.known = true
	}
	s.content = s.content || s.done || strings.HasSuffix(kind, ".delta") || strings.HasSuffix(kind, ".partial_image")
}

func typeOf(data []byte) (kind string) {
	text := scanner{rest: data}
	text.object(func(key []byte) bool {
		value, ok := text.value()
		if string(key) == "type" {
			kind = unquoted(value)
		}
		return ok && kind == ""
	})
	return kind
}

// complete reports whether nothing that matters is missing.
func (s *stream) complete() bool {
	return s.done || s.choices != 0 && s.choices == s.finished
}

// cut reports whether a stream that has ended lacks its end. One that speaks
// another dialect than its endpoint's is not judged; one without any event is
// no answer.
func (s *stream) cut() bool {
	return s.dialect != unknownStream && !s.complete() && (s.known || s.events == 0)
}
