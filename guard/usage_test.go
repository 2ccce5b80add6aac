package guard_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/guard"
)

func TestTokensThatAnswersTellOf(t *testing.T) {
	const usage = `"usage":{"prompt_tokens":12,"completion_tokens":34,"total_tokens":46,"prompt_tokens_details":{"cached_tokens":3}}`
	const responses = `"usage":{"input_tokens":12,"input_tokens_details":{"cached_tokens":3},"output_tokens":34}`
	long := strings.Repeat(`say \"usage\":{\"prompt_tokens\":99} `, 1000)
	event := func(data ...string) string { return "data: " + strings.Join(data, "\n\ndata: ") + "\n\n" }
	for name, row := range map[string]struct {
		path, kind, body string
		in, out          int64
	}{
		"whole":         {"/chat/completions", "application/json", `{"choices":[{"message":{"content":"x"}}],` + usage + `}`, 12, 34},
		"long":          {"/chat/completions", "application/json", `{"choices":[{"message":{"content":"` + long + `"}}],` + usage + `,"service_tier":"default"}`, 12, 34},
		"a word":        {"/chat/completions", "application/json", `{"choices":[{"message":{"content":"` + long + `"}}]}`, 0, 0},
		"null":          {"/chat/completions", "application/json", `{"choices":[{"message":{"content":"x"}}],"usage":null}`, 0, 0},
		"a response":    {"/responses", "application/json", `{"id":"r","output":[{"content":"` + long + `"}],` + responses + `,"metadata":{}}`, 12, 34},
		"embeddings":    {"/embeddings", "application/json", `{"data":[{"embedding":[1,2]}],"usage":{"prompt_tokens":12,"total_tokens":12}}`, 12, 0},
		"a stream":      {"/chat/completions", "text/event-stream", event(`{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}],"usage":null}`, `{"choices":[],`+usage+`}`, "[DONE]"), 12, 34},
		"an event":      {"/responses", "text/event-stream", event(`{"type":"response.output_text.delta","delta":"x"}`, `{"type":"response.completed","response":{"id":"r",`+responses+`}}`), 12, 34},
		"another thing": {"/files", "application/json", `[1,2]`, 0, 0},
	} {
		for _, announced := range []bool{false, true} {
			var got guard.Event
			g := newRig(t, answer(func(r *http.Request) (*http.Response, error) {
				resp := respond(r, 200, text(row.body), "Content-Type", row.kind)
				if announced {
					resp.ContentLength = int64(len(row.body))
				}
				return resp, nil
			}), once)
			req := newPost(t, "http://api", chat)
			req.URL.Path = "/v1" + row.path
			resp, err := g.RoundTrip(req)
			if err != nil {
				t.Fatal(name, err)
			}
			if all, err := io.ReadAll(resp.Body); err != nil || string(all) != row.body {
				t.Errorf("%s: %v, %d bytes of %d", name, err, len(all), len(row.body))
			}
			resp.Body.Close()
			for _, e := range g.events {
				if e.Type == guard.AttemptEnded {
					got = e
				}
			}
			if got.InputTokens != row.in || got.OutputTokens != row.out {
				t.Errorf("%s: %d and %d, want %d and %d", name, got.InputTokens, got.OutputTokens, row.in, row.out)
			}
		}
	}
}

// The events of a call can be put together, and tell where it was to go first.
func TestEventsOfACall(t *testing.T) {
	r, _ := chainRig(t, guard.Config{Targets: to(t, "200")})
	_ = r.ask("http://503", chat, &guard.Report{})
	_ = r.ask("http://200", chat, &guard.Report{})
	calls := map[uint64][]string{}
	for _, e := range r.events {
		calls[e.Call] = append(calls[e.Call], fmt.Sprintf("%s %s %s %d %d %s", e.Type, e.Circuit, e.Target, e.Retries, e.Fallbacks, e.Asked))
	}
	want := "attempt 503/gpt-5 first 0 0 |fallback 503/gpt-5 first 0 0 |attempt 200/gpt-5 backup0 0 1 |call 200/gpt-5 backup0 0 1 503/gpt-5"
	found := false
	for _, events := range calls {
		found = found || strings.Join(events, "|") == want
	}
	if !found || len(calls) != 2 {
		t.Errorf("%v", calls)
	}
}
