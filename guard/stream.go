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

// stream judges a text/event-stream, event by event: whether content has come,
// whether it failed, and whether it is complete.
type stream struct {
	dialect dialect
	ending  Ending
	told    bool // it is fetched: what it reports happened before
	noBlank bool // a completion without content is a failure

	events   int    // with data
	known    bool   // it speaks its dialect
	content  bool   // it may not be repeated any more
	said     bool   // some of the answer has come, and not only its end
	choices  uint64 // indices seen, as bits
	finished uint64 // those with a finish reason
	short    bool   // one has a reason that explains an empty answer
	starved  bool   // one was broken off for want of capacity
	done     bool   // its proper end has come
	marked   bool   // by [DONE]
	unsure   bool   // an event was too long to tell what it was
	long     bool   // the present event is too long to be held
	ends     bool   // and is the last

	fault   *fault.Error // it reported a failure
	failed  bool         // as that of an object, which is its end
	bad     string       // or is one: the fault's code. Its last event must not be passed on
	scratch []byte
	used    tokens
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

const byteOrderMark = "\xef\xbb\xbf"

// take looks at the lines of one event, its blank line included.
func (s *stream) take(block []byte) {
	if s.long {
		s.done = s.done || s.ends
		s.long, s.ends = false, false
		return
	}
	if s.events == 0 {
		block = bytes.TrimPrefix(block, []byte(byteOrderMark))
	}
	var e event
	e, s.scratch = parse(block, s.scratch)
	if len(e.data) > 0 {
		s.data(e)
		s.events++
	}
}

// begin looks at the beginning of an event that is too long to be held.
func (s *stream) begin(block []byte) {
	e, _ := parse(block, nil)
	s.long, s.known, s.content, s.said = true, true, true, true
	s.events++
	if s.dialect == typedStream {
		kind := e.kind()
		s.ends = terminal(kind)
		s.unsure = s.unsure || len(kind) == 0
	}
}

func (s *stream) data(e event) {
	if !s.told && s.fault == nil && (s.events == 0 || string(e.name) == "error" || bytes.Contains(e.data, []byte(`"error"`))) {
		s.fault = fault.FromEvent(string(e.name), e.data, time.Now())
	}
	switch {
	case s.fault != nil && s.dialect == chatStream:
	case s.done && s.dialect == typedStream:
		s.typed(e) // an error may be followed by the object that has failed
	case s.done:
	case string(e.data) == "[DONE]":
		s.mark()
	case s.dialect == chatStream:
		s.read(e, s.chat(e.data))
		if s.starved && s.fault == nil && !s.told {
			s.fault = fault.FromEvent(string(e.name), e.data, time.Now())
		}
	case s.dialect == typedStream:
		s.typed(e)
		s.read(e, wellFormed(e.data))
	default:
		s.content, s.said = true, true
	}
}

// mark takes in [DONE].
func (s *stream) mark() {
	switch {
	case s.events == 0 && s.dialect != unknownStream:
		s.bad = fault.CodeEmpty
	case s.ending == EndFinish && s.known && !s.complete():
		s.bad = fault.CodeTruncated // somebody on the way has ended it so
	case s.blank():
		s.bad = fault.CodeEmptyContent
	default:
		s.done, s.marked, s.content = true, true, true
	}
}

// read notes whether the data of an event could be read. Half an object is
// broken; text, and what has another form, is another dialect's content.
func (s *stream) read(e event, ok bool) {
	switch {
	case !ok && s.ending != EndAny && (s.known || e.data[0] == '{') && broken(e.data):
		s.bad = fault.CodeMalformed
	case !s.known && !preliminary(e.kind()):
		s.content, s.said = true, true
	}
}

// chat looks at a chunk of a chat completion or of a legacy completion, and
// reports whether it could be read.
func (s *stream) chat(data []byte) bool {
	text := scanner{rest: data}
	return text.object(func(key []byte) bool {
		if string(key) != "choices" {
			value, ok := text.value()
			if ok && string(key) == "usage" {
				s.used.read(value)
			}
			return ok
		}
		s.known = true
		return text.list(func() bool { return s.choice(&text) })
	}) && text.over()
}

func (s *stream) choice(text *scanner) bool {
	index, finish := 0, []byte(nil)
	ok := text.object(func(key []byte) bool {
		if string(key) == "delta" {
			return s.delta(text)
		}
		value, ok := text.value()
		switch string(key) {
		case "index":
			index, _ = strconv.Atoi(string(value))
		case "finish_reason":
			finish = value
			s.starved = s.starved || string(value) == `"`+fault.FinishStarved+`"`
		case "text":
			s.said = s.said || !empty(value)
		}
		return ok
	})
	bit := uint64(1) << min(uint(index), 63)
	s.choices |= bit
	if !empty(finish) {
		s.finished |= bit
		s.short = s.short || string(finish) != `"stop"`
		s.content = s.content || !s.noBlank || s.short
	}
	s.content = s.content || s.said
	return ok
}

// delta finds content in what is more than a role.
func (s *stream) delta(text *scanner) bool {
	return text.object(func(key []byte) bool {
		value, ok := text.value()
		s.said = s.said || string(key) != "role" && !empty(value)
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

// blank reports whether a completion that has ended says nothing, where that is
// a failure.
func (s *stream) blank() bool {
	return s.noBlank && s.choices != 0 && !s.said && !s.short
}

// typed looks at an event that tells its type, in its name or its data.
func (s *stream) typed(e event) {
	kind := e.kind()
	if string(kind) == "response.failed" && !s.told {
		s.failed = true
		if s.fault == nil {
			s.fault = fault.FromEvent(string(e.name), e.data, time.Now())
		}
	}
	family, rest, _ := bytes.Cut(kind, []byte("."))
	switch string(family) {
	case "response", "image_generation", "image_edit", "transcript", "speech":
		s.known = true
		s.content = s.content || !preliminary(rest)
	}
	if terminal(kind) {
		s.done, s.content = true, true
		s.used.ofResponse(e.data)
	}
}

// terminal reports whether an event of that type is the last.
func terminal(kind []byte) bool {
	switch string(kind) {
	case "response.completed", "response.incomplete", "response.failed", "response.done", "response.cancelled", "error",
		"image_generation.completed", "image_edit.completed", "transcript.text.done", "speech.audio.done":
		return true
	}
	return false
}

// preliminary reports whether an event only says that something will come: it
// was created, it waits, it has a place.
func preliminary(rest []byte) bool {
	switch string(rest) {
	case "created", "queued", "in_progress", "keepalive", "ping":
		return true
	}
	return bytes.HasSuffix(rest, []byte(".added"))
}

// kind is the type of an event: its name, or else what its data says.
func (e event) kind() (kind []byte) {
	if len(e.name) > 0 {
		return e.name
	}
	text := scanner{rest: e.data}
	text.object(func(key []byte) bool {
		value, ok := text.value()
		if string(key) == "type" && len(value) > 1 && value[0] == '"' {
			kind = value[1 : len(value)-1]
		}
		return ok && len(kind) == 0
	})
	return kind
}

// complete reports whether nothing that matters is missing.
func (s *stream) complete() bool {
	return s.done || s.choices != 0 && s.choices == s.finished
}

// cut returns what is wrong with a stream that has ended in order, as the code of
// a fault, or "". One that speaks another dialect than its endpoint's is not
// judged; one without any event is no answer.
func (s *stream) cut() string {
	switch {
	case s.dialect == unknownStream || s.unsure:
		return ""
	case s.events == 0:
		return fault.CodeEmpty
	case s.blank():
		return fault.CodeEmptyContent
	case s.ending == EndAny || !s.known || s.done:
		return ""
	case s.ending == EndFinish && s.complete():
		return ""
	}
	return fault.CodeTruncated
}

// unmarked reports whether a complete chat stream lacked its [DONE].
func (s *stream) unmarked() bool {
	return s.dialect == chatStream && s.known && !s.marked && s.ending != EndAny
}
