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

// watchedBody is the body of a good answer. Reading it to the end, or closing
// it, ends the attempt. Read and Close may be called at the same time.
type watchedBody struct {
	a      *attempt
	inner  io.ReadCloser
	budget time.Duration // left to the service for its first content

	mu     sync.Mutex // guards what follows, and the attempt
	left   int64      // bytes still announced; negative: not known
	events *stream    // nil: not an event stream
	json   *jsonEnd   // nil: not JSON
	first  []byte     // the beginning of JSON that may report a failure
	err    error      // sticky
}

func newWatchedBody(a *attempt) *watchedBody {
	b := &watchedBody{a: a, inner: a.resp.Body, left: a.resp.ContentLength}
	if packed(a.resp.Header) {
		return b
	}
	switch mediaType(a.resp.Header) {
	case "application/json":
		b.json = &jsonEnd{}
	case "text/event-stream":
		b.events = newStream(a.call.req.URL.Path)
		b.events.told = !a.tells()
		if limit := a.call.g.cfg.Timeouts.FirstContent; limit > 0 {
			b.budget = max(limit-time.Since(a.start), 1)
		}
	}
	return b
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.wait(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	if n > 0 {
		b.took(p[:n])
	}
	if err != nil {
		b.err = b.ended(err)
	}
	return n, b.err
}

// wait reads under the deadline of what is waited for.
func (b *watchedBody) wait(p []byte) (int, error) {
	idle := b.a.call.g.cfg.Timeouts.Idle
	if b.budget <= 0 {
		b.a.alarm.set(more, idle)
		defer b.a.alarm.unset()
		return b.inner.Read(p)
	}
	if idle > 0 && idle < b.budget {
		b.a.alarm.set(more, idle)
	} else {
		b.a.alarm.set(firstContent, b.budget)
	}
	defer b.a.alarm.unset()
	start := time.Now()
	n, err := b.inner.Read(p)
	b.budget = max(b.budget-time.Since(start), 1)
	return n, err
}

// maxFirst is how much of a JSON answer is looked at for an error in it.
const maxFirst = 4 << 10

// took looks at what was read.
func (b *watchedBody) took(p []byte) {
	b.left -= int64(len(p))
	if b.events == nil {
		b.tookPlain(p)
		return
	}
	b.events.feed(p)
	if b.events.content {
		b.a.progress()
		b.budget = 0
	}
	if b.events.fault != nil {
		b.a.settle(b.events.fault)
	}
}

// tookPlain keeps the beginning of JSON that may be an error in a 200.
func (b *watchedBody) tookPlain(p []byte) {
	if b.json != nil {
		b.json.feed(p)
	}
	if p = p[:min(len(p), maxFirst)]; b.a.content == 0 && b.a.tells() && b.mayReport(p) {
		b.first = bytes.Clone(p)
	}
	b.a.progress()
}

// mayReport tells whether the beginning of a body may be a failure in a 2xx:
// JSON that is no answer, whatever its content type, and what is no JSON although
// it should be.
func (b *watchedBody) mayReport(p []byte) bool {
	return (b.json != nil || p[0] == '{') && fault.MayReport(p)
}

// ended ends the attempt with the body's last error and returns the error for
// the reader: a fault, unless the body itself tells of it.
func (b *watchedBody) ended(err error) error {
	f := b.verdict(err)
	b.a.end(f)
	if f == nil || err == io.EOF && f.Code != fault.CodeTruncated { //nolint:errorlint // a wrapped EOF is a failure
		return io.EOF
	}
	return f
}

func (b *watchedBody) verdict(err error) *fault.Error {
	switch s := b.events; {
	case s != nil && s.fault != nil:
		return s.fault
	case s != nil && s.done:
		return nil
	case err != io.EOF: //nolint:errorlint // a wrapped EOF is a failure
		return b.a.name(err)
	case b.left > 0, b.json != nil && b.json.cut(), s != nil && s.cut():
		return fault.Named(fault.CodeTruncated, io.ErrUnexpectedEOF)
	case b.json != nil && b.a.content == 0 && b.a.tells():
		return fault.Named(fault.CodeEmpty, nil)
	case b.first != nil:
		return fault.Classify(b.a.resp.StatusCode, b.a.resp.Header, b.first, time.Now())
	}
	return nil
}

// Close ends the attempt. Before the end of the body that means that the caller
// left, unless all of it that matters had come.
func (b *watchedBody) Close() error {
	b.mu.Lock()
	if b.err == nil {
		b.err = http.ErrBodyReadAfterClose
		b.a.end(b.abandoned())
	}
	b.mu.Unlock()
	return b.inner.Close()
}

// abandoned is the verdict on a body that was closed before its end.
func (b *watchedBody) abandoned() *fault.Error {
	if f, ok := errors.AsType[*fault.Error](context.Cause(b.a.ctx)); ok {
		return f // a deadline of ours came first
	}
	switch {
	case b.events != nil && b.events.fault != nil:
		return b.events.fault
	case b.whole():
		return nil
	}
	return fault.Named(fault.CodeCancelled, context.Canceled)
}

// whole reports whether all that matters has come although the end was not
// read: clients leave a stream after its last event, decoders stop at the end
// of a value, and some are content with the status.
func (b *watchedBody) whole() bool {
	if b.events != nil {
		return b.events.complete()
	}
	return b.a.call.ctx.Err() == nil
}

// restOfBody is a body of an attempt that is over, the beginning of which was
// read. Read and Close may be called at the same time.
type restOfBody struct {
	a    *attempt
	held []byte
	body io.ReadCloser // the rest
	err  error         // in place of the rest
}

func (b *restOfBody) Read(p []byte) (int, error) {
	if len(b.held) > 0 {
		n := copy(p, b.held)
		b.held = b.held[n:]
		return n, nil
	}
	if b.err != nil {
		return 0, b.err
	}
	b.a.alarm.set(more, b.a.call.g.cfg.Timeouts.Idle)
	defer b.a.alarm.unset()
	return b.body.Read(p)
}

func (b *restOfBody) Close() error {
	defer b.a.release()
	return b.body.Close()
}

// upgradedBody is a connection that speaks another protocol.
type upgradedBody struct {
	io.ReadWriteCloser
	release func()
}

// CloseWrite ends what is sent and leaves the other direction open.
func (b *upgradedBody) CloseWrite() error {
	if c, ok := b.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (b *upgradedBody) Close() error {
	defer b.release()
	return b.ReadWriteCloser.Close()
}
