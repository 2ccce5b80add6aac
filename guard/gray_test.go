package guard_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

const (
	answered = `{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}`
	saysNil  = `{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"","refusal":null},"finish_reason":"stop"}]}`
	cutShort = `{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"length"}]}`
	anError  = `{"error":{"message":"m","type":"server_error","param":null,"code":"server_error"}}`
)

// Failures behind a good status: repeated where that is allowed, never passed on
// as an answer, and counted as configured.
func TestGrayFailures(t *testing.T) {
	const plain, sse = "application/json", "text/event-stream"
	rows := []struct {
		name, kind, body string
		length           int64
		code             string
		status           int // of the error response; 0: an error
		off              guard.Gray
	}{
		{"HTML", "text/html; charset=utf-8", "<html>", -1, fault.CodeHTML, 0, guard.Gray{HTML: guard.Off}},
		{"an error object", plain, anError, -1, "server_error", 502, guard.Gray{Error: guard.Off}},
		{"an error object of known length", plain, anError, int64(len(anError)), "server_error", 502, guard.Gray{Error: guard.Off}},
		{"an error that has a status", plain, `{"error":{"message":"m","code":503}}`, -1, "503", 503, guard.Gray{Error: guard.Off}},
		{"an error that is a text", plain, `{"error":"overloaded"}`, -1, "", 503, guard.Gray{Error: guard.Off}},
		{"an error event", sse, errorEvent, -1, "server_error", 502, guard.Gray{Error: guard.Off}},
		{"shorter than announced", plain, answered[:50], int64(len(answered)), fault.CodeTruncated, 0, guard.Gray{Truncated: guard.Off}},
		{"half of an object", plain, answered[:50], 50, fault.CodeTruncated, 0, guard.Gray{Truncated: guard.Off}},
		{"nothing", plain, "", -1, fault.CodeEmpty, 0, guard.Gray{Truncated: guard.Off}},
		{"nothing but space", plain, "\n", -1, fault.CodeEmpty, 0, guard.Gray{Truncated: guard.Off}},
		{"an empty stream", sse, "", -1, fault.CodeEmpty, 0, guard.Gray{Truncated: guard.Off}},
		{"a broken event", sse, "data: {\"choi\n\n", -1, fault.CodeMalformed, 0, guard.Gray{Truncated: guard.Off}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			base := func(attempts *int, failures int) answer {
				return func(r *http.Request) (*http.Response, error) {
					if *attempts++; *attempts > failures {
						return respond(r, 200, text(answered), "Content-Type", plain), nil
					}
					resp := respond(r, 200, text(row.body), "Content-Type", row.kind)
					resp.ContentLength = row.length
					return resp, nil
				}
			}
			for cfg, want := range map[*guard.Gray]int64{{}: 1, &row.off: 0} {
				attempts := 0
				r := newRig(t, base(&attempts, 9), guard.Config{Retry: once.Retry, Gray: *cfg})
				resp, got, err := r.chat("http://api")
				f, isFault := errors.AsType[*fault.Error](err)
				if row.status == 0 && (!isFault || f.Code != row.code || resp != nil) || row.status != 0 && (err != nil || resp.StatusCode != row.status) {
					t.Errorf("got %v %q, %v", resp, got, err)
				}
				if e := r.events[0]; e.Fault == nil || row.code != "" && e.Fault.Code != row.code || e.Status != 200 {
					t.Errorf("event %+v", e)
				}
				if m := r.metrics("api/gpt-5"); m.FailedCalls != want {
					t.Errorf("%+v: %d failures, want %d", *cfg, m.FailedCalls, want)
				}
			}
			attempts := 0
			r := newRig(t, base(&attempts, 2), quick)
			if resp, got, err := r.chat("http://api"); err != nil || resp.StatusCode != 200 || got != answered || attempts != 3 {
				t.Errorf("repeated: %v %q, %v after %d attempts", resp, got, err, attempts)
			}
		})
	}
}

func TestAnswersWithoutContent(t *testing.T) {
	const plain, sse = "application/json", "text/event-stream"
	quiet := role + finish + done
	long := role + `data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}` + "\n\n" + done
	for _, row := range []struct {
		kind, body string
		blank      bool
	}{
		{plain, saysNil, true}, {plain, cutShort, false}, {plain, answered, false},
		{sse, quiet, true}, {sse, role + finish, true}, {sse, long, false}, {sse, whole, false},
	} {
		for _, on := range []guard.Switch{guard.Default, guard.Off, guard.On} {
			r := newRig(t, fixed(200, row.body, "Content-Type", row.kind), guard.Config{Retry: once.Retry, Gray: guard.Gray{Empty: on}})
			_, got, err := r.chat("http://api")
			fails := on == guard.On && row.blank
			f, isFault := errors.AsType[*fault.Error](err)
			if fails != isFault || fails && f.Code != fault.CodeEmptyContent || !fails && got != row.body {
				t.Errorf("%s, %v: %q, %v", row.body, on, got, err)
			}
			if m := r.metrics("api/gpt-5"); m.FailedCalls != map[bool]int64{true: 1}[fails] {
				t.Errorf("%s, %v: %+v", row.body, on, m)
			}
		}
	}
}

// JSON of unknown length that is long in coming is handed over without a look into
// it, and judged at its end.
func TestAnswerThatIsLongInComing(t *testing.T) {
	const gap = `{"id":"c","object":"chat.completion","choices":[{"index":0,`
	for name, row := range map[string]struct {
		pieces []piece
		want   fault.Kind
		fails  bool
	}{
		"an answer": {[]piece{{after: 90 * time.Second, text: gap}, {after: time.Second, text: answered[len(gap):]}}, fault.Success, false},
		"an error":  {[]piece{{after: 90 * time.Second, text: anError}}, fault.Service, false},
		"nothing":   {[]piece{{after: 90 * time.Second, text: "", err: errReset}}, fault.Service, true},
		"a half":    {[]piece{{after: 90 * time.Second, text: gap}}, fault.Service, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, answer(func(q *http.Request) (*http.Response, error) {
					return respond(q, 200, &script{ctx: q.Context(), pieces: row.pieces}, "Content-Type", "application/json"), nil
				}), guard.Config{})
				start := time.Now()
				resp, err := r.RoundTrip(newPost(t, "http://api", chat))
				if err != nil || time.Since(start) != time.Minute {
					t.Fatalf("after %v: %v", time.Since(start), err)
				}
				defer resp.Body.Close()
				_, err = io.ReadAll(resp.Body)
				if e := r.events[len(r.events)-1]; e.Kind != row.want || (err != nil) != row.fails || e.Attempt != 1 || row.want == fault.Success && e.Content != 90*time.Second {
					t.Errorf("event %+v, %v", e, err)
				}
			})
		})
	}
}

// A response that failed is an object of the API, which clients understand; it
// counts, and comes as it is.
func TestFailedResponseIsPassedOnAsItIs(t *testing.T) {
	const failed = `{"object":"response","status":"failed","error":{"code":"server_error","message":"m"}}`
	r := newRig(t, fixed(200, failed, "Content-Type", "application/json"), quick)
	req := newPost(t, "http://api", chat)
	req.URL.Path = "/v1/responses"
	resp, err := r.RoundTrip(req)
	if err != nil || resp.StatusCode != 200 || r.metrics("api/gpt-5").FailedCalls != 1 {
		t.Errorf("got %v, %v", resp, err)
	}
}

// How an upstream's streams end is a setting.
func TestEndings(t *testing.T) {
	noReason, neither := chunk+done, chunk
	for ending, want := range map[guard.Ending][2]bool{
		guard.EndFinish: {false, false}, guard.EndDone: {true, false}, guard.EndAny: {true, true},
	} {
		for i, body := range []string{noReason, neither} {
			attempts := 0
			cfg := guard.Config{Retry: once.Retry, Overrides: []guard.Override{{Upstream: "api", Ending: &ending}}}
			r := newRig(t, streams(&attempts, []piece{{text: body}}), cfg)
			if _, got, err := r.chat("http://api"); (err == nil) != want[i] || want[i] && got != body {
				t.Errorf("%v: %q, %v", ending, got, err)
			}
		}
	}
	for value, want := range map[interface{ String() string }]string{
		guard.EndFinish: "finish", guard.EndDone: "done", guard.EndAny: "any", guard.On: "on", guard.Off: "off", guard.Default: "default",
		guard.CommitLate: "late", guard.CommitHeaders: "headers", guard.CommitDefault: "late",
	} {
		if value.String() != want {
			t.Errorf("%v, want %s", value, want)
		}
	}
}

// A reasoning model that is known to think for minutes is no stall; another one is.
func TestModelThatThinksForMinutes(t *testing.T) {
	cfg := guard.Config{Retry: once.Retry, Overrides: []guard.Override{{
		Models: []string{"gpt-5*"}, Timeouts: guard.Timeouts{Idle: 20 * time.Minute, FirstContent: 20 * time.Minute}, CommitAfter: -1,
	}}}
	for model, want := range map[string]string{"gpt-5": "", "gpt-4": fault.CodeIdleTimeout} {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			r := newRig(t, streams(&attempts, []piece{{text: role}, {after: 15 * time.Minute, text: chunk + finish + done}}), cfg)
			_, got, err := r.post(t.Context(), "http://api", `{"model":"`+model+`"}`)
			f, failed := errors.AsType[*fault.Error](err)
			if want == "" && (err != nil || got != whole) || want != "" && (!failed || f.Code != want) {
				t.Errorf("%s: %q, %v", model, got, err)
			}
		})
	}
}
