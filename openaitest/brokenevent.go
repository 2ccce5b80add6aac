package openaitest

import (
	"net/http"
	"slices"
)

// BrokenEvent spoils one event of a stream, so that its data is not JSON; the
// stream goes on after it. Of an answer that is no stream, half is sent, with a
// proper end.
//
// In a script: broken-event 3.
type BrokenEvent struct {
	// After is how many whole events come before.
	After int
}

// Name is "broken-event".
func (BrokenEvent) Name() string { return "broken-event" }

func (f BrokenEvent) String() string { return say("broken-event").must(f.After).String() }

// Serve lets the service answer, and spoils a part.
func (f BrokenEvent) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(newEditor(w, r, func(p piece) ([]byte, error) {
		switch {
		case !p.stream:
			return p.half(), errOver
		case p.n == f.After:
			return slices.Concat(p.half(), []byte("\n\n")), nil
		}
		return p.data, nil
	}), r)
}
