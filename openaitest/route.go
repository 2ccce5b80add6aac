package openaitest

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
)

// The endpoints, as they are named in Counts.
const (
	chatEndpoint       = "chat/completions"
	responsesEndpoint  = "responses"
	embeddingsEndpoint = "embeddings"
	modelsEndpoint     = "models"
	filesEndpoint      = "files"
	batchesEndpoint    = "batches"
	realtimeEndpoint   = "realtime"
)

// relative returns path without the leading slash and without one "v1/".
func relative(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "/"), "v1/")
}

// endpointOf returns the endpoint that path belongs to, whatever the method.
func endpointOf(path string) string {
	path = relative(path)
	switch path {
	case chatEndpoint, responsesEndpoint, embeddingsEndpoint, modelsEndpoint,
		filesEndpoint, batchesEndpoint, realtimeEndpoint:
		return path
	}
	if id, ok := strings.CutPrefix(path, modelsEndpoint+"/"); ok && id != "" {
		return modelsEndpoint
	}
	return otherLabel
}

// answer is the healthy service.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	wait(r, s.cfg.Latency)
	endpoint := endpointOf(r.URL.Path)
	if refusal := s.refusal(r, endpoint); refusal != nil {
		refusal.Serve(w, r, nil)
		return
	}
	apiHeaders(w, r)
	switch endpoint {
	case chatEndpoint:
		s.chat(w, r)
	case responsesEndpoint:
		s.responses(w, r)
	case embeddingsEndpoint:
		s.embeddings(w, r)
	case modelsEndpoint:
		s.models(w, r)
	case filesEndpoint:
		s.files(w, r)
	case batchesEndpoint:
		s.batches(w, r)
	case realtimeEndpoint:
		s.realtime(w, r)
	}
}

// refusal returns what is wrong with r whatever its body says, or nil.
func (s *Server) refusal(r *http.Request, endpoint string) Fault {
	if c := callOf(r.Context()); c.body.tooBig {
		return HTML{Status: http.StatusRequestEntityTooLarge}
	}
	if f := s.unauthorized(r); f != nil {
		return f
	}
	want := http.MethodPost
	switch endpoint {
	case otherLabel:
		return APIError{
			Status: http.StatusNotFound, Type: "invalid_request_error",
			Message: fmt.Sprintf("Invalid URL (%s %s)", r.Method, r.URL.Path),
		}
	case modelsEndpoint, realtimeEndpoint:
		want = http.MethodGet
	}
	if r.Method != want {
		return APIError{
			Status:  http.StatusMethodNotAllowed,
			Message: fmt.Sprintf("%s takes %s, not %s.", r.URL.Path, want, r.Method),
			Header:  http.Header{"Allow": {want}},
		}
	}
	return nil
}

// unauthorized returns a 401 if a key is needed and r has not got it.
func (s *Server) unauthorized(r *http.Request) Fault {
	if s.cfg.APIKey == "" {
		return nil
	}
	key := keyOf(r)
	if subtle.ConstantTimeCompare([]byte(key), []byte(s.cfg.APIKey)) == 1 {
		return nil
	}
	if key == "" {
		return APIError{
			Status: http.StatusUnauthorized, Type: "invalid_request_error",
			Message: "No API key was given. Send it as: Authorization: Bearer YOUR_KEY.",
		}
	}
	return APIError{
		Status:  http.StatusUnauthorized,
		Message: fmt.Sprintf("Incorrect API key provided: ***%s.", tailOf(key)),
	}
}
