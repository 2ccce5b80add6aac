package telemetry

import (
	"net/http"
	"strings"
)

// routes are the endpoints by which requests are known: the paths that clients send,
// with {id} where somebody's name for something is. What is not here has no route.
var routes = []string{
	"/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/completions", "/v1/models",
	"/v1/moderations", "/v1/images/generations", "/v1/images/edits", "/v1/images/variations",
	"/v1/audio/speech", "/v1/audio/transcriptions", "/v1/audio/translations",
	"/v1/files", "/v1/uploads", "/v1/batches", "/v1/realtime", "/v1/conversations", "/v1/vector_stores", "/v1/videos",
	"/v1/assistants", "/v1/threads", "/v1/fine_tuning/jobs", "/v1/containers", "/v1/evals",
	"/v1/chat/completions/{id}", "/v1/chat/completions/{id}/messages",
	"/v1/responses/{id}", "/v1/responses/{id}/cancel", "/v1/responses/{id}/input_items",
	"/v1/models/{id}", "/v1/files/{id}", "/v1/files/{id}/content",
	"/v1/uploads/{id}/parts", "/v1/uploads/{id}/complete", "/v1/uploads/{id}/cancel",
	"/v1/batches/{id}", "/v1/batches/{id}/cancel", "/v1/conversations/{id}", "/v1/conversations/{id}/items",
	"/v1/vector_stores/{id}", "/v1/vector_stores/{id}/files", "/v1/vector_stores/{id}/search",
	"/v1/videos/{id}", "/v1/videos/{id}/content", "/v1/assistants/{id}", "/v1/threads/{id}", "/v1/threads/{id}/messages",
	"/v1/threads/{id}/runs", "/v1/threads/{id}/runs/{id}", "/v1/fine_tuning/jobs/{id}",
}

// routeOf is the route of a request's path, which may lack its /v1; "": none is known.
func routeOf(path string) string {
	rest := strings.TrimPrefix(path, "/v1")
	for _, route := range routes {
		if fitsRoute(route[len("/v1"):], rest) {
			return route
		}
	}
	return ""
}

// fitsRoute reports whether a path is one of a route.
func fitsRoute(route, path string) bool {
	for {
		fixed, after, hole := strings.Cut(route, "{id}")
		rest, ok := strings.CutPrefix(path, fixed)
		if !ok || !hole {
			return ok && rest == ""
		}
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return false
		}
		route, path = after, rest[end:]
	}
}

// operationOf is the GenAI operation of a request that goes out, "" if the
// conventions have none for it.
func operationOf(method, path string) string {
	switch {
	case method != http.MethodPost:
	case strings.HasSuffix(path, "/chat/completions"), strings.HasSuffix(path, "/responses"):
		return operationChat
	case strings.HasSuffix(path, "/completions"):
		return operationCompletion
	case strings.HasSuffix(path, "/embeddings"):
		return operationEmbeddings
	}
	return ""
}

// providers are the hosts, or their ends, of the providers that the conventions name.
var providers = []struct{ host, name string }{
	{"api.openai.com", "openai"},
	{".openai.azure.com", "azure.ai.openai"}, {".services.ai.azure.com", "azure.ai.inference"},
	{"api.anthropic.com", "anthropic"}, {"api.deepseek.com", "deepseek"}, {"api.groq.com", "groq"},
	{"api.mistral.ai", "mistral_ai"}, {"api.perplexity.ai", "perplexity"}, {"api.x.ai", "x_ai"}, {"api.cohere.com", "cohere"},
	{"generativelanguage.googleapis.com", "gcp.gemini"}, {"aiplatform.googleapis.com", "gcp.vertex_ai"},
}

// providerOf is the provider at a host. Of one that is not known it is "openai",
// whose API it speaks.
func providerOf(host string) string {
	for _, p := range providers {
		if strings.HasSuffix(host, p.host) {
			return p.name
		}
	}
	return "openai"
}

// methodOf is a request's method, or what stands for those that are not known.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return "_OTHER"
}
