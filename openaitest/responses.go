package openaitest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// responsesRequest is what of the request makes a difference here.
type responsesRequest struct {
	Model           string          `json:"model"`
	Input           json.RawMessage `json:"input"`
	Instructions    *string         `json:"instructions"`
	Stream          bool            `json:"stream"`
	Store           *bool           `json:"store"`
	MaxOutputTokens *int            `json:"max_output_tokens"`
}

// response is the object of the Responses API, in the state that Status names.
type response struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	CreatedAt         int64             `json:"created_at"`
	Status            string            `json:"status"`
	Background        bool              `json:"background"`
	Error             *responseError    `json:"error"`
	IncompleteDetails *incomplete       `json:"incomplete_details"`
	Instructions      *string           `json:"instructions"`
	MaxOutputTokens   *int              `json:"max_output_tokens"`
	Metadata          map[string]string `json:"metadata"`
	Model             string            `json:"model"`
	Output            []outputItem      `json:"output"`
	ParallelToolCalls bool              `json:"parallel_tool_calls"`
	PreviousID        *string           `json:"previous_response_id"`
	Store             bool              `json:"store"`
	Temperature       float64           `json:"temperature"`
	ToolChoice        string            `json:"tool_choice"`
	Tools             []struct{}        `json:"tools"`
	TopP              float64           `json:"top_p"`
	Truncation        string            `json:"truncation"`
	Usage             *responseUsage    `json:"usage"`
}

type responseError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type incomplete struct {
	Reason string `json:"reason"`
}

type outputItem struct {
	ID      string        `json:"id"`
	Type    string        `json:"type"`
	Role    string        `json:"role"`
	Status  string        `json:"status"`
	Content []contentPart `json:"content"`
}

type contentPart struct {
	Type        string     `json:"type"`
	Text        string     `json:"text"`
	Annotations []struct{} `json:"annotations"`
}

type responseUsage struct {
	InputTokens   int          `json:"input_tokens"`
	InputDetails  cachedDetail `json:"input_tokens_details"`
	OutputTokens  int          `json:"output_tokens"`
	OutputDetails usageDetail  `json:"output_tokens_details"`
	TotalTokens   int          `json:"total_tokens"`
}

type cachedDetail struct {
	CachedTokens int `json:"cached_tokens"`
}

func (s *Server) responses(w http.ResponseWriter, r *http.Request) {
	var req responsesRequest
	bad := readJSON(r, &req)
	if bad == nil {
		bad = s.checkModel(req.Model)
	}
	if bad == nil && !given(req.Input) {
		bad = missing("input")
	}
	if bad != nil {
		bad.Serve(w, r, nil)
		return
	}
	limitHeaders(w, r)
	words, resp := s.respond(r, req)
	if req.Stream {
		streamResponse(s.openStream(w, r), resp, words)
		return
	}
	sendWhole(w, r, http.StatusOK, "application/json", mustJSON(resp))
}

// respond thinks of an answer: its tokens, and the object in its final state.
func (s *Server) respond(r *http.Request, req responsesRequest) ([]string, response) {
	most := 0
	if req.MaxOutputTokens != nil {
		most = *req.MaxOutputTokens
	}
	n, short := s.length(most)
	words := tokens(AttemptOf(r).Rand(), n)
	resp := newResponse(AttemptOf(r), req.Model, s.cfg.Now().Unix())
	resp.Instructions, resp.MaxOutputTokens = req.Instructions, req.MaxOutputTokens
	resp.Store = req.Store == nil || *req.Store
	resp.Status = "completed"
	if short {
		resp.Status, resp.IncompleteDetails = "incomplete", &incomplete{"max_output_tokens"}
	}
	resp.Output = []outputItem{messageItem(messageID(resp.ID), resp.Status, strings.Join(words, ""))}
	in := estimate(len(req.Input))
	resp.Usage = &responseUsage{InputTokens: in, OutputTokens: n, TotalTokens: in + n}
	return words, resp
}

// newResponse is the object as it is before any output.
func newResponse(a Attempt, model string, created int64) response {
	return response{
		ID: "resp_" + hexID(a, "response", 48), Object: "response", CreatedAt: created,
		Status: "in_progress", Metadata: map[string]string{}, Model: model,
		Output: []outputItem{}, ParallelToolCalls: true, Store: true, Temperature: 1,
		ToolChoice: "auto", Tools: []struct{}{}, TopP: 1, Truncation: "disabled",
	}
}

// messageID derives the id of the one message from the response's.
func messageID(responseID string) string {
	return "msg_" + strings.TrimPrefix(responseID, "resp_")
}

func messageItem(id, status, text string) outputItem {
	item := outputItem{ID: id, Type: "message", Role: "assistant", Status: status, Content: []contentPart{}}
	if status != "in_progress" {
		item.Content = append(item.Content, textPart(text))
	}
	return item
}

func textPart(text string) contentPart {
	return contentPart{Type: "output_text", Text: text, Annotations: []struct{}{}}
}
