package fault_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

func TestFromEvent(t *testing.T) {
	const none = fault.Success
	for _, row := range []struct {
		name, event, data string
		kind              fault.Kind
		code              string
	}{
		{"chat chunk", "", `{"object":"chat.completion.chunk","choices":[{"delta":{"content":"hi"}}]}`, none, ""},
		{"chat chunk that talks of errors", "", `{"choices":[{"delta":{"content":"{\"error\":{\"code\":\"insufficient_quota\"}}"}}]}`, none, ""},
		{"chat chunk, error null", "", `{"choices":[],"error":null}`, none, ""},
		{"done", "", `[DONE]`, none, ""},
		{"no data", "", ``, none, ""},
		{"ping", "ping", ``, none, ""},
		{"keepalive", "keepalive", `{"type":"keepalive","sequence_number":3}`, none, ""},
		{"Azure's filter result", "", `{"choices":[{"content_filter_result":{"error":{"code":"content_filter_error"}}}]}`, none, ""},
		{"chat error", "", `{"error":{"message":"x","type":"server_error","code":null}}`, fault.Service, ""},
		{"chat error, empty", "", `{"error":{}}`, fault.Service, ""},
		{"chat error, string", "", `{"error":"boom"}`, fault.Service, ""},
		{"chat error, quota", "", `{"error":{"code":"insufficient_quota"}}`, fault.Quota, "insufficient_quota"},
		{"chat error, overload", "", `{"error":{"code":"server_is_overloaded","type":"service_unavailable_error"}}`, fault.Overload, "server_is_overloaded"},
		{"chat error, number", "", `{"error":{"code":429,"message":"x"},"choices":[{"finish_reason":"error"}]}`, fault.RateLimit, "429"},
		{"chat error, type of the request", "", `{"error":{"message":"x","type":"invalid_request_error"}}`, fault.Caller, ""},
		{"vLLM's flat chunk", "", `{"object":"error","message":"x","type":"BadRequestError","code":400}`, fault.Caller, "400"},
		{"filtering failed", "", `{"error":{"code":"content_filter_error","message":"not filtered"}}`, none, ""},
		{"flat error", "error", `{"type":"error","code":"rate_limit_exceeded","message":"x","param":null,"sequence_number":1}`, fault.RateLimit, "rate_limit_exceeded"},
		{"flat error without a name", "", `{"type":"error","code":"server_error","message":"x"}`, fault.Service, "server_error"},
		{"nested error", "error", `{"type":"error","error":{"type":"tokens","code":"rate_limit_exceeded","message":"x"}}`, fault.RateLimit, "rate_limit_exceeded"},
		{"overloaded_error", "error", `{"type":"error","error":{"type":"overloaded_error","message":"x"}}`, fault.Overload, ""},
		{"error without data", "error", ``, fault.Service, ""},
		{"error in plain text", "error", `Too many requests`, fault.RateLimit, ""},
		{"error, empty object", "error", `{}`, fault.Service, ""},
		{"response.failed", "response.failed", `{"type":"response.failed","response":{"status":"failed","error":{"code":"server_is_overloaded","message":"x"}}}`, fault.Overload, "server_is_overloaded"},
		{"response.failed without a name", "", `{"type":"response.failed","response":{"error":{"code":"insufficient_quota"}}}`, fault.Quota, "insufficient_quota"},
		{"response.failed without an error", "", `{"type":"response.failed","response":{"status":"failed"}}`, fault.Service, ""},
		{"response.created", "response.created", `{"type":"response.created","response":{"error":null}}`, none, ""},
		{"response.created without a name", "", `{"type":"response.created","response":{"error":null}}`, none, ""},
		{"response.incomplete", "response.incomplete", `{"type":"response.incomplete","response":{"error":null,"incomplete_details":{"reason":"max_output_tokens"}}}`, none, ""},
		{"a tool's failure", "response.mcp_call.failed", `{"type":"response.mcp_call.failed","error":"x"}`, none, ""},
		{"a tool's failure without a name", "", `{"type":"response.mcp_call.failed","error":"x"}`, none, ""},
		{"a tool's failure, type last", "", `{"error":"x","type":"response.mcp_call.failed"}`, none, ""},
		{"thread.run.failed", "thread.run.failed", `{"object":"thread.run","last_error":{"code":"rate_limit_exceeded","message":"x"}}`, fault.RateLimit, "rate_limit_exceeded"},
		{"no JSON, though it talks of one", "", `an "error" in words`, none, ""},
		{"nested beyond reason", "", strings.Repeat(`[`, 1<<20) + `{"error":{"code":"x"}}`, none, ""},
		{"the walk ends when nested beyond reason", "", `{"a":` + strings.Repeat(`[`, 2000) + strings.Repeat(`]`, 2000) + `,"error":"x"}`, none, ""},
		{"broken JSON", "", `{"error":{"code":"insufficient_quota","mess`, fault.Quota, "insufficient_quota"},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := fault.FromEvent(row.event, []byte(row.data), noon)
			if kindOf(e) != row.kind {
				t.Fatalf("got %v, want %v", e, row.kind)
			}
			if e != nil && (e.Code != row.code || e.Status != 200 || e.NotDone) {
				t.Errorf("code %q, status %d, not done %v", e.Code, e.Status, e.NotDone)
			}
		})
	}
}

func TestHeadersOfAnEvent(t *testing.T) {
	data := []byte(`{"type":"error","error":{"code":"rate_limit_exceeded","message":"try again in 9s",
		"headers":{"x-ratelimit-reset-tokens":"6m0s","x-ratelimit-remaining-tokens":0,"retry-after":"3","x-request-id":"req_9","set-cookie":"a=b"}}}`)
	e := fault.FromEvent("error", data, noon)
	if e.RetryAfter != 3*time.Second || e.RequestID != "req_9" {
		t.Errorf("after %v, id %q", e.RetryAfter, e.RequestID)
	}
	h := fault.EventHeader(data)
	if h.Get("X-RateLimit-Reset-Tokens") != "6m0s" || h.Get("X-RateLimit-Remaining-Tokens") != "0" {
		t.Errorf("headers %v", h)
	}
	if h.Get("Set-Cookie") != "" {
		t.Error("a cookie came along")
	}
	if h := fault.EventHeader([]byte(`{"error":{"code":"x"}}`)); h != nil {
		t.Errorf("headers from nowhere: %v", h)
	}
	silent := fault.FromEvent("", []byte(`{"error":{"code":"slow_down","message":"Please try again in 9s"}}`), noon)
	if silent.RetryAfter != 9*time.Second {
		t.Errorf("the text's delay: %v", silent.RetryAfter)
	}
}

// No event of a healthy stream is a failure.
func TestHealthyStreams(t *testing.T) {
	files, _ := filepath.Glob("../../shared/captures/*.sse")
	if len(files) == 0 {
		t.Skip("no captures here")
	}
	for _, file := range files {
		stream, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(stream) {
			data, ok := bytes.CutPrefix(line, []byte("data:"))
			if e := fault.FromEvent("", data, noon); ok && e != nil {
				t.Errorf("%s: %v: %.200s", filepath.Base(file), e, data)
			}
		}
	}
}

// Quiet events must cost next to nothing: one of them is one piece of a word.
func TestQuietEventsDoNotAllocate(t *testing.T) {
	data := []byte(`{"object":"chat.completion.chunk","choices":[{"delta":{"content":"error \"error\""}}]}`)
	if n := testing.AllocsPerRun(100, func() { fault.FromEvent("", data, noon) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
