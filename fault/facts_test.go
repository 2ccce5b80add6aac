package fault_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const page = "<!DOCTYPE html><html><head><title>x</title></head></html>"

// body is an error as the API documents it.
func body(code, typ, message string) string {
	quote := func(s string) string {
		if s == "" {
			return "null"
		}
		return `"` + s + `"`
	}
	return `{"error":{"message":` + quote(message) + `,"type":` + quote(typ) + `,"param":null,"code":` + quote(code) + `}}`
}

// Each line of the fact sheet's section 1.1 has its row here, named by status
// and code.
func TestFactSheet(t *testing.T) {
	const invalid = "invalid_request_error"
	no, maybe := true, false // "Done?"
	again, final := true, false
	for _, row := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
		done   bool // NotDone
		retry  bool
	}{
		{"400 invalid_request_error", 400, body("", invalid, "bad"), fault.Caller, no, final},
		{"400 context_length_exceeded", 400, body("context_length_exceeded", invalid, "This model's maximum context length is 8192 tokens"), fault.Caller, no, final},
		{"400 invalid_value", 400, body("invalid_value", invalid, ""), fault.Caller, no, final},
		{"400 invalid_prompt", 400, body("invalid_prompt", invalid, ""), fault.Caller, no, final},
		{"400 unsupported_value", 400, body("unsupported_value", invalid, ""), fault.Caller, no, final},
		{"400 unknown_parameter", 400, body("unknown_parameter", invalid, ""), fault.Caller, no, final},
		{"400 invalid_base64_image", 400, body("invalid_base64_image", invalid, ""), fault.Caller, no, final},
		{"400 cyber_policy", 400, body("cyber_policy", "", ""), fault.Caller, no, final},
		{"400 moderation_blocked", 400, body("moderation_blocked", "image_generation_user_error", ""), fault.Caller, no, final},
		{"400 content_filter", 400, `{"error":{"code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}`, fault.Caller, no, final},
		{"400 content_policy_violation", 400, body("content_policy_violation", invalid, ""), fault.Caller, no, final},
		{"400 billing_hard_limit_reached", 400, body("billing_hard_limit_reached", invalid, "Billing hard limit has been reached"), fault.Quota, no, final},
		{"400 billing_hard_limit_reached, image type", 400, body("billing_hard_limit_reached", "image_generation_user_error", ""), fault.Quota, no, final},
		{"400 type insufficient_quota", 400, body("", "insufficient_quota", ""), fault.Quota, no, final},
		{"400 conversation_locked", 400, body("conversation_locked", invalid, "retry in a few seconds"), fault.Caller, no, again},
		{"400 service_tier", 400, `{"error":{"message":"tier","type":"invalid_request_error","param":"service_tier","code":null}}`, fault.Caller, no, final},
		{"400 X-Client-Request-Id", 400, body("", invalid, "X-Client-Request-Id must be ASCII"), fault.Caller, no, final},
		{"401 invalid_api_key", 401, body("invalid_api_key", invalid, ""), fault.Caller, no, final},
		{"401 account_deactivated", 401, body("account_deactivated", invalid, ""), fault.Caller, no, final},
		{"401 not a member", 401, body("", invalid, "You must be a member of an organization"), fault.Caller, no, final},
		{"401 IP not on the list", 401, body("ip_not_authorized", invalid, ""), fault.Caller, no, final},
		{"401 missing scopes", 401, body("", invalid, "You have insufficient permissions for this operation. Missing scopes: api.model.read."), fault.Caller, no, final},
		{"403 region", 403, body("unsupported_country_region_territory", "request_forbidden", ""), fault.Caller, no, final},
		{"403 model_not_found", 403, body("model_not_found", invalid, "does not have access to model"), fault.Caller, no, final},
		{"403 scopes, error is a string", 403, `{"error":"You have insufficient permissions for this operation. Missing scopes: model.request"}`, fault.Caller, no, final},
		{"403 HTML", 403, page, fault.Caller, no, final},
		{"404 model_not_found", 404, body("model_not_found", invalid, ""), fault.Caller, no, final},
		{"404 empty", 404, "", fault.Caller, no, final},
		{"408", 408, "", fault.Timeout, maybe, again},
		{"409", 409, body("", invalid, ""), fault.Caller, maybe, again},
		{"413 HTML", 413, page, fault.Caller, no, final},
		{"415", 415, "", fault.Caller, no, final},
		{"422", 422, "", fault.Caller, no, final},
		{"425", 425, "", fault.Caller, no, final},
		{"429 rate_limit_exceeded requests", 429, body("rate_limit_exceeded", "requests", "Rate limit reached for requests"), fault.RateLimit, no, again},
		{"429 rate_limit_exceeded tokens", 429, body("rate_limit_exceeded", "tokens", "Rate limit reached. Please try again in 6.57s"), fault.RateLimit, no, again},
		{"429 type tokens alone", 429, body("", "tokens", "Rate limit reached"), fault.RateLimit, no, again},
		{"429 request too large", 429, body("rate_limit_exceeded", "tokens", "Request too large for gpt-4 on tokens per min (TPM): Limit 30000, Requested 37313."), fault.Caller, no, final},
		{"429 slow_down", 429, body("slow_down", "rate_limit_error", ""), fault.Overload, no, again},
		{"429 resource unavailable", 429, body("", "", "Resource unavailable"), fault.Overload, no, again},
		{"429 resource_unavailable", 429, body("resource_unavailable", "", ""), fault.Overload, no, again},
		{"429 credit_balance_exhausted", 429, body("credit_balance_exhausted", "insufficient_quota", ""), fault.Quota, no, final},
		{"429 organization_spend_limit_exceeded", 429, body("organization_spend_limit_exceeded", "insufficient_quota", ""), fault.Quota, no, final},
		{"429 project_spend_limit_exceeded", 429, body("project_spend_limit_exceeded", "insufficient_quota", ""), fault.Quota, no, final},
		{"429 organization_usage_limit_exceeded", 429, body("organization_usage_limit_exceeded", "insufficient_quota", ""), fault.Quota, no, final},
		{"429 insufficient_quota", 429, body("insufficient_quota", "insufficient_quota", ""), fault.Quota, no, final},
		{"429 billing_not_active", 429, body("billing_not_active", "billing_not_active", ""), fault.Quota, no, final},
		{"429 access_terminated", 429, body("access_terminated", "", ""), fault.Quota, no, final},
		{"429 no body", 429, "", fault.RateLimit, no, again},
		{"500 server_error, code null", 500, body("", "server_error", ""), fault.Service, maybe, again},
		{"500 server_error", 500, body("server_error", "server_error", ""), fault.Service, maybe, again},
		{"500 empty", 500, "", fault.Service, maybe, again},
		{"501", 501, "", fault.Service, maybe, again},
		{"505", 505, "", fault.Service, maybe, again},
		{"502 HTML", 502, page, fault.Service, maybe, again},
		{"502 cf_bad_gateway", 502, `{"error":{"code":502,"message":"Bad gateway.","param":null,"type":"cf_bad_gateway"}}`, fault.Service, maybe, again},
		{"503 server_is_overloaded", 503, body("server_is_overloaded", "service_unavailable_error", ""), fault.Overload, no, again},
		{"503 slow_down", 503, body("slow_down", "", ""), fault.Overload, no, again},
		{"503 Envoy", 503, "upstream connect error or disconnect/reset before headers. reset reason: connection termination", fault.Service, maybe, again},
		{"503 Envoy, connection failure", 503, "upstream connect error or disconnect/reset before headers. reset reason: connection failure", fault.Service, no, again},
		{"503 Envoy, overflow", 503, "upstream connect error or disconnect/reset before headers. reset reason: overflow", fault.Service, no, again},
		{"504 HTML", 504, page, fault.Timeout, maybe, again},
		{"520", 520, page, fault.Service, maybe, again},
		{"521", 521, page, fault.Service, no, again},
		{"522", 522, page, fault.Service, no, again},
		{"523", 523, page, fault.Service, no, again},
		{"525", 525, page, fault.Service, no, again},
		{"526", 526, page, fault.Service, no, again},
		{"524 HTML", 524, page, fault.Timeout, maybe, again},
		{"524 cf_gateway_timeout", 524, `{"error":{"code":524,"message":"A timeout occurred","param":null,"type":"cf_gateway_timeout"}}`, fault.Timeout, maybe, again},
		{"530", 530, page, fault.Service, no, again},
		{"429 resource unavailable, type", 429, body("resource_unavailable", "rate_limit_error", "Resource unavailable"), fault.Overload, no, again},
		{"unknown code, 429", 429, body("brand_new", "", ""), fault.RateLimit, no, again},
		{"unknown 4xx", 418, body("brand_new", "", ""), fault.Caller, no, final},
		{"unknown 5xx", 599, body("brand_new", "", ""), fault.Service, maybe, again},
		{"above 599", 799, "", fault.Service, maybe, again},
		{"quota wins over 403", 403, body("insufficient_quota", "", ""), fault.Quota, no, final},
		{"quota wins over 503", 503, body("", "insufficient_quota", ""), fault.Quota, no, final},

		// Section 2.3, Azure.
		{"Azure 401", 401, `{"error":{"code":"401","message":"Access denied due to invalid subscription key"}}`, fault.Caller, no, final},
		{"Azure Unauthorized", 401, `{"error":{"code":"Unauthorized","message":"x"}}`, fault.Caller, no, final},
		{"Azure DeploymentNotFound", 404, `{"error":{"code":"DeploymentNotFound","message":"x"}}`, fault.Caller, no, final},
		{"Azure 429 requests limited", 429, `{"error":{"code":"429","message":"Requests to the ChatCompletions operation have been limited. Please retry after 26 seconds."}}`, fault.RateLimit, no, again},
		{"Azure 429 rate limit exceeded", 429, `{"error":{"code":"429","message":"Rate limit is exceeded. Try again in 9 seconds."}}`, fault.RateLimit, no, again},
		{"Azure 429 unable to process", 429, `{"error":{"code":"429","message":"The service is temporarily unable to process your request."}}`, fault.Overload, no, again},
		{"Azure 429 high demand", 429, `{"error":{"code":"too_many_requests","message":"System is experiencing high demand and cannot process your request."}}`, fault.Overload, no, again},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := fault.Classify(row.status, nil, []byte(row.body), noon)
			if e == nil {
				t.Fatal("taken for a success")
			}
			if e.Kind != row.kind || e.NotDone != row.done || e.Retryable() != row.retry || e.Status != row.status {
				t.Errorf("got %v, not done %v, retryable %v, status %d\nwant %v, not done %v, retryable %v\nwhy: %s",
					e.Kind, e.NotDone, e.Retryable(), e.Status, row.kind, row.done, row.retry, e.Why)
			}
			if e.Why == "" || e.Unreached {
				t.Errorf("why %q, unreached %v", e.Why, e.Unreached)
			}
		})
	}
}

// The fact sheet's section 1.2: failures inside HTTP 200.
func TestInsideA200(t *testing.T) {
	const success = fault.Success
	failed := func(code string) string {
		return `{"id":"resp_1","object":"response","status":"failed","error":{"code":"` + code + `","message":"x"},"output":[]}`
	}
	for _, row := range []struct {
		name, contentType, body string
		kind                    fault.Kind
	}{
		{"response failed, server_error", "application/json", failed("server_error"), fault.Service},
		{"response failed, rate_limit_exceeded", "application/json", failed("rate_limit_exceeded"), fault.RateLimit},
		{"response failed, vector_store_timeout", "application/json", failed("vector_store_timeout"), fault.Service},
		{"response failed, insufficient_quota", "application/json", failed("insufficient_quota"), fault.Quota},
		{"response failed, context_length_exceeded", "application/json", failed("context_length_exceeded"), fault.Caller},
		{"response failed, server_is_overloaded", "application/json", failed("server_is_overloaded"), fault.Overload},
		{"response failed, image", "application/json", failed("image_parse_error"), fault.Caller},
		{"response failed, prompt", "application/json", failed("invalid_prompt"), fault.Caller},
		{"response failed, unknown", "application/json", failed("brand_new"), fault.Service},
		{"response incomplete", "application/json", `{"object":"response","status":"incomplete","error":null,"incomplete_details":{"reason":"content_filter"}}`, success},
		{"finish_reason length", "application/json", `{"object":"chat.completion","choices":[{"finish_reason":"length"}]}`, success},
		{"error object", "application/json", `{"error":{"message":"x","type":"server_error"}}`, fault.Service},
		{"error object, nothing in it", "application/json", `{"error":{}}`, success},
		{"error string", "", `{"error":"boom"}`, fault.Service},
		{"error with a status for a code", "", `{"error":{"code":429,"message":"x"}}`, fault.RateLimit},
		{"error with 402 for a code", "", `{"error":{"code":402,"message":"x"}}`, fault.Quota},
		{"error null", "", `{"error":null}`, success},
		{"error false", "", `{"error":false}`, success},
		{"error told in the content", "", `{"choices":[{"message":{"content":"{\"error\":{\"code\":\"x\"}}"}}]}`, success},
		{"error of a tool", "", `{"object":"response","error":null,"output":[{"type":"mcp_call","error":"x"}]}`, success},
		{"a failed job, fetched", "", `{"object":"fine_tuning.job","status":"failed","error":{"code":"x","message":"y"}}`, success},
		{"an error with nothing but a new code", "", `{"error":{"code":"brand_new"}}`, fault.Service},
		{"an error that is none", "", `{"error":{"code":0}}`, success},
		{"a code of its own", "", `{"code":"ABC-7","message":"created"}`, success},
		{"a code of success", "", `{"code":"success","message":"rate","data":null}`, success},
		{"a code that rows know", "", `{"code":"insufficient_quota","message":"x"}`, fault.Quota},
		{"a code with a known word", "", `{"code":"Throttled.User","message":"x"}`, fault.RateLimit},
		{"a number", "", `{"code":1001,"message":"x"}`, fault.Service},
		{"a code, and an answer", "", `{"code":"insufficient_quota","message":"x","data":[{"a":1}]}`, success},
		{"a stream", "text/event-stream; charset=utf-8", `{"error":{"message":"x"}}`, success},
		{"a page", "text/html", page, success},
		{"nothing", "", "", success},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := http.Header{}
			h.Set("Content-Type", row.contentType)
			e := fault.Classify(200, h, []byte(row.body), noon)
			if kindOf(e) != row.kind {
				t.Fatalf("got %v, want %v", e, row.kind)
			}
			if e != nil && (e.NotDone || e.Status != 200) {
				t.Errorf("not done %v, status %d: a 200 was begun", e.NotDone, e.Status)
			}
		})
	}
	for _, status := range []int{0, 100, 101, 204, 301, 304, 399} {
		if e := fault.Classify(status, nil, nil, noon); e != nil {
			t.Errorf("status %d: %v", status, e)
		}
	}
	if e := fault.Classify(302, nil, []byte(`{"error":"x"}`), noon); e != nil {
		t.Errorf("302: %v", e)
	}
}

func kindOf(e *fault.Error) fault.Kind {
	if e == nil {
		return fault.Success
	}
	return e.Kind
}
