package openaitest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// badRequest is a 400 in the API's shape.
func badRequest(param, code, message string) *APIError {
	return &APIError{
		Status: http.StatusBadRequest, Type: "invalid_request_error",
		Param: param, Code: code, Message: message,
	}
}

// readJSON decodes the body of r into v, and returns what the API would say if
// that is not possible.
func readJSON(r *http.Request, v any) *APIError {
	err := json.Unmarshal(callOf(r.Context()).body.raw, v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return badRequest(wrong.Field, "invalid_type",
			fmt.Sprintf("Invalid type for '%s': got %s.", wrong.Field, wrong.Value))
	}
	if err != nil {
		return badRequest("", "", fmt.Sprintf("The body of the request is not valid JSON: %v.", err))
	}
	return nil
}

// missing is the complaint about a parameter that is not there.
func missing(param string) *APIError {
	return badRequest(param, "missing_required_parameter",
		fmt.Sprintf("Missing required parameter: '%s'.", param))
}

// checkModel returns what the API would say about a request for model, if it
// would complain.
func (s *Server) checkModel(model string) *APIError {
	if model == "" {
		return badRequest("", "", "The model parameter is missing.")
	}
	if len(s.cfg.Models) == 0 || slices.Contains(s.cfg.Models, model) {
		return nil
	}
	return &APIError{
		Status: http.StatusNotFound, Type: "invalid_request_error", Code: "model_not_found",
		Message: fmt.Sprintf("The model '%s' does not exist or is not open to you.", clip(model, logModelBytes)),
	}
}

// given tells whether a JSON field is there and is not null or empty.
func given(v json.RawMessage) bool {
	switch string(v) {
	case "", "null", "[]", `""`:
		return false
	}
	return true
}

// estimate is how many tokens text of that many bytes would have.
func estimate(bytes int) int { return max(1, bytes/4) }

// length returns how many of the server's tokens fit under the most that the
// caller wants, and whether that cuts the answer short.
func (s *Server) length(most int) (n int, short bool) {
	if most > 0 && most < s.cfg.Chunks {
		return most, true
	}
	return s.cfg.Chunks, false
}
