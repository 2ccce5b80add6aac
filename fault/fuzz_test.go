package fault_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

func FuzzRetryAfter(f *testing.F) {
	for _, v := range []string{"", "1", "-1", "1e999", "NaN", "0x1p-2", "1_0", "Fri, 31 Dec 9999 23:59:59 GMT", "try again in 1m2s"} {
		f.Add(v, v)
	}
	f.Fuzz(func(t *testing.T, ms, after string) {
		h := http.Header{"Retry-After-Ms": {ms}, "Retry-After": {after}}
		d, ok := fault.RetryAfter(h, noon)
		if d < 0 || d > 30*24*time.Hour || !ok && d != 0 {
			t.Errorf("got %v, %v", d, ok)
		}
		e := fault.Classify(429, nil, []byte("rate limit; try again in "+after), noon)
		if e.RetryAfter < 0 || e.RetryAfter > 30*24*time.Hour {
			t.Errorf("from the text: %v", e.RetryAfter)
		}
	})
}

func FuzzClassify(f *testing.F) {
	for _, b := range []string{
		`{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}`, `{"choices":[{"error":{"code":502},"finish_reason":"error"}]}`,
		`{"success":false,"msg":"余额不足"}`, `{"message":"Error code: 429 - {'error': {'code': 'x'}}"}`, `{"Response":{"Error":{"Code":"x"}}}`,
		"", page, `{"error":{"code":"insufficient_quota","message":"x","type":"y"}}`, `[{"error":{"code":429}}]`, `{"errors":["x"]}`,
		`"{\"error\":\"x\"}"`, `{"error":{"message":"a {'code': 'x'}"}}`, `{"detail":[{"msg":"x"}]}`, strings.Repeat("[", 100), `{"a":1}}}}`,
	} {
		f.Add(400, b)
		f.Add(200, b)
		f.Add(503, b)
	}
	f.Fuzz(func(t *testing.T, status int, b string) {
		e := fault.Classify(status, nil, []byte(b), noon)
		if (e == nil) != (status < 400) && status/100 != 2 {
			t.Errorf("status %d: %v", status, e)
		}
		bounded(t, e)
	})
}

// Headers are as little to be trusted as bodies.
func FuzzHeaders(f *testing.F) {
	for _, row := range [][2]string{
		{"Retry-After", "120"}, {"Retry-After-Ms", "1.5"}, {"X-Should-Retry", "TRUE"}, {"X-Amzn-Errortype", "ThrottlingException:http://x"},
		{"Content-Type", "text/html; charset"}, {"X-Request-Id", "req_1"}, {"Cf-Ray", "x"}, {"X-Ratelimit-Reset-Tokens", "6m0s"},
	} {
		f.Add(429, row[0], row[1])
		f.Add(200, row[0], row[1])
	}
	f.Fuzz(func(t *testing.T, status int, name, value string) {
		h := http.Header{}
		h.Set(name, value)
		e := fault.Classify(status, h, []byte(`{"error":{"message":"m"}}`), noon)
		bounded(t, e)
		if e != nil && (e.RetryAfter < 0 || e.RetryAfter > 30*24*time.Hour || len(e.RequestID) > 128) {
			t.Errorf("%+v", *e)
		}
	})
}

func FuzzFromEvent(f *testing.F) {
	for _, b := range []string{
		"", "[DONE]", `{"error":null}`, `{"error":{}}`, `{"type":"error","error":{"headers":{"retry-after":"3"}}}`,
		`{"type":"response.failed","response":{"error":{"code":"x"}}}`, `{"object":"error","code":400}`,
	} {
		f.Add("", b)
		f.Add("error", b)
		f.Add("response.failed", b)
	}
	f.Fuzz(func(t *testing.T, name, b string) {
		e := fault.FromEvent(name, []byte(b), noon)
		if e == nil && name == "response.failed" && !strings.Contains(b, "content_filter_error") {
			t.Error("a failure is taken for none")
		}
		bounded(t, e)
		if h := fault.EventHeader([]byte(b)); len(h) > 32 {
			t.Errorf("%d headers", len(h))
		}
	})
}

// bounded holds for every error, whatever came in.
func bounded(t *testing.T, e *fault.Error) {
	t.Helper()
	if e == nil {
		return
	}
	if e.Kind == fault.Success || e.Kind > fault.Cancelled || e.Why == "" {
		t.Errorf("kind %v, why %q", e.Kind, e.Why)
	}
	for _, s := range []string{e.Code, e.Type} {
		if len(s) > 64 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-") != "" {
			t.Errorf("%q is no code", s)
		}
	}
	if text := e.Error(); len(text) > 400 {
		t.Errorf("%d bytes of text", len(text))
	}
}
