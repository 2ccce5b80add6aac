package guard

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
)

// repeatKeys are the headers for the sake of which net/http sends a POST again
// by itself, once on every idle connection if they all break. It finds them in
// this spelling alone; to servers the spelling is all the same.
var repeatKeys = [...]string{"Idempotency-Key", "X-Idempotency-Key"}

// request returns the request of an attempt: the caller's, to the target, with
// encodings that can be read here, and repeated by nobody else.
func (a *attempt) request() *http.Request {
	in, b, p := a.call.req, a.call.body, a.leg.place
	out := in.WithContext(a.ctx)
	h := &a.headers
	h.out = out
	if encoding := acceptable(in.Header, b.fields.stream); encoding != "" {
		h.set("Accept-Encoding", []string{encoding})
	}
	for _, key := range repeatKeys {
		if values, ok := in.Header[key]; ok {
			h.set(strings.ToLower(key), values)
		}
	}
	if a.leg.url != in.URL {
		out.URL, out.Host = a.leg.url, a.leg.url.Host
	}
	a.withhold(h)
	for name, values := range p.Header {
		if len(values) == 0 {
			h.del(name)
		} else {
			h.set(name, values)
		}
	}
	switch {
	case b.stream != nil:
		out.Body = b.stream
	case b.held != nil:
		held := a.text()
		out.Body, _ = open(held)
		out.GetBody = func() (io.ReadCloser, error) { return open(held) }
		out.ContentLength = int64(len(held))
		out.TransferEncoding = nil
	}
	return out
}

// withhold takes out what is the caller's own, where it is not to go.
func (a *attempt) withhold(h *copied) {
	in, p := a.call.req, a.leg.place
	if !p.keeps(in) {
		for _, name := range credentials {
			h.del(name)
		}
		if strings.Contains(strings.Join(header(in.Header, "Sec-Websocket-Protocol"), ","), "api-key") {
			h.del("Sec-Websocket-Protocol") // browsers have no other place for a key
		}
		if h.out.URL.RawQuery != "" {
			u := *h.out.URL
			u.RawQuery = strings.TrimPrefix(without(u.RawQuery, queries[:]...), "&")
			h.out.URL = &u
		}
	}
	if !p.here(in) {
		h.del("Cookie")
	}
}

// copied is a request whose headers are the caller's until they are changed.
type copied struct {
	out *http.Request
	own bool
}

func (c *copied) header() http.Header {
	if !c.own {
		c.out.Header, c.own = maps.Clone(c.out.Header), true // no value of it is changed
		if c.out.Header == nil {
			c.out.Header = http.Header{}
		}
	}
	return c.out.Header
}

func (c *copied) set(name string, values []string) {
	c.del(name)
	c.header()[name] = values
}

// del removes a header in whatever spelling it is.
func (c *copied) del(name string) {
	for other := range c.out.Header {
		if len(other) == len(name) && strings.EqualFold(other, name) {
			delete(c.header(), other)
		}
	}
}

// text is the body with the target's model in place of the caller's.
func (a *attempt) text() []byte {
	model := a.leg.place.Model
	held := a.call.body.held
	if model == "" || !a.call.body.fields.modelled {
		return held
	}
	if a.leg.body == nil {
		a.leg.body = withModel(held, model)
	}
	return a.leg.body
}

// withModel returns the JSON object in text with the value of its member model
// replaced, and all else as it is written. Of several such members readers differ
// in which they take, so all are.
func withModel(text []byte, model string) []byte {
	quoted, err := json.Marshal(model)
	if err != nil { // a string can be encoded
		return text
	}
	out := bytes.NewBuffer(make([]byte, 0, len(text)+len(quoted)))
	done := 0
	s := scanner{rest: text}
	s.object(func(key []byte) bool {
		value, ok := s.value()
		if ok && named(key, "model") {
			end := len(text) - len(s.rest)
			out.Write(text[done : end-len(value)])
			out.Write(quoted)
			done = end
		}
		return ok
	})
	out.Write(text[done:])
	return out.Bytes()
}

// needed estimates how many tokens the call needs: what is asked for at most, and
// a quarter of the body's bytes.
func (c *call) needed() int64 {
	if c.tokens == 0 {
		c.tokens = max(int64(len(c.body.held))/4+mostTokens(c.body.held), 1)
	}
	return c.tokens
}

// mostTokens reads how many tokens a request allows its answer; 0: it does not say.
func mostTokens(text []byte) (n int64) {
	s := scanner{rest: text}
	s.object(func(key []byte) bool {
		value, ok := s.value()
		switch string(key) {
		case "max_tokens", "max_completion_tokens", "max_output_tokens":
			_ = json.Unmarshal(value, &n)
		}
		return ok
	})
	return min(max(n, 0), 1<<40)
}
