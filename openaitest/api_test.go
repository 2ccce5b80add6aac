package openaitest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

func TestEndpointsWithAndWithoutV1(t *testing.T) {
	tests := []struct{ method, path, body, object string }{
		{"POST", "/chat/completions", chatBody, "chat.completion"},
		{"POST", "/responses", `{"model":"m","input":"Hello"}`, "response"},
		{"POST", "/embeddings", `{"model":"m","input":"Hello"}`, "list"},
		{"POST", "/batches", `{"input_file_id":"f","endpoint":"/v1/responses","completion_window":"24h"}`, "batch"},
		{"GET", "/models", "", "list"},
		{"GET", "/models/gpt-4o", "", "model"},
	}
	l := openaitest.Start(t, openaitest.Config{})
	for _, tt := range tests {
		for _, prefix := range []string{"", "/v1"} {
			g := do(client(t), newRequest(t.Context(), t, tt.method, l.URL+prefix+tt.path, tt.body))
			var object struct{ Object string }
			decode(t, g.body, &object)
			if g.status != 200 || object.Object != tt.object {
				t.Errorf("%s: %+v", tt.path, g)
			}
			for _, name := range []string{"X-Request-Id", "Openai-Processing-Ms", "Openai-Version", "Cf-Ray"} {
				if g.header.Get(name) == "" {
					t.Errorf("%s: no %s", tt.path, name)
				}
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Models: []string{"gpt-4o"}, MaxBody: 200})
	tests := []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"POST", "/v1/nonsense", "{}", 404, ""},
		{"GET", "/", "", 404, ""},
		{"GET", "/v1/models/", "", 404, ""},
		{"GET", chatPath, "", 405, ""},
		{"POST", "/models", "{}", 405, ""},
		{"POST", chatPath, `{"model":`, 400, ""},
		{"POST", chatPath, ``, 400, ""},
		{"POST", chatPath, `{"model":7}`, 400, "invalid_type"},
		{"POST", chatPath, `{"messages":[{}]}`, 400, ""},
		{"POST", chatPath, `{"model":"gpt-4o","messages":[]}`, 400, "missing_required_parameter"},
		{"POST", chatPath, `{"model":"gpt-4o","messages":[{}],"n":0}`, 400, "invalid_value"},
		{"POST", chatPath, `{"model":"gpt-9","messages":[{}]}`, 404, "model_not_found"},
		{"POST", respPath, `{"model":"gpt-4o"}`, 400, "missing_required_parameter"},
		{"POST", "/embeddings", `{"model":"gpt-4o"}`, 400, "missing_required_parameter"},
		{"POST", "/embeddings", `{"model":"gpt-4o","input":"a","dimensions":9999}`, 400, "invalid_value"},
		{"POST", "/batches", `{}`, 400, "missing_required_parameter"},
		{"POST", "/files", `{}`, 400, "missing_required_parameter"},
		{"GET", "/models/gpt-9", ``, 404, "model_not_found"},
		{"GET", "/realtime", ``, 400, ""},
	}
	for _, tt := range tests {
		g := do(client(t), newRequest(t.Context(), t, tt.method, l.URL+tt.path, tt.body))
		if g.status != tt.status {
			t.Errorf("%s %s %s: %d", tt.method, tt.path, tt.body, g.status)
			continue
		}
		if code, kind := g.apiError(t); code != tt.code || kind != "invalid_request_error" {
			t.Errorf("%s %s %s: code %q, type %q", tt.method, tt.path, tt.body, code, kind)
		}
	}
	if g := post(t, l, chatPath, strings.Repeat(" ", 201)); g.status != 413 || !strings.HasPrefix(g.body, "<!DOCTYPE") {
		t.Errorf("%+v", g)
	}
}

func TestAPIKey(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{APIKey: "sk-test-0123456789"})
	tests := []struct {
		header, value string
		status        int
		code          string
	}{
		{"X-Nothing", "", 401, ""}, // the real API has no code for this
		{"Authorization", "Bearer sk-wrong-987654321", 401, "invalid_api_key"},
		{"Authorization", "Basic sk-test-0123456789", 401, ""},
		{"Authorization", "Bearer sk-test-0123456789", 200, ""},
		{"Api-Key", "sk-test-0123456789", 200, ""},
	}
	for _, tt := range tests {
		r := newRequest(t.Context(), t, http.MethodPost, l.URL+chatPath, chatBody)
		r.Header.Set(tt.header, tt.value)
		g := do(client(t), r)
		if g.status != tt.status {
			t.Errorf("%s: %s: %+v", tt.header, tt.value, g)
		}
		if g.status != 401 {
			continue
		}
		if code, kind := g.apiError(t); code != tt.code || kind != "invalid_request_error" {
			t.Errorf("%s: %s: code %q, type %q", tt.header, tt.value, code, kind)
		}
	}
}

func TestChatHonoursWhatItIsAsked(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Chunks: 5})
	body := `{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}],"n":3,"max_tokens":4}`
	g := post(t, l, chatPath, body)
	var answer struct {
		Model   string
		Choices []struct {
			Index        int
			Message      struct{ Content string }
			FinishReason string `json:"finish_reason"`
		}
		Usage struct {
			Prompt     int `json:"prompt_tokens"`
			Completion int `json:"completion_tokens"`
			Total      int `json:"total_tokens"`
		}
	}
	decode(t, g.body, &answer)
	if answer.Model != "gpt-4o" || len(answer.Choices) != 3 {
		t.Fatalf("%+v", answer)
	}
	for i, c := range answer.Choices {
		if c.Index != i || c.FinishReason != "length" || len(strings.Fields(c.Message.Content)) != 4 {
			t.Errorf("%+v", c)
		}
	}
	if u := answer.Usage; u.Completion != 12 || u.Prompt < 1 || u.Total != u.Prompt+u.Completion {
		t.Errorf("%+v", u)
	}
	if g.header.Get("X-Ratelimit-Remaining-Requests") == "" {
		t.Error("no rate limit headers")
	}
}

// TestChatStreamHasTheShapeOfACapture compares keys, ends and order.
func TestChatStreamHasTheShapeOfACapture(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Chunks: 1})
	body := strings.Replace(chatStreamBody, "{", `{"stream_options":{"include_usage":true},`, 1)
	ours := post(t, l, chatPath, body)
	theirs, err := os.ReadFile("testdata/chat.sse")
	if err != nil {
		t.Fatal(err)
	}
	have, want := ours.events(), got{body: string(theirs)}.events()
	if len(have) != len(want) {
		t.Fatalf("%d events, want %d:\n%s", len(have), len(want), ours.body)
	}
	last := len(want) - 1
	if have[last] != "[DONE]" || !strings.HasSuffix(ours.body, "data: [DONE]\n\n") {
		t.Errorf("the end is %q", have[last])
	}
	for i := range last {
		// Today every chunk but the last has a null in usage; the capture is older.
		mine := strings.Replace(have[i], `,"usage":null}`, `}`, 1)
		if (mine == have[i]) != (i == last-1) {
			t.Errorf("event %d: usage is not null: %s", i, have[i])
		}
		if a, b := shape(t, mine), shape(t, want[i]); a != b {
			t.Errorf("event %d has the shape\n%s, want\n%s", i, a, b)
		}
	}
}

// TestResponsesStreamHasTheShapeOfACapture does the same; the capture has not
// got all the events that the live API sends, so it is a subsequence.
func TestResponsesStreamHasTheShapeOfACapture(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Chunks: 2})
	ours := post(t, l, respPath, respStreamBody)
	theirs, err := os.ReadFile("testdata/responses.sse")
	if err != nil {
		t.Fatal(err)
	}
	want := got{body: string(theirs)}.events()
	var kinds []string
	for i, data := range ours.events() {
		var e map[string]any
		decode(t, data, &e)
		kind := e["type"].(string)
		kinds = append(kinds, kind)
		if e["sequence_number"] != float64(i) {
			t.Errorf("event %d: %s", i, data)
		}
		if !strings.Contains(ours.body, "event: "+kind+"\ndata: {\"type\":\""+kind) {
			t.Errorf("%s has no name of its own", kind)
		}
		var w map[string]any
		if decode(t, want[0], &w); w["type"] != kind {
			continue
		}
		for key := range w {
			if _, ok := e[key]; !ok {
				t.Errorf("%s has no %s", kind, key)
			}
		}
		want = want[1:]
	}
	if len(want) != 1 || want[0] != "[DONE]" {
		t.Errorf("not in ours: %s", want)
	}
	if strings.Contains(ours.body, "[DONE]") {
		t.Error("a Responses stream has no [DONE]")
	}
	const order = "created in_progress output_item.added content_part.added output_text.delta " +
		"output_text.delta output_text.done content_part.done output_item.done completed"
	if have := strings.ReplaceAll(strings.Join(kinds, " "), "response.", ""); have != order {
		t.Errorf("order: %s", have)
	}
}

// shape returns the keys of a JSON text in their order, without values.
func shape(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	in := json.NewDecoder(strings.NewReader(text))
	var walk func()
	walk = func() {
		token, err := in.Token()
		if err != nil {
			t.Fatal(err)
		}
		open, nested := token.(json.Delim)
		if !nested {
			return
		}
		fmt.Fprintf(&out, "%v", open)
		for in.More() {
			if open == '{' {
				key, _ := in.Token()
				fmt.Fprintf(&out, " %v:", key)
			}
			walk()
		}
		end, _ := in.Token()
		fmt.Fprintf(&out, "%v", end)
	}
	walk()
	return out.String()
}

func TestResponseCutShortIsIncomplete(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{})
	body := strings.Replace(respStreamBody, "{", `{"max_output_tokens":2,`, 1)
	events := post(t, l, respPath, body).events()
	if last := events[len(events)-1]; !strings.HasPrefix(last, `{"type":"response.incomplete"`) ||
		!strings.Contains(last, `"incomplete_details":{"reason":"max_output_tokens"}`) {
		t.Error(last)
	}
}

func TestEmbeddings(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{})
	tests := []struct {
		input string
		count int
	}{{`"a"`, 1}, {`["a","b"]`, 2}, {`[1,2,3]`, 1}, {`[[1,2],[3]]`, 2}}
	for _, tt := range tests {
		var list struct {
			Data []struct {
				Index     int
				Embedding []float64
			}
		}
		decode(t, post(t, l, "/v1/embeddings", `{"model":"m","dimensions":8,"input":`+tt.input+`}`).body, &list)
		if len(list.Data) != tt.count || len(list.Data[0].Embedding) != 8 {
			t.Errorf("%s: %+v", tt.input, list)
		}
	}
	g := post(t, l, "/v1/embeddings", `{"model":"m","input":"a","encoding_format":"base64"}`)
	if !strings.Contains(g.body, `"embedding":"`) {
		t.Errorf("not base64: %s", g.body)
	}
}

func TestUploadsAreDifferentEachTime(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{})
	seen := map[string]bool{}
	for range 2 {
		var form bytes.Buffer
		parts := multipart.NewWriter(&form)
		part, err := parts.CreateFormFile("file", "batch.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, strings.Repeat("x", 100_000))
		_ = parts.WriteField("purpose", "batch")
		_ = parts.Close()
		r := newRequest(t.Context(), t, http.MethodPost, l.URL+"/v1/files", form.String())
		r.Header.Set("Content-Type", parts.FormDataContentType())
		var file struct {
			ID, Filename, Purpose string
			Bytes                 int
		}
		decode(t, do(client(t), r).body, &file)
		if file.Bytes != 100_000 || file.Filename != "batch.jsonl" || file.Purpose != "batch" {
			t.Errorf("%+v", file)
		}
		seen[file.ID] = true
	}
	if len(seen) != 2 || l.Counts().ByEndpoint["files"] != 2 || l.Log()[1].BodyBytes < 100_000 {
		t.Errorf("%v, %+v", seen, l.Counts())
	}
}

func TestLatencyAndInterval(t *testing.T) {
	l := openaitest.Start(t, openaitest.Config{Latency: 40 * time.Millisecond, ChunkInterval: 5 * time.Millisecond})
	begin := time.Now()
	g := post(t, l, chatPath, chatStreamBody)
	if took := time.Since(begin); g.err != nil || took < 90*time.Millisecond {
		t.Errorf("%v, %v", took, g.err)
	}
}
