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

// watchedBody is the body of a good answer that is no stream of events. Reading
// it to the end, or closing it, ends the attempt. Read and Close may be called at
// the same time.
type watchedBody struct {
	a     *attempt
	inner io.ReadCloser
	clock waiter

	flight <-chan reading // a read that was on its way when the answer was handed over

	mu    sync.Mutex // guards what follows, and the attempt
	left  int64      // bytes still announced; negative: not known
	json  *jsonEnd   // nil: not JSON
	first []byte     // the beginning of JSON that may report a failure
	box   *[]byte    // what held is part of, from the pool
	held  []byte     // read before the answer was handed over
	after error      // that came with the last of held
	err   error      // sticky
	tail  tail       // of JSON that is not held as a whole
}

func newWatchedBody(a *attempt) *watchedBody {
	b := &watchedBody{a: a, inner: a.resp.Body, left: a.resp.ContentLength, clock: newWaiter(a, false)}
	if !packed(a.resp.Header) && mediaType(a.resp.Header) == typeJSON {
		b.json = &jsonEnd{}
	}
	return b
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if n, err := b.again(p); n > 0 || err != nil {
		return n, err
	}
	n, err := b.clock.read(b.inner, p)
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

// again gives what is held.
func (b *watchedBody) again(p []byte) (int, error) {
	late := b.flight != nil
	if late {
		b.keep(<-b.flight)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if late && b.err == nil {
		b.first = b.remembered(false)
		b.tail.feed(b.held)
		if len(b.held) > 0 {
			b.a.progress()
		}
	}
	switch {
	case b.err != nil:
		return 0, b.err
	case b.box == nil:
		return 0, nil
	}
	n := copy(p, b.held)
	if b.held = b.held[n:]; len(b.held) > 0 {
		return n, nil
	}
	b.recycle()
	if b.after != nil {
		b.err = b.ended(b.after)
	}
	return n, b.err
}

// Buffered returns how many bytes can be read without waiting.
func (b *watchedBody) Buffered() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.held)
}

// tally notes the tokens that the answer tells of.
func (b *watchedBody) tally() {
	if b.tail.kept != nil {
		b.a.used.ofAnswer(b.tail.kept)
	}
}

// recycle gives the buffer of what was held back.
func (b *watchedBody) recycle() {
	if b.box != nil && b.flight == nil {
		b.a.call.g.buffers.Put(b.box)
	}
	b.box, b.held = nil, nil
}

// maxFirst is how much of a JSON answer is looked at for an error in it.
const maxFirst = 4 << 10

// took looks at what was read. It keeps the beginning of JSON that may be an
// error in a 200.
func (b *watchedBody) took(p []byte) {
	b.left -= int64(len(p))
	if b.json != nil {
		b.json.feed(p)
		b.tail.feed(p)
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
	b.tally()
	b.a.end(f)
	if f == nil || err == io.EOF && f.Code != fault.CodeTruncated { //nolint:errorlint // a wrapped EOF is a failure
		return io.EOF
	}
	return f
}

func (b *watchedBody) verdict(err error) *fault.Error {
	switch {
	case err != io.EOF: //nolint:errorlint // a wrapped EOF is a failure
		return b.a.name(err)
	case b.left > 0, b.json != nil && b.json.cut():
		return fault.Named(fault.CodeTruncated, io.ErrUnexpectedEOF)
	case b.first != nil:
		return fault.Classify(b.a.resp.StatusCode, b.a.resp.Header, b.first, time.Now())
	}
	return nil
}

// Close ends the attempt. Before the end of the body that means that the caller
// left, unless a decoder stopped at the end of a value, or the caller is content
// with the status.
func (b *watchedBody) Close() error {
	b.mu.Lock()
	if b.err == nil {
		b.err = http.ErrBodyReadAfterClose
		b.tally()
		b.a.end(b.abandoned())
		b.recycle()
	}
	b.mu.Unlock()
	return b.inner.Close()
}

// abandoned is the verdict on a body that was closed before its end.
func (b *watchedBody) abandoned() *fault.Error {
	if f, ok := errors.AsType[*fault.Error](context.Cause(b.a.ctx)); ok {
		return f // a deadline of ours came first
	}
	if b.a.call.ctx.Err() == nil {
		return nil
	}
	return fault.Named(fault.CodeCancelled, context.Canceled)
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
	b.a.alarm.set(more, b.a.set.timeouts.Idle)
	defer b.a.alarm.unset()
	n, err := b.body.Read(p)
	if err != nil {
		b.a.leaveBerth()
	}
	return n, err
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
