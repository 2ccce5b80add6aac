package integration

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// failure is a way in which the service fails, and what a client with its
// defaults makes of it behind "recloser serve" with its defaults.
type failure struct {
	name  string
	fault openaitest.Fault
	op    string // opChat if empty

	status     int // 0: no answer
	code, kind string
	typ        string
	class      string // of the error of the Node client, whose names are those of Python's too
	message    string // if the proxy says it
	text       bool   // some of the answer was seen
	attempts   int64  // that reached the service
	requests   int    // that the client made
	failed     int64  // calls on the circuit
}

var failures = []failure{{
	name: "rate limit, long", fault: openaitest.RateLimited{RetryAfter: time.Minute},
	status: 429, code: "rate_limit_exceeded", typ: "requests", class: "RateLimitError", kind: "rate_limit",
	attempts: 1, requests: 1,
}, {
	name: "rate limit, short", fault: openaitest.RateLimited{RetryAfter: 20 * time.Millisecond, Millis: true},
	status: 429, code: "rate_limit_exceeded", typ: "requests", class: "RateLimitError", kind: "rate_limit",
	attempts: 3, requests: 1,
}, {
	name: "quota", fault: openaitest.Quota{},
	status: 429, code: "insufficient_quota", typ: "insufficient_quota", class: "RateLimitError", kind: "quota",
	attempts: 1, requests: 1,
}, {
	name: "down 503", fault: openaitest.Down{},
	status: 503, typ: "server_error", class: "InternalServerError", kind: "service",
	attempts: 3, requests: 1, failed: 3,
}, {
	name: "down 500", fault: openaitest.Down{Status: 500},
	status: 500, typ: "server_error", class: "InternalServerError", kind: "service",
	attempts: 3, requests: 1, failed: 3,
}, {
	name: "overloaded", fault: openaitest.Overloaded{},
	status: 503, code: "server_is_overloaded", typ: "service_unavailable_error", class: "InternalServerError", kind: "overload",
	attempts: 3, requests: 1, failed: 3,
}, {
	name: "html 502", fault: openaitest.HTML{Status: 502},
	status: 502, class: "InternalServerError", kind: "service",
	attempts: 3, requests: 1, failed: 3,
}, {
	name: "quota, gzipped", fault: openaitest.All{openaitest.Gzip{Always: true}, openaitest.Quota{}},
	status: 429, code: "insufficient_quota", typ: "insufficient_quota", class: "RateLimitError", kind: "quota",
	attempts: 1, requests: 1,
}, {
	name: "bad request", fault: openaitest.APIError{Status: 400},
	status: 400, typ: "invalid_request_error", class: "BadRequestError", kind: "caller",
	attempts: 1, requests: 1,
}, {
	name: "wrong key", fault: openaitest.APIError{Status: 401},
	status: 401, code: "invalid_api_key", typ: "invalid_request_error", class: "AuthenticationError", kind: "caller",
	attempts: 1, requests: 1,
}, {
	name: "no such model", fault: openaitest.APIError{Status: 404},
	status: 404, code: "model_not_found", typ: "invalid_request_error", class: "NotFoundError", kind: "caller",
	attempts: 1, requests: 1,
}, {
	name: "reset", fault: openaitest.Reset{},
	status: 502, code: "reset", typ: "server_error", class: "InternalServerError", kind: "service",
	message:  "Our AI service is temporarily unavailable. We're working on it.",
	attempts: 3, requests: 1, failed: 3,
}, {
	name: "response, reset", fault: openaitest.Reset{}, op: opResponse, // is stored: must not be repeated
	status: 502, code: "reset", typ: "server_error", class: "InternalServerError", kind: "service",
	message:  "Our AI service is temporarily unavailable. We're working on it.",
	attempts: 1, requests: 1, failed: 1,
}, {
	name: "file, down", fault: openaitest.Down{Status: 500}, op: opFile, // may be there: must not be repeated
	status: 500, typ: "server_error", class: "InternalServerError", kind: "service",
	attempts: 1, requests: 1,
}, {
	name: "answer, truncated", fault: openaitest.Truncated{}, // short, so that it is known before anything is passed on
	status: 502, code: "truncated", typ: "server_error", class: "InternalServerError", kind: "service",
	message:  "Our AI service is temporarily unavailable. We're working on it.",
	attempts: 3, requests: 1, failed: 3,
}, {
	name: "stream, down", fault: openaitest.Down{}, op: opChatStream,
	status: 503, typ: "server_error", class: "InternalServerError", kind: "service",
	attempts: 3, requests: 1, failed: 3,
}, {
	name: "stream, cut", fault: openaitest.Cut{After: 4}, op: opChatStream, text: true,
	code: "truncated", typ: "server_error", class: "APIError", attempts: 1, requests: 1, failed: 1,
}, {
	name: "stream, cut in an event", fault: openaitest.Cut{After: 4, Partial: true}, op: opChatStream, text: true,
	code: "truncated", typ: "server_error", class: "APIError", attempts: 1, requests: 1, failed: 1,
}, {
	name: "stream, reset", fault: openaitest.Cut{After: 4, Reset: true}, op: opChatStream, text: true,
	code: "reset", typ: "server_error", class: "APIError", attempts: 1, requests: 1, failed: 1,
}, {
	name: "stream, error event", fault: openaitest.ErrorEvent{After: 4}, op: opChatStream, text: true,
	code: "server_error", typ: "server_error", class: "APIError", attempts: 1, requests: 1, failed: 1,
}, {
	name: "response stream, error event", fault: openaitest.ErrorEvent{After: 6}, op: opResponseStream, text: true,
	code: "server_error", typ: "server_error", class: "APIError", attempts: 1, requests: 1, failed: 1,
}, {
	name: "response stream, cut", fault: openaitest.Cut{After: 6}, op: opResponseStream, text: true,
	code: "truncated", typ: "server_error", class: "APIError", attempts: 1, requests: 1, failed: 1,
}}

// An error of each kind arrives as the client would see it without the proxy,
// after no more attempts than the proxy makes.
func TestSDKFailures(t *testing.T) {
	forEachSDK(t, func(t *testing.T, client sdk) {
		api := openaitest.Start(t, openaitest.Config{})
		serve := startServe(t, "--upstream", api.BaseURL, "--retry-base-delay", "20ms",
			"--gates", "off", "--policy", "classic") // one key meets all failures, an exhausted quota among them, and so does one host
		for _, f := range failures {
			t.Run(f.name, func(t *testing.T) {
				api.Set(f.fault)
				model := strings.NewReplacer(" ", "-", ",", "").Replace(f.name) // a circuit of its own
				if f.op == opFile {
					model = "" // nor is there one in the request
				}
				saw := client.call(t, sdkCall{URL: serve.URL(), Op: cmp.Or(f.op, opChat), Model: model})
				f.checkError(t, client, saw)
				f.checkCounts(t, api, serve, model, saw)
			})
		}
	})
}

func (f failure) checkError(t *testing.T, client sdk, saw sighting) {
	t.Helper()
	got := saw.Error
	if got == nil {
		t.Fatalf("no error: %+v", saw)
	}
	if got.Status != f.status || got.Code != f.code || got.Type != f.typ {
		t.Errorf("status %d, code %q, type %q: not %d, %q, %q",
			got.Status, got.Code, got.Type, f.status, f.code, f.typ)
	}
	if _, node := client.(*nodeSDK); node && got.Class != f.class {
		t.Errorf("the error is a %s, not a %s", got.Class, f.class)
	}
	if f.message != "" && got.Message != f.message {
		t.Errorf("message %q", got.Message)
	}
	if f.text != (saw.Pieces > 0) {
		t.Errorf("%d pieces were seen", saw.Pieces)
	}
	if f.status == 0 {
		return
	}
	if kind := got.Header["recloser-kind"]; kind != f.kind {
		t.Errorf("Recloser-Kind %q, not %q", kind, f.kind)
	}
	if got.Header["x-should-retry"] != "false" {
		t.Errorf("X-Should-Retry %q", got.Header["x-should-retry"])
	}
}

func (f failure) checkCounts(t *testing.T, api *openaitest.Local, serve *server, model string, saw sighting) {
	t.Helper()
	if saw.Requests != f.requests {
		t.Errorf("the client made %d requests, not %d", saw.Requests, f.requests)
	}
	if got := attemptsFor(t, api, model); got != f.attempts {
		t.Errorf("%d attempts reached the service, not %d", got, f.attempts)
	}
	if model == "" {
		return // the upstream's circuit, which the calls for models passed too
	}
	name := strings.TrimPrefix(api.URL, "http://") + "/" + model
	var c circuit
	defer func() {
		if t.Failed() {
			t.Logf("%d attempts with %d failed are due, the circuit is %+v", f.attempts, f.failed, c)
		}
	}()
	eventually(t, "the circuit's figures", func() bool {
		c = serve.circuit(t, name)
		return c.TotalCalls == f.attempts && c.FailedCalls == f.failed
	})
}
