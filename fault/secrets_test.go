package fault_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/fault"
)

// Wherever a key or a piece of a prompt stands in an answer, none of it gets
// out.
func TestNothingOfTheMessageGetsOut(t *testing.T) {
	for _, secret := range []string{
		"sk-proj-T3BlbkFJabcdef0123456789", "sk-abc", "gsk_abcdefgh", "AIzaSyD4567", "eyJhbGciOi.eyJzdWIi.c2ln",
		"0123456789abcdef0123456789abcdef", "Dear diary", "key:sk-abc", strings.Repeat("a", 65), "1234567890", "abc\x00def",
	} {
		quoted, _ := json.Marshal(secret)
		for _, shape := range []string{
			`{"error":{"message":S,"type":"x","code":"y"}}`,
			`{"error":{"message":"m","type":S,"code":S}}`,
			`{"error":S}`, `{"code":S,"type":S,"message":S}`, `{"detail":S}`, `{"errors":[S]}`, `[{"error":{"status":S}}]`, `S`,
			`{"error":{"message":"{'code': 'S', 'type': 'S'}"}}`,
		} {
			b := []byte(strings.ReplaceAll(shape, "S", string(quoted)))
			for _, e := range []*fault.Error{fault.Classify(401, nil, b, noon), fault.FromEvent("error", b, noon)} {
				for _, text := range everyText(e) {
					if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
						t.Fatalf("%q got out of %s: %s", secret, shape, text)
					}
				}
			}
		}
	}
}

// Nor does a key that stands where an id or a limit should.
func TestNoKeyInHeaders(t *testing.T) {
	for _, key := range []string{"sk-proj-T3BlbkFJ", "Bearer abc", "eyJhbGciOi.eyJzdWIi"} {
		h := http.Header{"X-Request-Id": {key}}
		event := []byte(`{"error":{"code":"x","headers":{"x-request-id":"` + key + `","x-ratelimit-reset-tokens":"` + key + `"}}}`)
		for _, e := range []*fault.Error{fault.Classify(500, h, nil, noon), fault.FromEvent("error", event, noon)} {
			if e.RequestID != "" || strings.Contains(e.Error(), key) {
				t.Errorf("%s is an id: %v", key, e)
			}
		}
		if got := fault.EventHeader(event); len(got) != 0 {
			t.Errorf("%s is a limit: %v", key, got)
		}
	}
}

// everyText is every way that an error is likely to be written somewhere.
func everyText(e *fault.Error) []string {
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Error("x", "err", e, "copy", *e)
	j, _ := json.Marshal(e)
	return []string{
		e.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%+v", *e), fmt.Sprintf("%#v", *e), log.String(), string(j),
		e.Code, e.Type, e.RequestID, e.Why,
	}
}

func TestCodesThatStay(t *testing.T) {
	for _, code := range []string{
		"rate_limit_exceeded", "server_is_overloaded", "unsupported_country_region_territory", "websocket_connection_limit_reached",
		"DeploymentNotFound", "Throttling.RateQuota", "429", "1113", "RateLimitExceeded.EndpointTPMExceeded", "ask_again", "task-failed",
		"image_content_policy_violation", "a:b", "h2_error",
	} {
		e := fault.Classify(400, nil, []byte(`{"error":{"code":"`+code+`","type":"`+code+`"}}`), noon)
		if e.Code != code || e.Type != code && code != "429" && code != "1113" {
			t.Errorf("%s: code %q, type %q", code, e.Code, e.Type)
		}
	}
}
