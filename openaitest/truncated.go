package openaitest

import (
	"net/http"
	"strconv"
)

// Truncated announces the length of the whole answer, sends half of it, and
// closes the connection.
//
// In a script: truncated.
type Truncated struct{}

// Name is "truncated".
func (Truncated) Name() string { return "truncated" }

func (Truncated) String() string { return "truncated" }

// Serve takes the service's answer, and sends a part of it.
func (Truncated) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	held := newBuffer(w)
	next.ServeHTTP(held, r)
	body := held.body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(orDefault(held.status, http.StatusOK))
	whole(r)
	_, _ = w.Write(body[:len(body)/2])
	flush(w)
	panic(http.ErrAbortHandler)
}
