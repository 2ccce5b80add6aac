package openaitest

import (
	"io"
	"net/http"
	"time"
)

// Stall falls silent in the middle of a stream, after a number of events, and
// keeps the connection open until the client leaves. The zero value does so
// after the headers. Of an answer that is no stream, half is sent.
//
// In a script: stall 3, stall 3 limit=30s, stall 3 keepalive=1s.
type Stall struct {
	// After is how many events are sent.
	After int
	// Limit is after how long the server breaks the connection off. Zero: never.
	Limit time.Duration
	// KeepAlive is the time between comments in a stream that show life but no
	// progress. Zero: there are none.
	KeepAlive time.Duration
}

// Name is "stall".
func (Stall) Name() string { return "stall" }

func (f Stall) String() string {
	return say("stall").must(f.After).
		duration("limit", f.Limit).duration("keepalive", f.KeepAlive).String()
}

// Serve lets the service answer, as far as it goes, and waits.
func (f Stall) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	stream := false
	e := newEditor(w, r, func(p piece) ([]byte, error) {
		stream = p.stream
		switch {
		case p.stream && p.n < f.After:
			return p.data, nil
		case p.stream:
			return nil, errOver
		}
		return p.half(), errOver
	})
	next.ServeHTTP(e, r)
	if !e.over() {
		return
	}
	if stream && f.KeepAlive > 0 {
		f.comment(w, r)
	}
	silence(r, f.Limit)
}

// comment sends comments until the limit.
func (f Stall) comment(w http.ResponseWriter, r *http.Request) {
	for spent := f.KeepAlive; f.Limit <= 0 || spent <= f.Limit; spent += f.KeepAlive {
		wait(r, f.KeepAlive)
		if _, err := io.WriteString(w, ": keepalive\n\n"); err != nil {
			noteLeft(r)
		}
		flush(w)
	}
	panic(http.ErrAbortHandler)
}
