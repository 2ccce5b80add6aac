package guard

import (
	"bytes"
	"io"
	"net/http"

	"github.com/recloser/recloser/fault"
)

// maxPeek is the longest JSON answer that is looked at before it is handed over:
// error objects are short.
const maxPeek = bufferSize

// peek hands over a JSON answer when its beginning has shown that it is one: no
// error object, and not nothing. A short one is whole by then.
func (a *attempt) peek() {
	b := newWatchedBody(a)
	a.resp.Body = b
	if b.left > maxPeek || !b.look() {
		return
	}
	whole := b.left == 0 || b.after == io.EOF //nolint:errorlint // a wrapped EOF is a failure
	if whole {
		a.used.ofAnswer(b.held)
	} else {
		b.tail.feed(b.held)
	}
	f := b.failure(whole)
	switch {
	case f == nil:
		b.first = b.remembered(whole)
		b.a.progress()
	case whole && f.Status != 0 && f.Code != fault.CodeTruncated:
		a.confess(f, b)
	default:
		a.refuse(f)
	}
}

// remembered is what is kept of the beginning of an answer for its verdict.
func (b *watchedBody) remembered(whole bool) []byte {
	if whole || b.first == nil {
		return nil
	}
	return bytes.Clone(b.first[:min(len(b.first), maxFirst)])
}

// failure is what is wrong with an answer by what is held of it.
func (b *watchedBody) failure(whole bool) *fault.Error {
	switch {
	case b.after != nil && !whole:
		return b.a.name(b.after)
	case !whole:
		return nil
	case len(bytes.TrimSpace(b.held)) == 0:
		return fault.Named(fault.CodeEmpty, io.ErrUnexpectedEOF)
	}
	if f := b.verdict(io.EOF); f != nil {
		return f
	}
	if b.a.set.gray.Empty == On && blankCompletion(b.held) {
		return fault.Named(fault.CodeEmptyContent, nil)
	}
	return nil
}

// look reads the beginning of an answer, and of one that may be an error, or
// whose length is known, all that there is room for. It reports false if the
// caller cannot wait for it any longer.
func (b *watchedBody) look() bool {
	b.box = b.a.call.g.buffer()
	b.held = (*b.box)[:0]
	if b.left >= 0 { // it is on its way
		for b.wanting() {
			b.keep(b.readInto(b.held[len(b.held):cap(b.held)]))
		}
		return true
	}
	enough := b.a.call.enough()
	for b.wanting() {
		room := b.held[len(b.held):cap(b.held)] // nobody else has the body yet
		got := make(chan reading, 1)
		go readAside(func() reading { return b.readInto(room) }, got)
		if !receive(b.a, b.inner, got, enough, b.keep) {
			b.flight = got
			return false
		}
	}
	return true
}

// wanting reports whether more has to be read before the answer is handed over.
func (b *watchedBody) wanting() bool {
	switch {
	case b.after != nil || len(b.held) == cap(b.held):
		return false
	case b.left > 0 || len(bytes.TrimSpace(b.held)) == 0 && b.left != 0:
		return true
	}
	return b.first != nil || b.a.set.gray.Empty == On
}

func (b *watchedBody) readInto(room []byte) reading {
	n, err := b.clock.read(b.inner, room)
	return reading{n: n, err: err}
}

// keep takes in what was read.
func (b *watchedBody) keep(r reading) {
	if r.panic != nil {
		panic(r.panic)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flight = nil
	if b.err != nil {
		return // it was closed meanwhile
	}
	from := len(b.held)
	b.held, b.after = b.held[:from+r.n], r.err
	b.left -= int64(r.n)
	b.json.feed(b.held[from:])
	b.first = nil
	if fault.MayReport(b.held) {
		b.first = b.held
	}
}

// confess ends an exchange whose JSON says that the call failed. A response that
// has failed is an object of the API, and is passed on as what it is.
func (a *attempt) confess(f *fault.Error, b *watchedBody) {
	_ = b.inner.Close()
	a.end(f)
	said := bytes.Clone(b.held)
	b.recycle()
	if objectOf(said) == "response" {
		a.resp.Body = &restOfBody{a: a, held: said, body: http.NoBody}
		return
	}
	a.restate(said)
}

// objectOf returns the member of that name of a JSON object, which tells its type.
func objectOf(text []byte) (kind string) {
	s := scanner{rest: text}
	s.object(func(key []byte) bool {
		value, ok := s.value()
		if string(key) == "object" {
			kind = unquoted(value)
		}
		return ok && kind == ""
	})
	return kind
}

// blankCompletion reports whether a chat completion says nothing although it ended
// by itself.
func blankCompletion(text []byte) bool {
	choices, blank := 0, true
	s := scanner{rest: text}
	s.object(func(key []byte) bool {
		if string(key) != "choices" {
			return s.skip()
		}
		return s.list(func() bool {
			choices++
			return s.object(func(key []byte) bool {
				if string(key) == "message" {
					return s.object(func(key []byte) bool {
						value, ok := s.value()
						blank = blank && (empty(value) || string(key) == "role")
						return ok
					})
				}
				value, ok := s.value()
				blank = blank && (string(key) != "finish_reason" || string(value) == `"stop"`)
				return ok
			})
		})
	})
	return choices > 0 && blank
}
