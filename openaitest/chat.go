package openaitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// maxChoices is the most answers that one request may ask for.
const maxChoices = 128

// chatRequest is what of a chat completion's request makes a difference here.
type chatRequest struct {
	Model               string          `json:"model"`
	Messages            json.RawMessage `json:"messages"`
	Stream              bool            `json:"stream"`
	N                   *int            `json:"n"`
	MaxTokens           int             `json:"max_tokens"`
	MaxCompletionTokens int             `json:"max_completion_tokens"`
	StreamOptions       struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// completion is a chat completion; its choices and texts are settled before the
// first byte goes out, streamed or not.
type completion struct {
	id      string
	created int64
	model   string
	finish  string
	choices [][]string // the tokens of each
	usage   chatUsage
}

type chatUsage struct {
	PromptTokens     int         `json:"prompt_tokens"`
	CompletionTokens int         `json:"completion_tokens"`
	TotalTokens      int         `json:"total_tokens"`
	Details          usageDetail `json:"completion_tokens_details"`
}

type usageDetail struct {
	ReasoningTokens int `json:"reasoning_tokens"`
}

const fingerprint = "fp_openaitest"

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	var req chatRequest
	bad := readJSON(r, &req)
	if bad == nil {
		bad = s.checkChat(req)
	}
	if bad != nil {
		bad.Serve(w, r, nil)
		return
	}
	limitHeaders(w, r)
	answer := s.complete(r, req)
	if req.Stream {
		answer.stream(s.openStream(w, r), req.StreamOptions.IncludeUsage)
		return
	}
	sendWhole(w, r, http.StatusOK, "application/json", mustJSON(answer.object()))
}

func (s *Server) checkChat(req chatRequest) *APIError {
	if bad := s.checkModel(req.Model); bad != nil {
		return bad
	}
	if !given(req.Messages) {
		return missing("messages")
	}
	if req.N != nil && (*req.N < 1 || *req.N > maxChoices) {
		return badRequest("n", "invalid_value",
			fmt.Sprintf("Invalid 'n': %d; want 1 to %d.", *req.N, maxChoices))
	}
	return nil
}

// complete thinks of an answer.
func (s *Server) complete(r *http.Request, req chatRequest) completion {
	a := AttemptOf(r)
	most := orDefault(req.MaxCompletionTokens, req.MaxTokens)
	n, short := s.length(most)
	c := completion{
		id:      "chatcmpl-" + longID(a, "chat", 29),
		created: s.cfg.Now().Unix(),
		model:   req.Model,
		finish:  "stop",
	}
	if short {
		c.finish = "length"
	}
	count := 1
	if req.N != nil {
		count = *req.N
	}
	rng := a.Rand()
	for range count {
		c.choices = append(c.choices, tokens(rng, n))
	}
	in := estimate(len(req.Messages))
	c.usage = chatUsage{PromptTokens: in, CompletionTokens: n * count, TotalTokens: in + n*count}
	return c
}

type chatObject struct {
	ID                string       `json:"id"`
	Object            string       `json:"object"`
	Created           int64        `json:"created"`
	Model             string       `json:"model"`
	Choices           []chatChoice `json:"choices"`
	Usage             chatUsage    `json:"usage"`
	ServiceTier       string       `json:"service_tier"`
	SystemFingerprint string       `json:"system_fingerprint"`
}

type chatChoice struct {
	Index        int         `json:"index"`
	Message      chatMessage `json:"message"`
	Logprobs     *struct{}   `json:"logprobs"`
	FinishReason string      `json:"finish_reason"`
}

type chatMessage struct {
	Role        string     `json:"role"`
	Content     string     `json:"content"`
	Refusal     *string    `json:"refusal"`
	Annotations []struct{} `json:"annotations"`
}

// object is the answer in one piece.
func (c completion) object() chatObject {
	out := chatObject{
		ID: c.id, Object: "chat.completion", Created: c.created, Model: c.model,
		Usage: c.usage, ServiceTier: "default", SystemFingerprint: fingerprint,
	}
	for i, words := range c.choices {
		out.Choices = append(out.Choices, chatChoice{
			Index:        i,
			Message:      chatMessage{Role: "assistant", Content: strings.Join(words, ""), Annotations: []struct{}{}},
			FinishReason: c.finish,
		})
	}
	return out
}
