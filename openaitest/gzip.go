package openaitest

import (
	"compress/gzip"
	"net/http"
	"strings"
)

// Gzip compresses whatever the faults behind it, or the service, answer to a
// client that accepts it: for errors that must be unpacked before they can be
// understood.
//
// In a script: gzip + quota, gzip always + quota.
type Gzip struct {
	// Always compresses for clients that do not accept it too, as a broken
	// intermediary does.
	Always bool
}

// Name is "gzip".
func (Gzip) Name() string { return "gzip" }

func (f Gzip) String() string { return say("gzip").flag("always", f.Always).String() }

// Serve compresses what next answers.
func (f Gzip) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if !f.Always && !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		next.ServeHTTP(w, r)
		return
	}
	packed := &gzipWriter{ResponseWriter: w, gz: gzip.NewWriter(w)}
	next.ServeHTTP(packed, r)
	if packed.began {
		_ = packed.gz.Close()
	}
}

// gzipWriter packs what is written, and sends it on when it is flushed.
type gzipWriter struct {
	http.ResponseWriter
	gz    *gzip.Writer
	began bool
}

func (w *gzipWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *gzipWriter) WriteHeader(status int) {
	if status >= 200 && !w.began {
		w.began = true
		w.Header().Del("Content-Length")
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Add("Vary", "Accept-Encoding")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *gzipWriter) Write(b []byte) (int, error) {
	if !w.began {
		w.WriteHeader(http.StatusOK)
	}
	return w.gz.Write(b)
}

func (w *gzipWriter) FlushError() error {
	if !w.began {
		w.WriteHeader(http.StatusOK)
	}
	if err := w.gz.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}
