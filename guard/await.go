package guard

import (
	"io"
	"time"
)

// await reads a stream until it shows what it is (content, a failure, its end),
// or until its caller has been without headers for too long. A read that is still
// on its way then is the first one of the caller.
func (b *eventBody) await() {
	enough := b.a.call.enough()
	for b.undecided() {
		room := b.room() // nobody else has the body yet
		got := make(chan reading, 1)
		go readAside(func() reading { return b.read(room) }, got)
		if !receive(b.a, b.inner, got, enough, b.digest) {
			b.flight = got
			return
		}
	}
}

// undecided reports whether a stream has shown nothing yet.
func (b *eventBody) undecided() bool {
	return b.end == nil && b.reported == nil && !b.events.content && len(b.buf) < maxEvent
}

// readAside reads on a goroutine of its own.
func readAside(read func() reading, got chan<- reading) {
	r := reading{panic: "guard: the body's Read did not return"}
	defer func() {
		if v := recover(); v != nil {
			r.panic = v
		}
		got <- r
	}()
	r = read()
}

// receive waits for a read and takes it in; it reports false if that is enough
// waiting. A caller who leaves closes the body, which ends the read.
func receive(a *attempt, body io.Closer, got <-chan reading, enough <-chan time.Time, take func(reading)) bool {
	gone := a.ctx.Done()
	for {
		select {
		case r := <-got:
			take(r)
			return true
		case <-gone:
			_ = body.Close()
			gone = nil
		case <-enough:
			return false
		}
	}
}

// enough returns a channel that says when the caller has been without headers for
// too long; nil: never.
func (c *call) enough() <-chan time.Time {
	limit := c.set.commitAfter
	if limit <= 0 {
		return nil
	}
	return time.After(max(limit-time.Since(c.start), 0))
}
