package fault_test

import (
	"strconv"
	"testing"

	"github.com/recloser/recloser/fault"
)

// In a stream there is no status to fall back on: the code, the type or the text
// must be known.
func TestCodesWithoutAStatus(t *testing.T) {
	for kind, words := range map[fault.Kind][]string{
		fault.Quota: {
			"project_spend_limit_exceeded", "organization_spend_limit_exceeded", "billing_hard_limit_reached",
			"exceeded_current_quota_error", "insufficient_balance", "insufficient_user_quota", "Arrearage", "1113",
		},
		fault.Caller: {
			"cyber_policy", "bio_policy", "content_filter", "invalid_prompt", "invalid_api_key", "Unauthorized",
			"unsupported_country_region_territory", "model_not_found", "DeploymentNotFound", "previous_response_not_found",
			"websocket_connection_limit_reached", "websocket_stream_limit_reached", "401",
		},
		fault.Overload:  {"slow_down", "server_is_overloaded", "engine_overloaded_error", "3505", "529"},
		fault.RateLimit: {"rate_limit_exceeded", "rate_limit_reached_error", "Throttling.RateQuota", "too_many_requests", "RateLimitReached", "1302"},
		fault.Timeout:   {"504", "524", "408"},
		fault.Service:   {"server_error", "vector_store_timeout", "brand_new", "500", "399", "600"},
	} {
		for _, code := range words {
			if e := fault.FromEvent("", []byte(body(code, "", "")), noon); kindOf(e) != kind {
				t.Errorf("code %s: %v, want %v", code, kindOf(e), kind)
			}
		}
	}
	for kind, types := range map[fault.Kind][]string{
		fault.Timeout:   {"cf_gateway_timeout"},
		fault.Caller:    {"request_forbidden", "authentication_error", "not_found_error", "invalid_request_error"},
		fault.RateLimit: {"tokens", "requests", "rate_limit_error"},
		fault.Overload:  {"overloaded_error", "service_unavailable_error"},
	} {
		for _, typ := range types {
			if e := fault.FromEvent("", []byte(body("", typ, "")), noon); kindOf(e) != kind {
				t.Errorf("type %s: %v, want %v", typ, kindOf(e), kind)
			}
		}
	}
	for text, kind := range map[string]fault.Kind{
		"This model's maximum context length is 8192 tokens": fault.Caller,
		"Too many requests":                  fault.RateLimit,
		"You exceeded your current quota":    fault.Quota,
		"The engine is currently overloaded": fault.Overload,
		"Something odd":                      fault.Service,
	} {
		if e := fault.FromEvent("", []byte(body("", "", text)), noon); kindOf(e) != kind {
			t.Errorf("text %q: %v, want %v", text, kindOf(e), kind)
		}
	}
	azure := body("rate_limit_exceeded", "", "The system is experiencing high demand")
	if e := fault.FromEvent("", []byte(azure), noon); kindOf(e) != fault.Overload {
		t.Errorf("Azure's capacity: %v", e)
	}
}

// What people read tells apart what the kind does not.
func TestWhyTellsStatusesApart(t *testing.T) {
	whys := map[string]string{}
	note := func(name string, e *fault.Error) {
		if other, ok := whys[e.Why]; ok {
			t.Errorf("%s reads like %s: %s", name, other, e.Why)
		}
		whys[e.Why] = name
	}
	for _, status := range []int{401, 402, 403, 404, 408, 409, 413, 415, 418, 422, 425, 429, 503, 504, 507, 520, 521, 524, 525, 529, 530} {
		note(strconv.Itoa(status), fault.Classify(status, nil, nil, noon))
	}
	note("400", fault.Classify(400, nil, nil, noon))
	note("502", fault.Classify(502, nil, nil, noon))
	note("Envoy", fault.Classify(503, nil, []byte("upstream connect error"), noon))
	note("vector store", fault.Classify(500, nil, []byte(body("vector_store_timeout", "", "")), noon))
	note("project", fault.Classify(429, nil, []byte(body("project_spend_limit_exceeded", "", "")), noon))
	note("organisation", fault.Classify(429, nil, []byte(body("organization_spend_limit_exceeded", "", "")), noon))
	note("unknown in a stream", fault.FromEvent("", []byte(`{"error":{}}`), noon))
	if e := fault.FromEvent("", []byte(body("", "server_error", "")), noon); whys[e.Why] != "507" {
		t.Errorf("server_error in a stream reads like %s", whys[e.Why])
	}
	if e := fault.Classify(500, nil, []byte(body("", "cf_bad_gateway", "")), noon); whys[e.Why] != "502" {
		t.Errorf("cf_bad_gateway reads like %s", whys[e.Why])
	}
}
