package fault

import (
	"net/http"
	"strings"
)

// requestID is what identifies a call to the service's support, "" without one.
func requestID(h http.Header) string {
	for _, name := range [...]string{"X-Request-Id", "Apim-Request-Id", "X-Oai-Request-Id"} {
		if id := cleanID(strings.TrimSpace(h.Get(name))); id != "" {
			return id
		}
	}
	return ""
}

// awsType is the name that AWS gives to an error in a header, "" without one.
func awsType(h http.Header) string {
	name, _, _ := strings.Cut(h.Get("X-Amzn-Errortype"), ":")
	return strings.TrimSpace(name)
}

// fromEdge reports whether the answer came from the edge in front of the API:
// Cloudflare's mark is there, and none of the API's own.
func fromEdge(h http.Header) bool {
	if h.Get("Cf-Ray") == "" || h.Get("X-Request-Id") != "" || h.Get("Apim-Request-Id") != "" {
		return false
	}
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "openai-") {
			return false
		}
	}
	return true
}

// mediaType is the content type without its parameters, in lower case.
func mediaType(h http.Header) string {
	t, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// limitHeader reports whether name, in lower case, is a header that an error
// event may bring along.
func limitHeader(name string) bool {
	switch name {
	case "retry-after", "retry-after-ms", "x-should-retry", "x-request-id", "apim-request-id":
		return true
	}
	return strings.HasPrefix(name, "x-ratelimit-")
}
