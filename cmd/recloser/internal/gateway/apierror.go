package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// apiError is an error object as the API writes it. Clients need all four
// fields, and a code that is a string.
type apiError struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"` // always null: there is no field to blame
	Code    string  `json:"code"`
}

// Types of error objects, as the API names them.
const (
	typeUnavailable = "service_unavailable_error"
	typeServer      = "server_error"
	typeInvalid     = "invalid_request_error"
	typeLimit       = "rate_limit_error"
	typeQuota       = "insufficient_quota"
)

// writeError answers with an error object.
func writeError(w http.ResponseWriter, status int, e apiError) {
	writeJSON(w, status, map[string]apiError{"error": e})
}

// writeJSON answers with v, which must be possible to encode. What we say
// ourselves is true for a moment, and never to be cached or to be taken for
// anything but JSON.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{}`)
	}
	body = append(body, '\n')
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}
