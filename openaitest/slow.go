package openaitest

import (
	"net/http"
	"time"
)

// Slow answers well, but late. With both fields zero the headers take a second.
//
// In a script: slow, slow headers=2s, slow chunk=200ms.
type Slow struct {
	// Headers is the time before the answer begins.
	Headers time.Duration
	// Chunk is the time before each event of a stream.
	Chunk time.Duration
}

// Name is "slow".
func (Slow) Name() string { return "slow" }

func (f Slow) String() string {
	return say("slow").duration("headers", f.Headers).duration("chunk", f.Chunk).String()
}

// Serve waits, and lets the service answer.
func (f Slow) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if f.Headers <= 0 && f.Chunk <= 0 {
		f.Headers = time.Second
	}
	wait(r, max(0, f.Headers))
	if f.Chunk <= 0 {
		next.ServeHTTP(w, r)
		return
	}
	next.ServeHTTP(newEditor(w, r, func(p piece) ([]byte, error) {
		if p.stream {
			wait(r, f.Chunk)
		}
		return p.data, nil
	}), r)
}
