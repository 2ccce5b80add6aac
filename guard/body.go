package guard

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"sync"

	"github.com/recloser/recloser/fault"
)

// watchedBody is the body of a good answer. Reading it to the end, or closing
// it, ends the attempt. Read and Close may be called at the same time.
type watchedBody struct {
	a      *attempt
	inner  io.ReadCloser
	mu     sync.Mutex // guards what follows, and the attempt
	left   int64      // bytes still announced; negative: not known
	events *stream    // nil: not an event stream
	err    error      // sticky
}

func newWatchedBody(a *attempt) *watchedBody {
	b := &watchedBody{a: a, inner: a.resp.Body, left: a.resp.ContentLength}
	kind, _, _ := mime.ParseMediaType(a.resp.Header.Get("Content-Type"))
	if kind == "text/event-stream" && a.resp.Header.Get("Content-Encoding") == "" {
		b.events = newStream(a.call.req.URL.Path)
		a.alarms.awaitContent(a.elapsed())
	}
	a.alarms.awaitMore()
	return b
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.inner.Read(p)
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

// took looks at what was read.
func (b *watchedBody) took(p []byte) {
	b.a.alarms.awaitMore()
	b.left -= int64(len(p))
	if b.events == nil {
		b.a.progress()
		return
	}
	b.events.feed(p)
	if b.events.content {
		b.a.progress()
	}
	if b.events.fault != nil {
		b.a.settle(b.events.fault)
	}
}

// ended ends the attempt with the body's last error and returns the error for
// the reader: the fault, if there is one that its end does not show by itself.
func (b *watchedBody) ended(err error) error {
	f := b.verdict(err)
	b.a.end(f)
	if errors.Is(err, io.EOF) && (f == nil || f == b.events.fault) {
		return io.EOF
	}
	if f != nil {
		return f
	}
	return err
}

func (b *watchedBody) verdict(err error) *fault.Error {
	switch {
	case b.events != nil && b.events.fault != nil:
		return b.events.fault
	case b.events != nil && b.events.complete():
		return nil
	case !errors.Is(err, io.EOF):
		return b.a.name(err)
	case b.events != nil && b.events.cut():
		return fault.Named(fault.CodeTruncated, io.ErrUnexpectedEOF)
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
	switch {
	case b.events != nil && b.events.fault != nil:
		return b.events.fault
	case b.whole():
		return nil
	}
	if f, ok := errors.AsType[*fault.Error](context.Cause(b.a.ctx)); ok {
		return f // a deadline of ours came first
	}
	return fault.Named(fault.CodeCancelled, context.Canceled)
}

// whole reports whether all that matters has come although the end was not
// read: clients leave a stream after its last event, and decoders stop at the
// end of a value.
func (b *watchedBody) whole() bool {
	if b.events != nil {
		return b.events.complete()
	}
	return b.left == 0 || b.left < 0 && b.a.content > 0 && b.a.call.ctx.Err() == nil && b.a.ctx.Err() == nil
}

// restOfBody is the body of an error response, whose beginning was read. The
// attempt is over already.
type restOfBody struct {
	held []byte
	err  error // behind what is held; nil: the rest of body

	body    io.ReadCloser
	release func()
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
	return b.body.Read(p)
}

func (b *restOfBody) Close() error {
	if b.body == nil {
		return nil
	}
	defer b.release()
	return b.body.Close()
}

// upgradedBody is a connection that speaks another protocol.
type upgradedBody struct {
	io.ReadWriteCloser
	release func()
	once    sync.Once
}

// CloseWrite ends what is sent and leaves the other direction open.
func (b *upgradedBody) CloseWrite() error {
	if c, ok := b.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (b *upgradedBody) Close() error {
	defer b.once.Do(b.release)
	return b.ReadWriteCloser.Close()
}
