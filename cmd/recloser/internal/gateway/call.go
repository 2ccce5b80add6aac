package gateway

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// callKey finds the call in its request's context.
type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// call is one request with its answer. To ReverseProxy it is the
// http.ResponseWriter, so that it sees what is sent.
type call struct {
	http.ResponseWriter

	proxy  *Proxy
	in     *http.Request // as it came
	id     string
	start  time.Time
	report guard.Report // the guard's; not to be read while it works

	status     int          // 0: nothing was sent
	kind       string       // of an answer of our own; "": the report's
	upstreamID string       // the service's request id
	trailer    *http.Header // the service's; complete once the body has ended
	bytes      int64        // of the answer's body
	stream     bool         // of events
	follows    bool         // what goes out with the headers is at hand
	hijacked   bool
	complete   bool      // all was sent that was to be sent
	upgraded   *upgraded // of a 101
}

func newCall(p *Proxy, w http.ResponseWriter, r *http.Request) *call {
	return &call{ResponseWriter: w, proxy: p, in: r, id: rand.Text(), start: p.cfg.Now()}
}

// end is called when all has been sent, or cannot be; the guard's report is
// then complete.
func (c *call) end() {
	if c.upgraded != nil {
		_ = c.upgraded.Close()
	}
	c.dropTrailers()
	if !c.complete && c.status != 0 && c.status != statusClientGone {
		// What has come goes out before the connection is broken: with nothing of
		// an answer a client would repeat the call.
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		defer c.linger()
	}
	c.log()
}

// linger gives the client of a stream that failed time to read what it was told,
// and to leave by itself: some clients drop what they have received and not yet
// read when their connection breaks.
func (c *call) linger() {
	if !c.stream || c.proxy.cfg.Linger <= 0 {
		return
	}
	gone := c.in.Context().Done()
	if _, ours := errors.AsType[*fault.Error](context.Cause(c.in.Context())); ours {
		gone = nil // it was not the client who ended the call: nobody knows whether it is there
	}
	timer := time.NewTimer(c.proxy.cfg.Linger)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-gone:
	}
}

// kindName is what the call meant, by what is known now.
func (c *call) kindName() string {
	switch {
	case c.kind != "":
		return c.kind
	case c.report.Refused:
		return kindRefused
	}
	return c.report.Kind.String()
}

// WriteHeader notes the status. It is also called, concurrently with all else,
// for the service's 1xx answers.
func (c *call) WriteHeader(status int) {
	if status < http.StatusOK {
		delPrivate(c.Header())
	} else {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *call) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// FlushError sends what was written. ReverseProxy flushes a stream's headers
// before it copies anything; where the first events are at hand, they go out
// together.
func (c *call) FlushError() error {
	if c.follows && c.bytes == 0 {
		return nil
	}
	return http.NewResponseController(c.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController find what the server's writer can do.
func (c *call) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Hijack hands the connection over to another protocol.
func (c *call) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("gateway: %w", err)
	}
	c.hijacked, c.status = true, http.StatusSwitchingProtocols
	return conn, buffered, nil
}
