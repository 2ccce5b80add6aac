package guard

import (
	"net/http"
	"strings"
)

// repeatable lists the POST endpoints for which doing a call twice costs tokens
// and nothing else, by the end of their path. Not among them, because a second
// call leaves a second object or acts twice: /responses (stored by default, and
// its tools may have effects), /files, /uploads, /batches, /fine_tuning/jobs and
// everything unknown.
var repeatable = [...]string{
	"/chat/completions",
	"/completions",
	"/embeddings",
	"/moderations",
	"/responses/input_tokens",
	"/responses/compact",
	"/images/generations",
	"/images/edits",
	"/images/variations",
	"/audio/transcriptions",
	"/audio/translations",
	"/audio/speech",
}

// SafeToRepeat tells whether doing the request twice does no harm: GET, HEAD,
// OPTIONS and DELETE, and POST to those endpoints that change nothing. A
// WebSocket handshake may not be repeated.
func SafeToRepeat(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, "":
		return r.Header.Get("Upgrade") == ""
	case http.MethodHead, http.MethodOptions, http.MethodDelete:
		return true
	case http.MethodPost:
		path := strings.TrimSuffix(r.URL.Path, "/")
		for _, end := range repeatable {
			if strings.HasSuffix(path, end) {
				return true
			}
		}
	}
	return false
}
