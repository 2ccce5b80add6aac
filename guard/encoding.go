package guard

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// acceptable returns the Accept-Encoding to ask for in place of what h has, or
// "" if that is fine: errors must be readable here, and streams must come
// uncompressed, event by event.
func acceptable(h http.Header, stream bool) string {
	asked := h["Accept-Encoding"]
	switch {
	case stream:
		return "identity"
	case len(asked) == 0, len(asked) == 1 && (asked[0] == "gzip" || asked[0] == "identity"):
		return ""
	case strings.Contains(strings.Join(asked, ","), "gzip"):
		return "gzip"
	}
	return "identity"
}

// Media types of answers.
const (
	typeJSON   = "application/json"
	typeHTML   = "text/html"
	typeEvents = "text/event-stream"
)

// mediaType returns the media type of a body, in lower case and without
// parameters.
func mediaType(h http.Header) string {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// packed reports whether a body is compressed.
func packed(h http.Header) bool {
	encoding := h.Get("Content-Encoding")
	return encoding != "" && !strings.EqualFold(encoding, "identity")
}

// readable returns an error's body, or the beginning of it, decompressed.
func readable(h http.Header, body []byte) []byte {
	if !strings.EqualFold(h.Get("Content-Encoding"), "gzip") {
		return body
	}
	zr, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	plain, _ := io.ReadAll(io.LimitReader(zr, maxErrorBody)) // cut or broken: what there is
	return plain
}
