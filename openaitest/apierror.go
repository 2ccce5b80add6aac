package openaitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// APIError answers with an error in the API's shape: an object with message,
// type, param and code. The zero value is a 500.
//
// In a script: error 401, error 503 type=server_error code=slow_down.
type APIError struct {
	// Status is the HTTP status. Zero: 500.
	Status int
	// Type, Code and Message have defaults that suit the status. An empty Code
	// or Param is sent as null.
	Type    string
	Code    string
	Param   string
	Message string
	// Body, if set, is sent in place of the four fields, as it is: for errors
	// that are not as documented. It counts as JSON if it begins with a brace.
	Body string
	// Header is added to the answer's.
	Header http.Header
}

// Name is "error-401" for a 401.
func (e APIError) Name() string { return fmt.Sprintf("error-%d", e.filled().Status) }

func (e APIError) String() string {
	return say("error").count(e.filled().Status).text("type", e.Type).text("code", e.Code).String()
}

// Serve sends the error.
func (e APIError) Serve(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	e = e.filled()
	apiHeaders(w, r)
	for name, values := range e.Header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	body, contentType := e.body()
	sendWhole(w, r, e.Status, contentType, body)
}

// body returns what goes over the wire.
func (e APIError) body() (body []byte, contentType string) {
	switch {
	case e.Body == "":
		return mustJSON(e.envelope()), "application/json"
	case strings.HasPrefix(e.Body, "{"):
		return []byte(e.Body), "application/json"
	}
	return []byte(e.Body), "text/plain; charset=utf-8"
}

// errorBody is the object that the documentation promises.
type errorBody struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

type errorEnvelope struct {
	Error errorBody `json:"error"`
}

func (e APIError) envelope() errorEnvelope {
	return errorEnvelope{errorBody{e.Message, e.Type, orNull(e.Param), orNull(e.Code)}}
}

// filled returns e with the defaults of its status.
func (e APIError) filled() APIError {
	if e.Status == 0 {
		e.Status = http.StatusInternalServerError
	}
	def := defaultError(e.Status)
	if e.Type == "" && e.Code == "" {
		e.Code = def.Code
	}
	e.Type = orDefault(e.Type, def.Type)
	e.Message = orDefault(e.Message, def.Message)
	return e
}

// defaultError is what a status usually comes with.
func defaultError(status int) APIError {
	const callers, servers = "invalid_request_error", "server_error"
	switch status {
	case http.StatusUnauthorized:
		return APIError{Type: callers, Code: "invalid_api_key", Message: "The API key is not a valid one."}
	case http.StatusForbidden:
		return APIError{Type: "request_forbidden", Code: "unsupported_country_region_territory", Message: "This region is not served."}
	case http.StatusNotFound:
		return APIError{Type: callers, Code: "model_not_found", Message: "The model does not exist or is not open to you."}
	case http.StatusConflict:
		return APIError{Type: callers, Message: "Another request holds the same resource."}
	case http.StatusTooManyRequests:
		return APIError{Type: "requests", Code: "rate_limit_exceeded", Message: "Rate limit reached for requests."}
	case http.StatusServiceUnavailable:
		return APIError{Type: servers, Message: "The service is not available at the moment."}
	}
	if status < 500 {
		return APIError{Type: callers, Message: "The request cannot be processed as it is."}
	}
	return APIError{Type: servers, Message: "The server had an error while it processed the request."}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// mustJSON encodes values of this package's own types, which cannot fail.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("openaitest: encoding %T: %v", v, err))
	}
	return b
}
