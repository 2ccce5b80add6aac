package openaitest

import "net/http"

// Down is an outage: a server error in the API's shape. The zero value answers
// 503. For an edge that cannot reach the service see HTML, for one that does not
// even answer Reset and Hang.
//
// In a script: down, down 500.
type Down struct {
	// Status is the HTTP status. Zero: 503.
	Status int
}

// Name is "down".
func (Down) Name() string { return "down" }

func (f Down) String() string { return say("down").count(f.Status).String() }

// Serve sends the error.
func (f Down) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	APIError{Status: orDefault(f.Status, http.StatusServiceUnavailable)}.Serve(w, r, next)
}
