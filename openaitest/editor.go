package openaitest

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
)

// piece is a part of an answer: an event of a stream with its empty line, or
// what the handler wrote of any other answer, which is all of it for the
// handlers here.
type piece struct {
	n      int // 0 for the first
	stream bool
	data   []byte
}

// half returns the first half of the piece.
func (p piece) half() []byte { return p.data[:len(p.data)/2] }

// errOver stops the handler beneath an editor.
var errOver = errors.New("openaitest: the fault has ended this answer")

// editor stands between the handler of an answer and its client. Each piece goes
// through edit, which returns what is to be sent in its place; errOver ends the
// answer after that. Errors (400 and above) and upgrades pass untouched.
type editor struct {
	http.ResponseWriter
	r    *http.Request
	edit func(p piece) ([]byte, error)

	status int
	n      int
	held   []byte // the beginning of an event
	err    error
}

func newEditor(w http.ResponseWriter, r *http.Request, edit func(p piece) ([]byte, error)) *editor {
	return &editor{ResponseWriter: w, r: r, edit: edit}
}

func (e *editor) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// over tells whether the fault has ended the answer.
func (e *editor) over() bool { return errors.Is(e.err, errOver) }

func (e *editor) edits() bool { return e.status >= 200 && e.status < 400 }

// WriteHeader drops the length, which an edited answer may not have.
func (e *editor) WriteHeader(status int) {
	if e.status == 0 {
		e.status = status
	}
	if e.edits() {
		e.Header().Del("Content-Length")
	}
	e.ResponseWriter.WriteHeader(status)
}

func (e *editor) Write(b []byte) (int, error) {
	if e.status == 0 {
		e.WriteHeader(http.StatusOK)
	}
	switch {
	case !e.edits():
		return e.ResponseWriter.Write(b)
	case isStream(e.Header()):
		e.events(b)
	default:
		e.pass(b, false)
	}
	return e.result(len(b))
}

// events passes on the events that b completes.
func (e *editor) events(b []byte) {
	e.held = append(e.held, b...)
	for e.err == nil {
		i := bytes.Index(e.held, []byte("\n\n"))
		if i < 0 {
			return
		}
		event := e.held[:i+2]
		e.held = e.held[i+2:]
		e.pass(event, true)
	}
}

// pass has one piece edited and sends the result.
func (e *editor) pass(data []byte, stream bool) {
	if e.err != nil {
		return
	}
	var out []byte
	out, e.err = e.edit(piece{n: e.n, stream: stream, data: data})
	e.n++
	if e.over() {
		whole(e.r)
	}
	if len(out) > 0 {
		if _, err := e.ResponseWriter.Write(out); err != nil && e.err == nil {
			e.err = err
		}
	}
	flush(e.ResponseWriter)
}

func (e *editor) result(n int) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	return n, nil
}

// FlushError does nothing once the answer is over.
func (e *editor) FlushError() error {
	if e.err != nil {
		return e.err
	}
	return http.NewResponseController(e.ResponseWriter).Flush()
}

func isStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}

// buffer holds a whole answer back, for faults that need to know its length. It
// shares the header map with the writer that the answer is for.
type buffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newBuffer(w http.ResponseWriter) *buffer { return &buffer{header: w.Header()} }

func (b *buffer) Header() http.Header { return b.header }

func (b *buffer) WriteHeader(status int) {
	if b.status == 0 && status >= 200 {
		b.status = status
	}
}

func (b *buffer) Write(p []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(p)
}

// Flush is there so that a stream may be held back too.
func (b *buffer) Flush() {}
