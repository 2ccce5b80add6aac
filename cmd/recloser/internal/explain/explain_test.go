package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/recloser/recloser/fault"
)

// answers runs Lines over text.
func answers(t *testing.T, text string) ([]map[string]any, error) {
	t.Helper()
	var out bytes.Buffer
	err := Lines(t.Context(), strings.NewReader(text), &out)
	var all []map[string]any
	for line := range strings.Lines(out.String()) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, one)
	}
	return all, err
}

// The guard makes of every recorded exchange what is written beside it.
func TestExchanges(t *testing.T) {
	text, err := os.ReadFile("../../../../fault/testdata/exchanges.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	got, err := answers(t, string(text))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		var want struct{ Name, Kind string }
		if err := json.Unmarshal([]byte(line), &want); err != nil {
			t.Fatal(err)
		}
		if got[n]["kind"] != want.Kind {
			t.Errorf("%s: got %v, want %s: %v", want.Name, got[n]["kind"], want.Kind, got[n]["why"])
		}
		n++
	}
	if n != len(got) {
		t.Errorf("%d lines, %d answers", n, len(got))
	}
}

// What follows from a kind.
func TestVerdict(t *testing.T) {
	const chunk = `"data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}"`
	for _, row := range []struct {
		name, line    string
		kind          fault.Kind
		counts, retry bool
		wait, user    any
	}{
		{"success", `{"status":200,"body":{"choices":[{"index":0}]}}`, fault.Success, false, false, nil, nil},
		{"service", `{"status":500}`, fault.Service, true, true, nil, fault.MessageUnavailable},
		{"service, not safe", `{"endpoint":"POST /v1/responses","status":500}`, fault.Service, true, false, nil, fault.MessageUnavailable},
		{"turned away, not safe", `{"endpoint":"POST /v1/responses","status":503,"body":{"error":{"code":"slow_down"}}}`, fault.Overload, true, true, nil, fault.MessageUnavailable},
		{"overload 429", `{"status":429,"headers":{"Retry-After":["7"]},"body":{"error":{"code":"slow_down"}}}`, fault.Overload, false, true, 7.0, fault.MessageHighDemand},
		{"rate limit", `{"status":429,"headers":{"retry-after-ms":1500}}`, fault.RateLimit, false, true, 1.5, fault.MessageHighDemand},
		{"rate limit, told to stop", `{"status":429,"headers":{"x-should-retry":"false"}}`, fault.RateLimit, false, false, nil, fault.MessageHighDemand},
		{"quota", `{"status":429,"body":"{\"error\":{\"code\":\"insufficient_quota\"}}"}`, fault.Quota, false, false, nil, fault.MessageUnavailable},
		{"caller", `{"status":400}`, fault.Caller, false, false, nil, nil},
		{"timeout", `{"status":"504"}`, fault.Timeout, true, true, nil, fault.MessageUnavailable},
		{"cancelled", `{"status":499}`, fault.Cancelled, false, false, nil, nil},
		{"refused", `{"transport":"connect ECONNREFUSED 1.2.3.4:443"}`, fault.Service, true, true, nil, fault.MessageUnavailable},
		{"DNS", `{"endpoint":"responses","transport":"dns"}`, fault.Service, true, true, nil, fault.MessageUnavailable},
		{"no headers in time, not safe", `{"endpoint":"POST /v1/files","transport":"headers_timeout"}`, fault.Timeout, true, false, nil, fault.MessageUnavailable},
		{"context canceled", `{"transport":"context canceled"}`, fault.Cancelled, false, false, nil, nil},
		{"a page", `{"status":200,"headers":{"content-type":"text/html"},"body":"<html></html>"}`, fault.Service, true, true, nil, fault.MessageUnavailable},
		{"a page, unannounced", `{"status":200,"body":"<!doctype html><html></html>"}`, fault.Service, true, true, nil, fault.MessageUnavailable},
		{"nothing", `{"status":200}`, fault.Service, true, true, nil, fault.MessageUnavailable},
		{"half of JSON", `{"status":200,"body":"{\"choices\":[{"}`, fault.Service, true, true, nil, fault.MessageUnavailable},
		{"shorter than announced", `{"status":200,"headers":{"content-length":"900","content-type":"audio/mpeg"},"body":"x"}`, fault.Service, true, true, nil, fault.MessageUnavailable},
		{"packed on its way", `{"status":200,"headers":{"content-length":"9","content-encoding":"gzip"},"body":{"error":{"code":"insufficient_quota"}}}`, fault.Quota, false, false, nil, fault.MessageUnavailable},
		{"cut before content", `{"status":200,"events":["{\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}"]}`, fault.Service, true, true, nil, fault.MessageUnavailable},
		{"cut after content", `{"status":200,"events":[` + chunk + `]}`, fault.Service, true, false, nil, fault.MessageUnavailable},
		{"cut in a fetched stream", `{"endpoint":"GET /v1/responses/r","status":200,"events":[` + chunk + `]}`, fault.Success, false, false, nil, nil},
		{"named events, begun and not safe", `{"endpoint":"/v1/responses?x=1","status":200,"events":[{"event":"error","data":{"type":"error","code":"slow_down"}}]}`, fault.Overload, true, false, nil, fault.MessageUnavailable},
		{"events as objects", `{"status":200,"events":[{"error":{"code":"insufficient_quota"}}]}`, fault.Quota, false, false, nil, fault.MessageUnavailable},
		{"a stream as a text", `{"status":200,"body":"data: {\"error\":{\"code\":\"server_error\"}}\n\n"}`, fault.Service, true, true, nil, fault.MessageUnavailable},
		{"broken off after content", `{"status":200,"transport":"ECONNRESET","events":[` + chunk + `]}`, fault.Service, true, false, nil, fault.MessageUnavailable},
		{"silent after content", `{"status":200,"transport":"idle_timeout","events":[` + chunk + `]}`, fault.Timeout, true, false, nil, fault.MessageUnavailable},
		{"events as a text", `{"status":200,"events":"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"}`, fault.Success, false, false, nil, nil},
		{"headers as pairs", `{"status":429,"headers":[["Retry-After",3]]}`, fault.RateLimit, false, true, 3.0, fault.MessageHighDemand},
		{"the wait in the body", `{"status":429,"body":{"error":{"code":"model_cooldown","type":"rate_limit_error","reset_seconds":30}}}`, fault.RateLimit, false, true, 30.0, fault.MessageHighDemand},
		{"a URL", `{"endpoint":"POST https://api.openai.com/v1/batches","status":500}`, fault.Service, true, false, nil, fault.MessageUnavailable},
		{"a name", `{"endpoint":"chat.completions","status":502,"events":null,"headers":null}`, fault.Service, true, true, nil, fault.MessageUnavailable},
	} {
		t.Run(row.name, func(t *testing.T) {
			all, err := answers(t, row.line)
			if err != nil || len(all) != 1 {
				t.Fatalf("%v, %v", all, err)
			}
			got := all[0]
			if got["kind"] != row.kind.String() || got["counts"] != row.counts || got["retry"] != row.retry ||
				got["wait_seconds"] != row.wait || got["user_message"] != row.user || got["why"] == "" {
				t.Errorf("got %v", got)
			}
			if len(got) != 6 {
				t.Errorf("%d fields", len(got))
			}
		})
	}
}

// A line that cannot be read does not keep the others from being answered.
func TestBadLines(t *testing.T) {
	for text, want := range map[string]string{
		`x`:                                   "this is no JSON object",
		`{"status":429`:                       "this is no JSON object",
		`[1]`:                                 "this is no JSON object",
		`{}`:                                  `"status" is missing: use an HTTP status, or name the error in "transport"`,
		`{"status":99}`:                       `"status" is no HTTP status: use a number such as 429`,
		`{"status":"many"}`:                   `"status" is no HTTP status: use a number such as 429`,
		`{"status":200,"events":7}`:           `"events" is no list`,
		`{"endpoint":7,"status":200}`:         `"endpoint" is of the kind number: see recloser explain --help`,
		`{"status":200,"events":[1]}`:         `number 1 of "events" is neither a text nor an object`,
		`{"status":200,"headers":"x"}`:        `"headers" is no object`,
		`{"status":200,"headers":{"a":{}}}`:   `a value in "headers" is neither a text nor a number`,
		`{"status":200,"endpoint":"A B C D"}`: "",
	} {
		all, err := answers(t, "\n"+text+"\n{\"status\":500}")
		if len(all) != 2 || all[1]["kind"] != "service" {
			t.Errorf("%s: the other line is answered by %v", text, all)
			continue
		}
		if want == "" {
			continue
		}
		if all[0]["error"] != want || all[0]["line"] != 2.0 || err == nil || err.Error() != "line 2 could not be read" {
			t.Errorf("%s: %v, %v", text, all[0], err)
		}
	}
	_, err := answers(t, strings.Repeat("x\n", 30))
	if err == nil || err.Error() != "30 lines could not be read: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, …" {
		t.Errorf("%v", err)
	}
}

func TestLongLine(t *testing.T) {
	all, err := answers(t, `{"status":500,"body":"`+strings.Repeat("x", maxLine)+`"}`+"\n"+`{"status":429}`)
	if len(all) != 2 || all[0]["error"] != errTooLong.Error() || all[1]["kind"] != "rate_limit" || err == nil {
		t.Errorf("%.200v, %v", all, err)
	}
}

func TestWriterThatFails(t *testing.T) {
	full := errors.New("full")
	if err := Lines(t.Context(), strings.NewReader(`{"status":500}`), failing{full}); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if err := Table(failing{full}); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// The table has every row, and fits on a terminal where words allow it.
func TestTable(t *testing.T) {
	var out bytes.Buffer
	if err := Table(&out); err != nil {
		t.Fatal(err)
	}
	for r := range fault.Table() {
		if !strings.Contains(out.String(), r.Kind.String()) || !strings.Contains(out.String(), r.Name+"\n") {
			t.Errorf("no row %q", r.Name)
		}
	}
	for line := range strings.Lines(out.String()) {
		if line = strings.TrimRight(line, "\n"); columns(line) > width && strings.Contains(strings.TrimSpace(line[2:]), "  ") {
			t.Errorf("%d columns: %s", columns(line), line)
		}
	}
}

func FuzzLines(f *testing.F) {
	for _, line := range []string{
		`{"status":429,"headers":{"retry-after":["1"]},"body":{"error":{"code":"x"}}}`,
		`{"endpoint":"POST /v1/responses","status":200,"events":["{}",{"event":"error","data":{}},"[DONE]"]}`,
		`{"endpoint":"::","transport":"eof"}`, `{"status":200,"body":"data: x"}`, `{"status":101}`, `{"status":204}`,
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\r\n") || strings.TrimSpace(line) == "" {
			return
		}
		var out bytes.Buffer
		err := Lines(t.Context(), strings.NewReader(line), &out)
		if n := strings.Count(out.String(), "\n"); n != 1 {
			t.Errorf("%d answers: %s", n, out.String())
		}
		if (err != nil) != strings.Contains(out.String(), `"line":1`) {
			t.Errorf("%v: %s", err, out.String())
		}
	})
}
