package openaitest

import "net/http"

// Cut ends a stream in the middle, after a number of events; a stream that is
// shorter than that stays whole. The zero value ends it after the headers, with
// a proper end of the body, as a client sees it that does not count on [DONE].
// Of an answer that is no stream, half is sent.
//
// In a script: cut 3, cut 3 reset, cut 3 partial.
type Cut struct {
	// After is how many events are sent.
	After int
	// Reset breaks the connection with a TCP reset. What the client has not read
	// by then may be lost to it.
	Reset bool
	// Partial sends half of the next event before the end.
	Partial bool
}

// Name is "cut".
func (Cut) Name() string { return "cut" }

func (f Cut) String() string {
	return say("cut").must(f.After).flag("reset", f.Reset).flag("partial", f.Partial).String()
}

// Serve lets the service answer, as far as it goes.
func (f Cut) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	e := newEditor(w, r, func(p piece) ([]byte, error) {
		switch {
		case p.stream && p.n < f.After:
			return p.data, nil
		case !p.stream || f.Partial:
			return p.half(), errOver
		}
		return nil, errOver
	})
	next.ServeHTTP(e, r)
	if e.over() && f.Reset {
		reset(w, true)
	}
}
