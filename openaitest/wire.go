package openaitest

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

const organization = "org-openaitest"

// apiHeaders sets what every answer of the API itself carries, errors included.
// The edge in front of it does not send these.
func apiHeaders(w http.ResponseWriter, r *http.Request) {
	a := AttemptOf(r)
	h := w.Header()
	h.Set("X-Request-Id", "req_"+hexID(a, "request", 32))
	h.Set("Openai-Version", "2020-10-01")
	h.Set("Openai-Organization", organization)
	h.Set("Openai-Processing-Ms", strconv.FormatInt(processing(r).Milliseconds(), 10))
	edgeHeaders(w, r)
}

// edgeHeaders sets what the content network adds to every answer.
func edgeHeaders(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "cloudflare")
	w.Header().Set("Cf-Ray", hexID(AttemptOf(r), "ray", 16)+"-FRA")
}

// limitHeaders sets the state of the rate limits, as on healthy answers: that of
// the Limited in force, or of a generous one that is made up.
func limitHeaders(w http.ResponseWriter, r *http.Request) {
	if c := callOf(r.Context()); c != nil && c.limits != nil {
		maps.Copy(w.Header(), c.limits)
		return
	}
	generous(w.Header())
}

func generous(h http.Header) {
	h.Set("X-Ratelimit-Limit-Requests", "10000")
	h.Set("X-Ratelimit-Remaining-Requests", "9999")
	h.Set("X-Ratelimit-Reset-Requests", "6ms")
	h.Set("X-Ratelimit-Limit-Tokens", "2000000")
	h.Set("X-Ratelimit-Remaining-Tokens", "1999800")
	h.Set("X-Ratelimit-Reset-Tokens", "6ms")
}

// processing is how long the attempt behind r has taken so far.
func processing(r *http.Request) time.Duration {
	c := callOf(r.Context())
	if c == nil {
		return 0
	}
	return c.server.cfg.Now().Sub(c.start)
}

// sendWhole sends an answer whose length is known, in one piece.
func sendWhole(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	whole(r)
	if _, err := w.Write(body); err != nil {
		noteLeft(r)
	}
}

// flush pushes on what has been written; it does nothing where that cannot be.
func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// takeConn takes the connection under w away from net/http, with everything
// written so far sent.
func takeConn(w http.ResponseWriter, sent bool) (net.Conn, error) {
	if sent {
		flush(w)
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, fmt.Errorf("taking over the connection: %w", err)
	}
	_ = rw.Flush()
	return conn, nil
}

// reset closes the connection so that the peer gets a TCP reset, after what has
// been written if sent is true. Over HTTP/2 only the stream is reset.
func reset(w http.ResponseWriter, sent bool) {
	conn, err := takeConn(w, sent)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
