package guard

import (
	"bytes"
	"strings"
	"time"

	"github.com/recloser/recloser/fault"
)

// dialect is how a stream tells its end.
type dialect uint8

const (
	unknownStream   dialect = iota // any end is a good end
	chatStream                     // finish reasons and [DONE]
	responsesStream                // a terminal event
)

// maxLine is how much of a line is looked at; images come in longer ones.
const maxLine = 64 << 10

// stream watches a text/event-stream that passes by: whether content has come,
// whether it failed, and whether it is complete. Lines end in CR, LF or both.
type stream struct {
	dialect  dialect
	line     []byte // the beginning of the present line
	name     string // of the present event
	events   int
	content  bool
	finished bool         // a choice has its finish reason
	done     bool         // its proper end has come
	fault    *fault.Error // it reported a failure
}

func newStream(path string) *stream {
	s := &stream{}
	switch {
	case strings.HasSuffix(path, "/completions"):
		s.dialect = chatStream
	case strings.HasSuffix(path, "/responses"):
		s.dialect = responsesStream
	}
	return s
}

// feed takes in the next bytes.
func (s *stream) feed(p []byte) {
	for len(p) > 0 {
		end := bytes.IndexAny(p, "\r\n")
		if end < 0 {
			s.keep(p)
			return
		}
		if len(s.line) == 0 {
			s.take(p[:end])
		} else {
			s.keep(p[:end])
			s.take(s.line)
			s.line = s.line[:0]
		}
		p = p[end+1:]
	}
}

func (s *stream) keep(p []byte) {
	s.line = append(s.line, p[:min(len(p), maxLine-len(s.line))]...)
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
	if s.fault == nil && (s.name == "error" || bytes.Contains(data, []byte(`"error"`)) || bytes.Contains(data, []byte(`response.failed`))) {
		s.fault = fault.FromEvent(s.name, data, time.Now())
	}
	switch s.dialect {
	case chatStream:
		s.chat(data)
	case responsesStream:
		s.responses(data)
	case unknownStream:
		s.content = true
	}
}

func (s *stream) chat(data []byte) {
	if string(bytes.TrimSpace(data)) == "[DONE]" {
		s.done = true
		return
	}
	s.finished = s.finished || hasText(data, `"finish_reason":`)
	s.content = s.content || s.finished || hasText(data, `"content":`) || hasText(data, `"text":`) ||
		bytes.Contains(data, []byte(`"tool_calls":`)) || hasText(data, `"refusal":`) ||
		hasText(data, `"reasoning_content":`) || hasText(data, `"reasoning":`)
}

func (s *stream) responses(data []byte) {
	kind := s.name
	if kind == "" {
		kind = typeOf(data)
	}
	switch kind {
	case "response.completed", "response.incomplete", "response.failed", "response.done", "response.cancelled", "error":
		s.done = true
	}
	s.content = s.content || s.done || strings.HasSuffix(kind, ".delta")
}

// complete reports whether nothing that matters is missing.
func (s *stream) complete() bool { return s.done || s.finished }

// cut reports whether a stream that has ended lacks its end.
func (s *stream) cut() bool {
	return s.dialect != unknownStream && !s.complete() && s.recognised()
}

// recognised reports whether the stream was of its dialect at all.
func (s *stream) recognised() bool { return s.content || s.events == 0 }

// hasText reports whether the member whose quoted name and colon is key has a
// string that is not empty anywhere in data.
func hasText(data []byte, key string) bool {
	for {
		i := bytes.Index(data, []byte(key))
		if i < 0 {
			return false
		}
		data = bytes.TrimLeft(data[i+len(key):], " ")
		if len(data) > 1 && data[0] == '"' && data[1] != '"' {
			return true
		}
	}
}

// typeOf returns the type member of a Responses event that has no name.
func typeOf(data []byte) string {
	_, rest, ok := bytes.Cut(data, []byte(`"type":`))
	if !ok {
		return ""
	}
	value, ok := (&scanner{rest: rest}).value()
	if !ok {
		return ""
	}
	return strings.Trim(string(value), `"`)
}
