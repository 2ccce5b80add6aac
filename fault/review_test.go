package fault_test

import (
	"net/http"
	"testing"

	"github.com/recloser/recloser/fault"
)

// Words in a message do not prove that nothing was done: a POST is not repeated
// because of them, except where the status itself says that it was turned away.
func TestWordsDoNotProveThatNothingWasDone(t *testing.T) {
	const engine = "The engine became overloaded while generating your response."
	for _, row := range []struct {
		name    string
		status  int
		body    string
		kind    fault.Kind
		notDone bool
	}{
		{"500 overloaded meanwhile", 500, body("server_error", "server_error", engine), fault.Overload, false},
		{"500 a tool's limit", 500, body("", "server_error", "Tool call failed: remote MCP server said too many requests"), fault.Service, false},
		{"500 a relay's quota", 500, body("", "", "You exceeded your current quota"), fault.Quota, false},
		{"502 overloaded", 502, body("", "", engine), fault.Overload, false},
		{"599 overloaded", 599, body("", "", engine), fault.Overload, false},
		{"500 connection failure", 500, body("", "", "reset reason: connection failure"), fault.Service, false},
		{"500 a limit's code and words", 500, body("rate_limit_exceeded", "", "experiencing high demand"), fault.Overload, false},
		{"500 JSON in a message", 500, body("", "", `{'code': 'server_is_overloaded'}`), fault.Overload, false},
		{"503 JSON in a message", 503, body("", "", `{'code': 'server_is_overloaded'}`), fault.Overload, true},
		{"500 server_is_overloaded", 500, body("server_is_overloaded", "", engine), fault.Overload, true},
		{"503 overloaded", 503, body("", "", engine), fault.Overload, true},
		{"529 overloaded", 529, body("", "", engine), fault.Overload, true},
		{"429 overloaded", 429, body("", "", engine), fault.Overload, true},
		{"408 quota", 408, body("", "", "You exceeded your current quota"), fault.Timeout, false},
		{"408 limit", 408, body("", "", "too many requests"), fault.Timeout, false},
		{"408 large", 408, body("", "", "request too large"), fault.Timeout, false},
		{"504 busy", 504, body("", "", "upstream timed out, server is busy"), fault.Timeout, false},
		{"504 busy, plain", 504, "upstream timed out, server is busy", fault.Timeout, false},
		{"524 limit", 524, body("", "", "rate limit exceeded, overloaded"), fault.Timeout, false},
		{"504 insufficient_quota", 504, body("insufficient_quota", "", ""), fault.Quota, true},
	} {
		check(t, row.name, row.status, row.body, row.kind)
		if e := fault.Classify(row.status, nil, []byte(row.body), noon); e.NotDone != row.notDone {
			t.Errorf("%s: not done %v", row.name, e.NotDone)
		}
	}
}

// A service that answers 5xx failed, whatever words or generic codes it uses.
func TestA5xxBlamesTheService(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
	}{
		{"503 plain text, limit", 503, "Too many requests", fault.Service},
		{"503 plain text, overload", 503, "overloaded", fault.Overload},
		{"500 plain text, money", 500, "insufficient balance", fault.Quota},
		{"503 HTML, overload", 503, "<html><title>overloaded</title></html>", fault.Service},
		{"429 plain text", 429, "Too many requests", fault.RateLimit},
		{"429 plain text, anything", 429, "no", fault.RateLimit},
		{"429 plain text, money", 429, "insufficient balance", fault.Quota},
		{"503 not_found", 503, body("not_found", "", "no route to backend"), fault.Service},
		{"502 not_found", 502, body("not_found", "", ""), fault.Service},
		{"503 authentication_error", 503, body("", "authentication_error", ""), fault.Service},
		{"503 access_denied", 503, body("access_denied", "", ""), fault.Service},
		{"500 invalid_value", 500, body("invalid_value", "", ""), fault.Service},
		{"500 content_filter", 500, body("content_filter", "", ""), fault.Service},
		{"500 conversation_locked", 500, body("conversation_locked", "", ""), fault.Service},
		{"500 region", 500, body("unsupported_country_region_territory", "", ""), fault.Service},
		{"500 storage's 429", 500, body("", "", "429 Too Many Requests from storage backend"), fault.Service},
		{"503 a limit in words", 503, body("", "", "too many requests"), fault.Service},
		{"503 a limit in certain words", 503, body("", "", "rate limit exceeded"), fault.RateLimit},
		{"500 code 30001", 500, body("30001", "", ""), fault.Service},
		{"500 code 1113", 500, `{"error":{"code":1113}}`, fault.Service},
		{"500 code 1300", 500, body("1300", "", ""), fault.Service},
		{"500 code 1302", 500, body("1302", "", ""), fault.Service},
		{"500 code 3505", 500, body("3505", "", ""), fault.Service},
		{"403 code 30001", 403, body("30001", "", ""), fault.Quota},
		{"400 code 1300", 400, body("1300", "", ""), fault.RateLimit},
		{"429 code 3505", 429, body("3505", "", ""), fault.Overload},
		{"499 not_found", 499, body("not_found", "", ""), fault.Caller},
		{"500 insufficient_quota", 500, body("insufficient_quota", "", ""), fault.Quota},
		{"503 insufficient_balance", 503, body("insufficient_balance", "", ""), fault.Quota},
	} {
		check(t, row.name, row.status, row.body, row.kind)
	}
}

// What a caller wrote comes back in the message and must not turn the mistake
// into a limit.
func TestEchoedWords(t *testing.T) {
	const invalid = "invalid_request_error"
	const batch = "Too many requests in the batch file: 60000, maximum is 50000."
	for _, row := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
	}{
		{"rate limit", 400, body("", invalid, "Invalid value: 'rate limit exceeded'."), fault.Caller},
		{"batch", 400, body("", invalid, batch), fault.Caller},
		{"batch, type of another server", 422, body("", "value_error", batch), fault.Caller},
		{"batch, code for a type", 400, body(invalid, "", batch), fault.Caller},
		{"quota", 400, body("", invalid, "'insufficient_quota handler' does not match pattern"), fault.Caller},
		{"quota, vLLM", 400, `{"object":"error","type":"BadRequestError","code":400,"message":"insufficient_quota"}`, fault.Caller},
		{"JSON", 400, `{"error":{"type":"invalid_request_error","code":null,"message":"bad: {\"code\":\"insufficient_quota\"}"}}`, fault.Caller},
		{"Python", 400, body("", invalid, "bad: {'code': 'rate_limit_exceeded'}"), fault.Caller},
		{"in a 200", 200, body("", invalid, batch), fault.Caller},
		{"in a 200, quota", 200, body("", invalid, "'insufficient_quota handler' does not match pattern"), fault.Caller},
		{"a limit in a 200, by the service", 200, body("", "server_error", "storage: too many requests"), fault.Service},
		{"a limit without a type", 400, body("", "", "rate limit exceeded"), fault.RateLimit},
		{"a limit in a 200 without a type", 200, body("", "", "rate limit exceeded"), fault.RateLimit},
		{"a limit at 429", 429, body("", invalid, "rate limit exceeded"), fault.RateLimit},
		{"balance", 400, body("", invalid, "Your credit balance is too low to access the API."), fault.Quota},
		{"current quota", 400, body("", invalid, "You exceeded your current quota, please check your plan"), fault.Quota},
		{"a short one without a type", 400, body("", "", "Insufficient balance"), fault.Quota},
		{"a short one at 403", 403, body("", invalid, "Insufficient balance"), fault.Quota},
		{"a JSON quota at 429", 429, body("", invalid, "{'code': 'insufficient_quota'}"), fault.Quota},
	} {
		check(t, row.name, row.status, row.body, row.kind)
	}
}

func TestMoneyAndLoadElsewhere(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
	}{
		{"APIM", 403, `{"statusCode":403,"message":"Out of call volume quota. Quota will be replenished in 00:12:03."}`, fault.Quota},
		{"OpenRouter", 403, `{"error":{"message":"Key limit exceeded (monthly limit). Manage it using https://x","code":403}}`, fault.Quota},
		{"LiteLLM", 400, body("400", "budget_exceeded", "Budget has been exceeded! Current cost: 1, Max budget: 1"), fault.Quota},
		{"Ollama", 503, `{"error":"server busy, please try again.  maximum pending requests exceeded"}`, fault.Overload},
	} {
		check(t, row.name, row.status, row.body, row.kind)
	}
}

// Some servers send the key error with every answer.
func TestNoErrorInA200(t *testing.T) {
	for b, kind := range map[string]fault.Kind{
		`{"error":0}`:                             fault.Success,
		`{"error":0.0,"id":"x"}`:                  fault.Success,
		`{"error":{}}`:                            fault.Success,
		`{"error":{},"message":"ok"}`:             fault.Success,
		`{"id":"x","error": { } ,"choices":[{}]}`: fault.Success,
		`{"id":"x","error": { } ,"choices":[]}`:   fault.Service, // it is empty
		`{"error":""}`:                            fault.Success,
		`{"error":false}`:                         fault.Success,
		`{"error":null}`:                          fault.Success,
		`{"error":[]}`:                            fault.Success,
		`{"error":1}`:                             fault.Service,
		`{"error":true}`:                          fault.Service,
		`{"error":{"message":"x"}}`:               fault.Service,
		`{"error":{"":0}}`:                        fault.Service,
	} {
		check(t, b, http.StatusOK, b, kind)
	}
	if e := fault.FromEvent("", []byte(`{"error":0,"choices":[]}`), noon); e != nil {
		t.Errorf("0 in a stream: %v", e)
	}
}

func check(t *testing.T, name string, status int, b string, kind fault.Kind) {
	t.Helper()
	if e := fault.Classify(status, nil, []byte(b), noon); kindOf(e) != kind {
		t.Errorf("%s: got %v, want %v", name, kindOf(e), kind)
	}
}
