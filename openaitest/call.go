package openaitest

import (
	"context"
	"net/http"
	"time"
)

// call is what one attempt carries with it. One goroutine at a time uses it.
type call struct {
	attempt Attempt
	server  *Server
	start   time.Time
	body    payload
	limits  http.Header     // what a good answer tells of rate limits; nil: no Limited was asked
	client  context.Context // ends when the client leaves, not on Server.Close
	whole   bool            // all of the answer has been handed to net/http
	left    bool            // the client was seen to leave before that
}

// wait waits for d, or for ever if d is negative. If the client leaves or the
// server closes before that, it breaks the attempt off at once, by a panic with
// http.ErrAbortHandler.
func wait(r *http.Request, d time.Duration) {
	if d == 0 {
		return
	}
	var timeUp <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		timeUp = timer.C
	}
	select {
	case <-timeUp:
	case <-r.Context().Done():
		noteLeft(r)
		panic(http.ErrAbortHandler)
	}
}

// silence waits for d, or without end if d is not positive, and then breaks the
// connection off.
func silence(r *http.Request, d time.Duration) {
	if d <= 0 {
		d = -1
	}
	wait(r, d)
	panic(http.ErrAbortHandler)
}

// noteLeft remembers that the client has gone, if it has.
func noteLeft(r *http.Request) {
	if c := callOf(r.Context()); c != nil && c.client.Err() != nil {
		c.left = true
	}
}

// whole notes that the answer to r is complete with what is written next: a
// client that leaves from now on has not canceled anything.
func whole(r *http.Request) {
	if c := callOf(r.Context()); c != nil {
		c.whole = true
	}
}

// canceled tells, once the handler has ended, whether the client gave up.
func (c *call) canceled(w *recorder) bool {
	return c.left || !c.whole && !w.hijacked && c.client.Err() != nil
}
