package gateway

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/recloser/recloser/fault"
)

// Headers that Recloser adds to answers.
const (
	HeaderRequestID = "Recloser-Request-Id"
	HeaderKind      = "Recloser-Kind"
	HeaderAttempts  = "Recloser-Attempts"
	HeaderTarget    = "Recloser-Target"
	HeaderMessage   = "Recloser-Message"
)

// headerShouldRetry is obeyed by the official clients over every status.
const headerShouldRetry = "X-Should-Retry"

// kindRefused is the kind of a call that a circuit refused. Nothing went wrong
// with it, so fault has no name for it.
const kindRefused = "refused"

// annotate tells the client what its answer meant. The answer itself it leaves
// alone, but for cookies: they belong to the connection of the proxy with the
// service, which all clients share. A stream is never announced with a length.
func annotate(resp *http.Response) error {
	c := callOf(resp.Request.Context())
	h := resp.Header
	delCookies(h)
	c.upstreamID = cmp.Or(h.Get("X-Request-Id"), h.Get("Apim-Request-Id")) // the other one is Azure's
	c.trailer = &resp.Trailer
	for name := range resp.Trailer { // those that are announced
		if private(name) {
			delete(resp.Trailer, name)
		}
	}
	if strings.HasPrefix(h.Get("Content-Type"), "text/event-stream") {
		c.stream = true
		h.Del("Content-Length") // chunks can be broken off at any time, also behind the last byte
	}
	if b, ok := resp.Body.(interface{ Buffered() int }); ok {
		c.follows = b.Buffered() > 0
	}
	message := ""
	if f := c.report.Fault; f != nil {
		message = fault.UserMessage(f)
	}
	if c.report.Kind != fault.Success && c.retried() {
		h.Set(headerShouldRetry, "false")
	}
	c.sign(h, message)
	if resp.StatusCode == http.StatusSwitchingProtocols {
		c.upgrade(resp)
	}
	return nil
}

// retried reports whether the guard does the retrying of the call.
func (c *call) retried() bool {
	if c.report.Circuit == "" { // it did not come that far
		return c.proxy.cfg.RetriesOn
	}
	return c.report.MaxRetries > 0
}

// sign adds our headers. Those that came, from a Recloser behind this one, say
// nothing about this call.
func (c *call) sign(h http.Header, message string) {
	h.Set(HeaderRequestID, c.id)
	h.Set(HeaderKind, c.kindName())
	h.Set(HeaderAttempts, strconv.Itoa(c.report.Attempts))
	setOrDel(h, HeaderMessage, message)
	setOrDel(h, HeaderTarget, c.target())
}

func setOrDel(h http.Header, name, value string) {
	if value == "" {
		h.Del(name)
	} else {
		h.Set(name, value)
	}
}

// target is the name of the target that answered, where there are several.
func (c *call) target() string {
	if c.report.Attempts == 0 {
		return ""
	}
	return c.report.Target
}
