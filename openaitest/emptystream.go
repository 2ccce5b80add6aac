package openaitest

import "net/http"

// EmptyStream answers 200 with the headers of the healthy answer and a body of no
// bytes, streamed or not, properly ended.
//
// In a script: empty-stream.
type EmptyStream struct{}

// Name is "empty-stream".
func (EmptyStream) Name() string { return "empty-stream" }

func (EmptyStream) String() string { return "empty-stream" }

// Serve lets the service answer, and throws the body away.
func (EmptyStream) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(newEditor(w, r, func(piece) ([]byte, error) { return nil, errOver }), r)
}
