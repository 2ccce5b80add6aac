package guard

import (
	"strings"
	"testing"

	"github.com/recloser/recloser/fault"
)

const (
	chatPath      = "/v1/chat/completions"
	responsesPath = "/v1/responses"
)

// watch judges text that comes in pieces.
type watch struct {
	*stream
	frame framer
	held  []byte
}

func newWatch(path string) *watch { return &watch{stream: newStream(path)} }

func (w *watch) feed(p []byte) {
	from := len(w.held)
	w.held = append(w.held, p...)
	for ready := 0; ; ready = from {
		n := w.frame.next(w.held[from:])
		if n < 0 {
			w.held = w.held[:copy(w.held, w.held[ready:])]
			return
		}
		from += n
		w.take(w.held[ready:from])
	}
}

func TestStreamJudgement(t *testing.T) {
	const (
		role     = `data: {"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"
		hello    = `data: {"choices":[{"delta":{"content":"Hello"},"finish_reason":null}]}` + "\n\n"
		tool     = `data: {"choices":[{"delta":{"tool_calls":[{"index":0}]},"finish_reason":null}]}` + "\n\n"
		finish   = `data: {"choices":[{"delta":{},"finish_reason":"length"}]}` + "\n\n"
		second   = `data: {"choices":[{"index":1,"delta":{"content":"Hi"},"finish_reason":null}]}` + "\n\n"
		created  = "event: response.created\ndata: {\"type\":\"response.created\"}\n\n"
		delta    = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n"
		finished = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"error\":null}}\n\n"
		failed   = "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"server_error\",\"message\":\"m\"}}}\n\n"
	)
	rows := []struct {
		name, path, text        string
		content, complete, cuts bool
		kind                    fault.Kind
	}{
		{"chat: whole", chatPath, role + hello + finish + "data: [DONE]\n\n", true, true, false, fault.Success},
		{"chat: only the role", chatPath, role, false, false, true, fault.Success},
		{"chat: Azure's first chunk", chatPath, `data: {"choices":[],"prompt_filter_results":[]}` + "\n\n", false, false, true, fault.Success},
		{"chat: nothing", chatPath, " ", false, false, true, fault.Success},
		{"chat: another dialect", chatPath, "event: done\ndata: {}\n\n", true, false, false, fault.Success},
		{"chat: text", chatPath, "data: one\n\n", true, false, false, fault.Success},
		{"chat: ping", chatPath, "event: ping\ndata: {}\n\n", false, false, false, fault.Success},
		{"chat: one of two choices", chatPath, second + hello + finish, true, false, true, fault.Success},
		{"chat: both of two choices", chatPath, second + hello + finish + strings.Replace(finish, `"delta"`, `"index":1,"delta"`, 1), true, true, false, fault.Success},
		{"chat: spaces", chatPath, `data: { "choices" : [ { "delta" : { "content" : "x" } , "index" : 0 } ] }` + "\n\n", true, false, true, fault.Success},
		{"chat: legacy", "/v1/completions", `data: {"choices":[{"text":"x","index":0,"finish_reason":"stop"}]}` + "\n\n", true, true, false, fault.Success},
		{"chat: legacy function call", chatPath, `data: {"choices":[{"delta":{"function_call":{"name":"f"}}}]}` + "\n\n", true, false, true, fault.Success},
		{"a named error with CR LF", chatPath, hello + "event: error\r\ndata: {\"message\":\"m\",\"code\":\"server_error\"}\r\n\r\n", true, false, true, fault.Service},
		{"chat: comments", chatPath, ": x\n\n: y\n\n", false, false, true, fault.Success},
		{"chat: half", chatPath, role + hello, true, false, true, fault.Success},
		{"chat: a tool call is content", chatPath, tool, true, false, true, fault.Success},
		{"chat: finished without [DONE]", chatPath, hello + finish, true, true, false, fault.Success},
		{"chat: CR LF", chatPath, "data: {\"choices\":[{\"delta\":{\"content\": \"x\"},\"finish_reason\":\"stop\"}]}\r\n\r\ndata: [DONE]\r\n\r\n", true, true, false, fault.Success},
		{"chat: CR", chatPath, "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\r\rdata: [DONE]\r\r", true, true, false, fault.Success},
		{"chat: [DONE] although it has not finished", chatPath, hello + "data: [DONE]\n\n", true, false, true, fault.Success},
		{"chat: [DONE] alone", chatPath, "data: [DONE]\n\n", false, false, true, fault.Success},
		{"chat: half an object", chatPath, "data: {\"choices\":[{\"del\n\n", false, false, true, fault.Success},
		{"chat: half an object later", chatPath, hello + "data: {\"choices\":[{\"del\n\n", true, false, true, fault.Success},
		{"chat: data in several lines", chatPath, "data: {\"choices\":\ndata: [{\"delta\":{},\ndata: \"finish_reason\":\"stop\"}]}\n\n", true, true, false, fault.Success},
		{"chat: the last blank line is missing", chatPath, hello + strings.TrimSuffix(finish, "\n"), true, false, true, fault.Success},
		{"chat: a byte order mark", chatPath, "\ufeff" + hello + finish, true, true, false, fault.Success},
		{"chat: a list", chatPath, "data: [1]\n\n" + hello + finish, true, true, false, fault.Success},
		{"chat: empty data", chatPath, "data:\n\n" + hello + "data: \n\n" + finish, true, true, false, fault.Success},
		{"chat: error", chatPath, hello + `data: {"error":{"message":"m","type":"server_error","code":null}}` + "\n\n", true, false, true, fault.Service},
		{"chat: quota in a stream", chatPath, `data: {"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}` + "\n\n", false, false, false, fault.Quota},
		{"chat: no error key", chatPath, `data: {"code":"insufficient_quota","message":"m"}` + "\n\n", false, false, false, fault.Quota},
		{"chat: no error key, later", chatPath, hello + `data: {"code":"insufficient_quota","message":"m"}` + "\n\n", true, false, true, fault.Success},
		{"chat: broken off for want of capacity", chatPath, hello + `data: {"choices":[{"delta":{},"finish_reason":"insufficient_system_resource"}]}` + "\n\n", true, true, false, fault.Overload},
		{"chat: error null", chatPath, `data: {"error":null,"choices":[{"delta":{"content":"x"}}]}` + "\n\n", true, false, true, fault.Success},
		{"chat: the word error in the text", chatPath, `data: {"choices":[{"delta":{"content":"{\"error\":{}}"}}]}` + "\n\n", true, false, true, fault.Success},
		{"responses: whole", responsesPath, created + delta + finished, true, true, false, fault.Success},
		{"responses: an item is announced", responsesPath, created + "event: response.output_item.added\ndata: {}\n\n", false, false, true, fault.Success},
		{"responses: a tool at work", responsesPath, "event: response.mcp_call.in_progress\ndata: {}\n\n", true, false, true, fault.Success},
		{"responses: keep-alive", responsesPath, created + "event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":3}\n\n", false, false, true, fault.Success},
		{"responses: half an object", responsesPath, created + "event: response.output_text.delta\ndata: {\"delta\":\"x\n\n", true, false, true, fault.Success},
		{"responses: created", responsesPath, created, false, false, true, fault.Success},
		{"responses: [DONE] for an end", responsesPath, created + delta + "data: [DONE]\n\n", true, false, true, fault.Success},
		{"responses: fetched", responsesPath + "/resp_1", created + delta, true, false, true, fault.Success},
		{"responses: half", responsesPath, created + delta, true, false, true, fault.Success},
		{"responses: failed", responsesPath, created + failed, true, true, false, fault.Service},
		{"responses: no event names", responsesPath, `data: {"type":"response.completed"}` + "\n\n", true, true, false, fault.Success},
		{"speech: whole", "/v1/audio/speech", `data: {"type":"speech.audio.delta","audio":"x"}` + "\n\n" + `data: {"type":"speech.audio.done"}` + "\n\n", true, true, false, fault.Success},
		{"image: half", "/v1/images/generations", "event: image_generation.partial_image\ndata: {}\n\n", true, false, true, fault.Success},
		{"another stream", "/v1/threads/t/runs", "data: x\n\n", true, false, false, fault.Success},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for size := 1; size <= len(row.text); size += 1 + len(row.text)/7 {
				s := newWatch(row.path)
				for rest := row.text; rest != ""; {
					n := min(size, len(rest))
					s.feed([]byte(rest[:n]))
					rest = rest[n:]
				}
				kind := fault.Success
				if s.fault != nil {
					kind = s.fault.Kind
				}
				if s.content != row.content || s.complete() != row.complete || (s.cut() != "" || s.bad != "") != row.cuts || kind != row.kind {
					t.Fatalf("in pieces of %d: content %v, complete %v, cut %v, %v; want %v, %v, %v, %v",
						size, s.content, s.complete(), s.cut()+s.bad, kind, row.content, row.complete, row.cuts, row.kind)
				}
			}
		})
	}
}
