package fault_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

// Other servers say the same things in other shapes.
func TestShapes(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
		code   string
		typ    string
	}{
		{"code is a number", 502, `{"error":{"code":502,"message":"x","type":"cf_bad_gateway"}}`, fault.Service, "502", "cf_bad_gateway"},
		{"error is a string, code beside it", 429, `{"code":"insufficient_quota","error":"x"}`, fault.Quota, "insufficient_quota", ""},
		{"no error key", 400, `{"object":"error","message":"x","type":"BadRequestError","param":null,"code":400}`, fault.Caller, "400", "BadRequestError"},
		{"no error key, 5xx", 500, `{"object":"error","message":"x","type":"InternalServerError","code":500}`, fault.Service, "500", "InternalServerError"},
		{"array", 429, `[{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}]`, fault.RateLimit, "429", "RESOURCE_EXHAUSTED"},
		{"array, overloaded", 503, `[{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}]`, fault.Overload, "503", "UNAVAILABLE"},
		{"errors list of objects", 429, `{"errors":[{"code":"insufficient_quota","message":"x"}]}`, fault.Quota, "insufficient_quota", ""},
		{"errors list of strings", 500, `{"errors":["server is busy"]}`, fault.Overload, "", ""},
		{"detail string", 503, `{"detail":"Model is overloaded"}`, fault.Overload, "", ""},
		{"detail list", 422, `{"detail":[{"loc":["body","model"],"msg":"field required","type":"value_error.missing"}]}`, fault.Caller, "", "value_error.missing"},
		{"detail with an error", 429, `{"detail":{"error":{"code":"insufficient_quota"}}}`, fault.Quota, "insufficient_quota", ""},
		{"message at the top", 402, `{"message":"Insufficient Balance"}`, fault.Quota, "", ""},
		{"balance told in the text", 403, `{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}`, fault.Quota, "invalid_request_error", "unknown_error"},
		{"balance told in Chinese", 403, `{"error":{"message":"用户余额不足","type":"new_api_error","code":null}}`, fault.Quota, "", "new_api_error"},
		{"overload told in Chinese", 429, `{"error":{"message":"当前分组上游负载已饱和，请稍后再试","type":"new_api_error","code":null}}`, fault.Overload, "", "new_api_error"},
		{"JSON in a string", 500, `"{\"error\":{\"code\":\"insufficient_quota\"}}"`, fault.Quota, "insufficient_quota", ""},
		{"JSON in a message", 500, `{"error":{"message":"upstream said: {\"error\":{\"code\":\"rate_limit_exceeded\",\"type\":\"tokens\"}}","code":"bad_response_status_code"}}`, fault.RateLimit, "rate_limit_exceeded", "tokens"},
		{"JSON in metadata", 502, `{"error":{"code":502,"message":"Provider returned error","metadata":{"raw":"{\"error\":{\"code\":\"insufficient_quota\"}}"}}}`, fault.Quota, "insufficient_quota", ""},
		{"Python in a message", 500, `{"error":{"message":"Error code: 429 - {'error': {'message': \"It's over\", 'type': 'insufficient_quota', 'param': None, 'code': 'insufficient_quota'}}"}}`, fault.Quota, "insufficient_quota", "insufficient_quota"},
		{"code in an inner object does not count", 400, `{"error":{"code":"x","inner":{"code":"insufficient_quota"}}}`, fault.Caller, "x", ""},
		{"the first code counts", 429, `{"error":{"code":"insufficient_quota","error":{"code":"x"}}}`, fault.Quota, "insufficient_quota", ""},
		{"Python is not read against a code", 400, `{"error":{"code":"invalid_value","message":"{'code': 'insufficient_quota'}"}}`, fault.Caller, "invalid_value", ""},
		{"text is not heard against a code", 400, `{"error":{"code":"invalid_value","message":"insufficient balance"}}`, fault.Caller, "invalid_value", ""},
		{"text is heard against an unknown code", 400, `{"error":{"code":"brand_new","message":"insufficient balance"}}`, fault.Quota, "brand_new", ""},
		{"an unknown code that blames the caller", 400, `{"error":{"code":"invalid_thing","message":"rate limit"}}`, fault.Caller, "invalid_thing", ""},
		{"cut after the code", 429, `{"error":{"code":"insufficient_quota","message":"you exce`, fault.Quota, "insufficient_quota", ""},
		{"byte order mark and blanks", 429, "\ufeff \n" + `{"error":{"code":"insufficient_quota"}}`, fault.Quota, "insufficient_quota", ""},
		{"HTML of a 5xx", 503, "<html><body>error</body></html>", fault.Service, "html", ""},
		{"plain text", 503, "no healthy upstream", fault.Service, "", ""},
		{"garbage", 500, "\x00\xff\xfe{{{[[[", fault.Service, "", ""},
		{"413 by rate_limit_exceeded", 413, `{"error":{"message":"Request too large for model","type":"tokens","code":"rate_limit_exceeded"}}`, fault.Caller, "rate_limit_exceeded", "tokens"},
		{"overloaded_error", 529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, fault.Overload, "", "overloaded_error"},
		{"a hint in the first 4 KiB", 403, `{"error":{"message":"` + strings.Repeat("é", 2000) + ` insufficient balance"}}`, fault.Quota, "", ""},
		{"a hint after them", 403, `{"error":{"message":"x` + strings.Repeat("é", 2048) + ` insufficient balance"}}`, fault.Caller, "", ""},
		{"a code after 64 KiB", 429, `{"a":"` + strings.Repeat("x", 64<<10) + `","error":{"code":"insufficient_quota"}}`, fault.RateLimit, "", ""},
		{"deep nesting", 500, strings.Repeat(`{"error":`, 3000), fault.Service, "", ""},
		{"dots in keys", 400, `{"error.code":"insufficient_quota"}`, fault.Caller, "", ""},
		{"empty keys", 429, `{"":{"a":1},"error":{"":"x","code":"insufficient_quota"}}`, fault.Quota, "insufficient_quota", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := fault.Classify(row.status, nil, []byte(row.body), noon)
			if kindOf(e) != row.kind || e.Code != row.code || e.Type != row.typ {
				t.Errorf("got %v, code %q, type %q\nwant %v, %q, %q", kindOf(e), e.Code, e.Type, row.kind, row.code, row.typ)
			}
		})
	}
}

func TestHeadersOfAnAnswer(t *testing.T) {
	limit := []byte(body("rate_limit_exceeded", "tokens", "Please try again in 6.57s."))
	for _, row := range []struct {
		name   string
		status int
		header map[string]string
		body   []byte
		want   fault.Error
		retry  bool
	}{
		{"request id", 500, map[string]string{"x-request-id": "req_1"}, nil, fault.Error{RequestID: "req_1"}, true},
		{"Azure's request id", 500, map[string]string{"apim-request-id": "0a-1b"}, nil, fault.Error{RequestID: "0a-1b"}, true},
		{"a request id that is none", 500, map[string]string{"x-request-id": "a b\nc"}, nil, fault.Error{}, true},
		{"a request id that is too long", 500, map[string]string{"x-request-id": strings.Repeat("a", 129)}, nil, fault.Error{}, true},
		{"edge", 502, map[string]string{"cf-ray": "1"}, nil, fault.Error{Edge: true}, true},
		{"the API through the edge, by id", 502, map[string]string{"cf-ray": "1", "x-request-id": "req_1"}, nil, fault.Error{RequestID: "req_1"}, true},
		{"the API through the edge, by version", 502, map[string]string{"cf-ray": "1", "openai-version": "2020-10-01"}, nil, fault.Error{}, true},
		{"retry-after", 429, map[string]string{"retry-after": "2"}, limit, fault.Error{RetryAfter: 2 * time.Second}, true},
		{"retry-after 0 is said", 429, map[string]string{"retry-after": "0"}, limit, fault.Error{}, true},
		{"delay in the text", 429, nil, limit, fault.Error{RetryAfter: 6570 * time.Millisecond}, true},
		{"the full reset is no delay", 429, map[string]string{"x-ratelimit-reset-tokens": "6m0s"}, nil, fault.Error{}, true},
		{"the text of a 500 is no delay", 500, nil, []byte(body("", "", "try again in 6s")), fault.Error{}, true},
		{"told to stop", 500, map[string]string{"x-should-retry": "false"}, nil, fault.Error{Advice: fault.Stop}, false},
		{"told to retry", 400, map[string]string{"x-should-retry": "true"}, nil, fault.Error{Advice: fault.Retry}, true},
		{"told to retry without money", 429, map[string]string{"x-should-retry": "true"}, []byte(body("insufficient_quota", "", "")), fault.Error{Advice: fault.Retry}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := http.Header{}
			for k, v := range row.header {
				h.Set(k, v)
			}
			e := fault.Classify(row.status, h, row.body, noon)
			if e.RequestID != row.want.RequestID || e.Edge != row.want.Edge || e.RetryAfter != row.want.RetryAfter || e.Advice != row.want.Advice {
				t.Errorf("id %q, edge %v, after %v, advice %v", e.RequestID, e.Edge, e.RetryAfter, e.Advice)
			}
			if e.Retryable() != row.retry {
				t.Errorf("retryable: %v", e.Retryable())
			}
		})
	}
}

func TestContentTypeOfAPage(t *testing.T) {
	h := http.Header{"Content-Type": {"text/html; charset=UTF-8"}}
	if e := fault.Classify(502, h, nil, noon); e.Code != fault.CodeHTML {
		t.Errorf("code %q", e.Code)
	}
	if e := fault.Classify(429, h, []byte(body("slow_down", "", "")), noon); e.Code != "slow_down" || e.Kind != fault.Overload {
		t.Errorf("JSON under a wrong content type: %v", e)
	}
	if e := fault.Classify(403, h, []byte(page), noon); e.Why == fault.Classify(403, nil, nil, noon).Why {
		t.Errorf("an edge block is not told apart: %s", e.Why)
	}
}
