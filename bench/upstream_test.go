package bench

import (
	"io"
	"net/http"
	"strings"
)

const (
	chatPath = "/v1/chat/completions"

	// completion is an answer as the API gives it, of about 600 bytes.
	completion = `{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1741569952,` +
		`"model":"gpt-4.1-2025-04-14","choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How can I ` +
		`assist you today?","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{` +
		`"prompt_tokens":219,"completion_tokens":10,"total_tokens":229,"prompt_tokens_details":{"cached_tokens":0,` +
		`"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,` +
		`"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default"}`

	// The events of a stream: many of the first kind, then one of each other.
	eventHead = `data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,` +
		`"model":"gpt-4.1-2025-04-14","service_tier":"default","choices":[{"index":0,"delta":`
	contentEvent = eventHead + `{"content":" word"},"logprobs":null,"finish_reason":null}]}` + "\n\n"
	finishEvent  = eventHead + `{},"logprobs":null,"finish_reason":"stop"}]}` + "\n\n"
	doneEvent    = "data: [DONE]\n\n"

	contentEvents = 18
)

// streamed is the whole body of a streamed answer.
func streamed() string {
	return strings.Repeat(contentEvent, contentEvents) + finishEvent + doneEvent
}

// newUpstream stands in for the API and does as little as it can: whether to
// stream it is told by a header, so that it need not parse.
func newUpstream() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Request-Id", "req_6f1c8d0e4b7a4c0f9a3b2d1e0f5c7a98")
		if r.Header.Get(streamHeader) == "" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, completion)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		flusher := http.NewResponseController(w)
		send := func(event string) {
			_, _ = io.WriteString(w, event)
			_ = flusher.Flush()
		}
		for range contentEvents {
			send(contentEvent)
		}
		send(finishEvent)
		send(doneEvent)
	})
}
