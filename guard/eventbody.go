package guard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/recloser/recloser/fault"
)

const (
	// bufferSize suffices for what most streams have unread.
	bufferSize = 8 << 10
	// minRead is the least room to read into.
	minRead = 2 << 10
	// maxEvent is the longest event that is held until it is whole.
	maxEvent = 1 << 20
)

// eventBody is the body of a good answer that is an event stream. It hands over
// whole events. Reading it to the end, or closing it, ends the attempt. Read and
// Close may be called at the same time.
type eventBody struct {
	a      *attempt
	inner  io.ReadCloser
	clock  waiter
	tells  bool           // the caller wants to be told of a failure by an event
	flight <-chan reading // a read that was on its way when the stream was handed over
	box    *[]byte        // the buffer as it came from the pool

	mu       sync.Mutex // guards what follows, and the attempt
	buf      []byte     // [at:ready] is for the caller, [ready:] is the beginning of an event
	at       int
	ready    int
	reading  bool  // into buf's room
	left     int64 // bytes still announced; negative: not known
	frame    framer
	events   stream
	handed   bool   // over to the caller
	reported []byte // the event by which a stream without content says that it failed
	end      error  // what follows what is ready; sticky
}

// reading is what one read of the inner body gave.
type reading struct {
	n     int
	err   error
	panic any
}

func newEventBody(a *attempt) *eventBody {
	b := &eventBody{a: a, inner: a.resp.Body, left: a.resp.ContentLength, events: *newStream(a.call.req.URL.Path)}
	b.clock = newWaiter(a, true)
	b.events.told = !a.tells()
	b.events.ending = a.set.ending
	b.events.noBlank = a.set.gray.Empty == On
	b.tells, _ = a.call.req.Context().Value(eventsKey).(bool)
	b.box = a.call.g.buffer()
	b.buf = (*b.box)[:0]
	return b
}

// buffer returns one of bufferSize.
func (g *Guard) buffer() *[]byte {
	if box, ok := g.buffers.Get().(*[]byte); ok {
		return box
	}
	buf := make([]byte, 0, bufferSize)
	return &buf
}

func (b *eventBody) Read(p []byte) (int, error) {
	if b.flight != nil {
		r := <-b.flight
		b.flight = nil // only who reads looks at it
		b.digest(r)
	}
	n, room, err := b.next(p)
	for room != nil { // there is no lock while the service is waited for
		b.digest(b.read(room))
		n, room, err = b.next(p)
	}
	return n, err
}

// next hands out what is ready, or says where to read to.
func (b *eventBody) next(p []byte) (n int, room []byte, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at == b.ready && b.end == nil && len(p) > 0 {
		return 0, b.room(), nil
	}
	n, err = b.hand(p)
	return n, nil, err
}

// hand copies what is ready.
func (b *eventBody) hand(p []byte) (int, error) {
	if b.at < b.ready {
		n := copy(p, b.buf[b.at:b.ready])
		b.at += n
		return n, nil
	}
	if b.end != nil {
		b.recycle()
	}
	return 0, b.end
}

// Buffered returns how many bytes can be read without waiting.
func (b *eventBody) Buffered() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ready - b.at
}

// room returns where to read to.
func (b *eventBody) room() []byte {
	if b.at == b.ready && b.at > 0 { // move what is left to the front
		b.buf = b.buf[:copy(b.buf, b.buf[b.at:])]
		b.at, b.ready = 0, 0
	}
	if cap(b.buf)-len(b.buf) < minRead {
		grown := make([]byte, len(b.buf), 2*cap(b.buf)+minRead)
		copy(grown, b.buf)
		b.buf = grown
	}
	b.reading = true
	return b.buf[len(b.buf):cap(b.buf)]
}

func (b *eventBody) read(room []byte) reading {
	n, err := b.clock.read(b.inner, room)
	return reading{n: n, err: err}
}

// digest takes in what was read.
func (b *eventBody) digest(r reading) {
	if r.panic != nil {
		panic(r.panic)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading = false
	if b.end != nil {
		return // it was closed meanwhile
	}
	from := len(b.buf)
	b.buf = b.buf[:from+r.n]
	b.left -= int64(r.n)
	b.took(from)
	if r.err != nil && b.end == nil && b.reported == nil {
		b.ended(r.err)
	}
}

// took looks at what the buffer has from an index on.
func (b *eventBody) took(from int) {
	if b.ready == from && b.frame.half(b.buf[from:]) {
		from++
		b.ready = from
	}
	for {
		n := b.frame.next(b.buf[from:])
		if n < 0 {
			break
		}
		from += n
		if !b.event(b.buf[b.ready:from]) {
			return
		}
		b.ready = from
	}
	if !b.events.long && len(b.buf)-b.ready > maxEvent {
		b.events.begin(b.buf[b.ready:])
		b.progress()
	}
	if b.events.long {
		b.ready = len(b.buf)
	}
}

// event looks at a whole event, and reports whether it is to be passed on.
func (b *eventBody) event(block []byte) bool {
	s := &b.events
	began := b.handed || s.content
	s.take(block)
	switch {
	case s.bad != "":
		b.fail(fault.Named(s.bad, io.ErrUnexpectedEOF))
		return false
	case s.fault == nil:
		b.progress()
	case !began:
		b.reported = block
		b.a.settle(s.fault)
		return false
	default:
		b.a.settle(s.fault)
	}
	return true
}

// progress notes content.
func (b *eventBody) progress() {
	if b.events.content {
		b.a.progress()
		b.clock.budget = 0
	}
}

// ended takes in the error that ended the inner body.
func (b *eventBody) ended(err error) {
	s := &b.events
	clean := err == io.EOF //nolint:errorlint // a wrapped EOF is a failure
	if clean && s.fault == nil && b.left <= 0 {
		b.lastLine()
	}
	if b.end != nil {
		return
	}
	switch {
	case s.fault != nil && s.failed:
		b.stop(s.fault, io.EOF)
	case s.fault != nil: // not all clients know an error event: none may find that the end is good
		b.stop(s.fault, s.fault)
	case s.done:
		b.stop(nil, io.EOF)
	case !clean:
		f := b.a.name(err)
		if f.Kind == fault.Cancelled && s.complete() {
			b.stop(nil, f) // the caller had all that matters
			return
		}
		b.fail(f)
	case b.left > 0:
		b.fail(fault.Named(fault.CodeTruncated, io.ErrUnexpectedEOF))
	case s.cut() != "":
		b.fail(fault.Named(s.cut(), io.ErrUnexpectedEOF))
	default:
		b.a.unmarked = s.unmarked()
		b.stop(nil, io.EOF)
	}
}

const lastMark = "data: [DONE]\n\n"

// lastLine deals with what is behind the last blank line when a body ends in
// order. Clients differ in what they make of such an event, so of streams that
// are judged none gets through but [DONE], which some servers end with.
func (b *eventBody) lastLine() {
	s, rest := &b.events, string(bytes.TrimSpace(b.buf[b.ready:]))
	switch {
	case s.dialect == unknownStream, !s.known && s.events > 0, s.ending == EndAny:
		b.ready = len(b.buf)
	case rest == "data: [DONE]", rest == "data:[DONE]":
		b.buf = append(b.buf[:b.ready], lastMark...)
		if b.event(b.buf[b.ready:]) {
			b.ready = len(b.buf)
		}
	}
}

// stop ends the attempt as f, and the body with err. The beginning of an event
// that is left over is dropped.
func (b *eventBody) stop(f *fault.Error, err error) {
	b.a.used = b.events.used
	b.a.end(f)
	b.buf, b.end = b.buf[:b.ready], err
}

// fail ends a stream that the service did not end as it should have.
func (b *eventBody) fail(f *fault.Error) {
	if b.a.ctx.Err() != nil {
		f = b.a.name(f) // the caller left, or a deadline passed, before it came to this
	}
	b.stop(f, f)
	if b.tells && (b.handed || b.events.content) && !b.events.long && f.Code != fault.CodeCancelled {
		b.buf = append(b.buf, b.events.lastEvent(f)...)
		b.ready = len(b.buf)
	}
}

// Close ends the attempt. Before the end of the body that means that the caller
// left, unless all of it that matters had come.
func (b *eventBody) Close() error {
	b.mu.Lock()
	if b.end == nil {
		b.a.used = b.events.used
		b.a.end(b.abandoned())
	}
	b.end = http.ErrBodyReadAfterClose
	b.at = b.ready
	if !b.reading {
		b.recycle()
	}
	b.mu.Unlock()
	return b.inner.Close()
}

// recycle gives the buffer back; it is nobody's afterwards.
func (b *eventBody) recycle() {
	if b.box != nil && cap(b.buf) == bufferSize {
		*b.box = b.buf[:0]
		b.a.call.g.buffers.Put(b.box)
	}
	b.box, b.buf, b.at, b.ready = nil, nil, 0, 0
}

// abandoned is the verdict on a stream that was closed before its end. Clients
// leave a stream after its last event.
func (b *eventBody) abandoned() *fault.Error {
	switch f, ours := errors.AsType[*fault.Error](context.Cause(b.a.ctx)); {
	case ours:
		return f // a deadline of ours came first
	case b.events.fault != nil:
		return b.events.fault
	case b.events.complete():
		return nil
	}
	return fault.Named(fault.CodeCancelled, context.Canceled)
}

// waiter reads under the deadline of what is waited for. It belongs to one
// reader at a time.
type waiter struct {
	alarm  *alarm
	idle   time.Duration
	budget time.Duration // left to the service for its first content; 0: no matter
}

func newWaiter(a *attempt, stream bool) waiter {
	w := waiter{alarm: a.alarm, idle: a.set.timeouts.Idle}
	if limit := a.set.timeouts.FirstContent; stream && limit > 0 {
		w.budget = max(limit-time.Since(a.start), 1)
	}
	return w
}

func (w *waiter) read(from io.Reader, p []byte) (int, error) {
	if w.budget <= 0 {
		w.alarm.set(more, w.idle)
		defer w.alarm.unset()
		return from.Read(p)
	}
	if w.idle > 0 && w.idle < w.budget {
		w.alarm.set(more, w.idle)
	} else {
		w.alarm.set(firstContent, w.budget)
	}
	defer w.alarm.unset()
	start := time.Now()
	n, err := from.Read(p)
	w.budget = max(w.budget-time.Since(start), 1)
	return n, err
}
