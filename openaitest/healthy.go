package openaitest

import "net/http"

// Healthy is the fault that is none: the service answers as it should.
//
// In a script: healthy.
type Healthy struct{}

// Name is "healthy".
func (Healthy) Name() string { return "healthy" }

func (Healthy) String() string { return "healthy" }

// Serve lets the service answer.
func (Healthy) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(w, r)
}
