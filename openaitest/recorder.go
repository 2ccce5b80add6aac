package openaitest

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
)

// recorder is the ResponseWriter nearest to the wire: it remembers the status,
// and keeps net/http from complaining in the log about writers whose connection
// a fault has taken away.
type recorder struct {
	http.ResponseWriter
	status   int
	hijacked bool
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) WriteHeader(status int) {
	if w.hijacked || w.status != 0 {
		return
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.hijacked {
		return 0, http.ErrHijacked
	}
	w.WriteHeader(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// FlushError is what http.ResponseController looks for.
func (w *recorder) FlushError() error {
	if w.hijacked {
		return http.ErrHijacked
	}
	w.WriteHeader(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush makes w an http.Flusher, for handlers that ask for one.
func (w *recorder) Flush() { _ = w.FlushError() }

func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("taking over the connection: %w", err)
	}
	w.hijacked = true
	return conn, rw, nil
}

// class is the key in Counts.ByStatus. A handler that ends regularly without
// having written anything makes net/http send 200.
func (w *recorder) class(regular bool) (status int, class string) {
	status = w.status
	if status == 0 && regular && !w.hijacked {
		status = http.StatusOK
	}
	if status == 0 {
		return 0, "none"
	}
	return status, fmt.Sprintf("%dxx", status/100)
}
