package openaitest

import "net/http"

// Reset breaks the connection without an answer, once the request has arrived.
// The zero value does so with a TCP reset.
//
// In a script: reset, reset clean.
type Reset struct {
	// Clean closes the connection in the regular way, so that the client finds
	// the end of the stream rather than an error of the network.
	Clean bool
}

// Name is "reset".
func (Reset) Name() string { return "reset" }

func (f Reset) String() string { return say("reset").flag("clean", f.Clean).String() }

// Serve breaks the connection.
func (f Reset) Serve(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	if f.Clean {
		panic(http.ErrAbortHandler)
	}
	reset(w, false)
}
