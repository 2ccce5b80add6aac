package guard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/recloser/recloser/fault"
)

// requestBody is a request's body: held, so that it can be read for its model
// and sent again, or, where it is too large, a stream that goes out once.
type requestBody struct {
	held   []byte
	stream *onceBody // nil: held, or no body at all
	fields fields
}

// holdBody takes over the body of req. The error is that of reading it.
func holdBody(req *http.Request, limit int64) (*requestBody, *fault.Error) {
	b := &requestBody{}
	if req.Body == nil || req.Body == http.NoBody {
		return b, nil
	}
	if req.ContentLength > limit {
		b.stream = &onceBody{Reader: req.Body, Closer: req.Body}
		return b, nil
	}
	held, err := readUpTo(req, limit+1)
	if err != nil {
		_ = req.Body.Close()
		return nil, unreadable(req.Context(), err)
	}
	if int64(len(held)) > limit {
		b.stream = &onceBody{Reader: io.MultiReader(bytes.NewReader(held), req.Body), Closer: req.Body}
		return b, nil
	}
	_ = req.Body.Close()
	b.held = held
	if !strings.HasPrefix(req.Header.Get("Content-Type"), "multipart/") {
		b.fields = readFields(held)
	}
	return b, nil
}

// unreadable names what went wrong with the caller's body: it broke off, with
// its caller, or is not as it should be.
func unreadable(ctx context.Context, err error) *fault.Error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled) || ctx.Err() != nil {
		return fault.Named(fault.CodeCancelled, err)
	}
	return fault.Named(fault.CodeBadRequest, err)
}

// readUpTo reads the body of req to its end, or to limit.
func readUpTo(req *http.Request, limit int64) ([]byte, error) {
	size := req.ContentLength
	if size <= 0 { // not known: perhaps a pipe, which heeds no context
		stop := context.AfterFunc(req.Context(), func() { _ = req.Body.Close() })
		defer stop()
		return io.ReadAll(io.LimitReader(req.Body, limit))
	}
	if size > maxTrusted { // memory only for what comes, not for what is announced
		b, err := io.ReadAll(io.LimitReader(req.Body, size+1))
		switch {
		case err != nil:
			return nil, err
		case int64(len(b)) < size:
			return nil, io.ErrUnexpectedEOF
		case int64(len(b)) > size:
			return nil, errLongBody
		}
		return b, nil
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(req.Body, b); err != nil {
		return nil, err
	}
	if n, _ := req.Body.Read(make([]byte, 1)); n > 0 {
		return nil, errLongBody
	}
	return b, nil
}

// maxTrusted is the largest announced length for which memory is taken at once.
const maxTrusted = 64 << 10

var errLongBody = errors.New("guard: the body is longer than its Content-Length")

func (b *requestBody) replayable() bool { return b.stream == nil }

// failed returns what went wrong on the caller's side of a stream.
func (b *requestBody) failed() error {
	if b.stream == nil {
		return nil
	}
	if err := b.stream.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (b *requestBody) close() {
	if b.stream != nil {
		_ = b.stream.Close()
	}
}

func open(held []byte) (io.ReadCloser, error) {
	if len(held) == 0 {
		return http.NoBody, nil
	}
	return io.NopCloser(bytes.NewReader(held)), nil
}

// onceBody remembers an error of the caller's own body, which is not the
// service's fault.
type onceBody struct {
	io.Reader
	io.Closer
	err atomic.Pointer[error]
}

func (b *onceBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		b.err.Store(&err)
	}
	return n, err
}
