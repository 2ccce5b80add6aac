package openaitest

import (
	"net/http"
	"time"
)

// Hang accepts the request and stays silent, without headers, until the client
// leaves.
//
// In a script: hang, hang limit=30s.
type Hang struct {
	// Limit is after how long the server closes the connection. Zero: never.
	Limit time.Duration
}

// Name is "hang".
func (Hang) Name() string { return "hang" }

func (f Hang) String() string { return say("hang").duration("limit", f.Limit).String() }

// Serve waits.
func (f Hang) Serve(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	silence(r, f.Limit)
}
