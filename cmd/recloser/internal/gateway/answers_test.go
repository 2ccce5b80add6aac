package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/fault"
)

// Answers of the service, and what is said about them.
var serviceAnswers = []struct {
	name         string
	status       int
	contentType  string
	body         string
	kind         string
	message      string
	withAttempts string // with two retries
}{
	{"success", 200, "application/json", `{"ok": true}`, "success", "", "1"},
	{"created", 201, "text/plain", "", "success", "", "1"},
	{"no content", 204, "", "", "success", "", "1"},
	{"redirect", 307, "", "", "success", "", "1"},
	{"html 502", 502, "text/html", "<html>bad gateway", "service", fault.MessageUnavailable, "3"},
	{"json 500", 500, "application/json", `{"error":{"message":"x","type":"server_error","param":null,"code":null}}`, "service", fault.MessageUnavailable, "3"},
	{"empty 503", 503, "", "", "service", fault.MessageUnavailable, "3"},
	{"rate limit", 429, "application/json", `{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}`, "rate_limit", fault.MessageHighDemand, "3"},
	{"quota", 429, "application/json", `{"error":{"message":"x","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, "quota", fault.MessageUnavailable, "1"},
	{"caller", 400, "application/json", `{"error":{"message":"x","type":"invalid_request_error","param":"n","code":null}}`, "caller", "", "1"},
	{"key", 401, "application/json", `{"error":{"message":"x","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`, "caller", "", "1"},
}

func TestAnswersPassThrough(t *testing.T) {
	for _, retries := range []bool{false, true} {
		for _, row := range serviceAnswers {
			name := row.name
			if retries {
				name += " with retries"
			}
			t.Run(name, func(t *testing.T) {
				change := func(*settings) {}
				if retries {
					change = withRetries
				}
				r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
					if row.contentType != "" {
						w.Header().Set("Content-Type", row.contentType)
					}
					w.Header().Set("Location", "/v1/elsewhere")
					w.WriteHeader(row.status)
					io.WriteString(w, row.body)
				}, change)
				r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				got := r.post(chatBody)
				if got.StatusCode != row.status || got.body != row.body || got.err != nil {
					t.Errorf("got %d %q %v, want it unchanged", got.StatusCode, got.body, got.err)
				}
				if row.contentType != "" {
					equal(t, "Content-Type", got.Header.Get("Content-Type"), row.contentType)
				}
				equal(t, "Recloser-Kind", got.Header.Get("Recloser-Kind"), row.kind)
				equal(t, "Recloser-Message", got.Header.Get("Recloser-Message"), row.message)
				attempts, shouldRetry := "1", ""
				if retries {
					attempts = row.withAttempts
					if row.kind != "success" {
						shouldRetry = "false"
					}
				}
				equal(t, "Recloser-Attempts", got.Header.Get("Recloser-Attempts"), attempts)
				equal(t, "X-Should-Retry", got.Header.Get("X-Should-Retry"), shouldRetry)
			})
		}
	}
}

func TestHead(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "7") })
	got := r.do(http.MethodHead, "/v1/files/a/content", "")
	if got.StatusCode != http.StatusOK || got.ContentLength != 7 || got.body != "" {
		t.Errorf("%v %q", got.Response, got.body)
	}
}

func TestTrailersPass(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		io.WriteString(w, strings.Repeat("a", 10_000))
		w.Header().Set("X-Sum", "42")
	})
	got := r.post(chatBody)
	if len(got.body) != 10_000 || got.Trailer.Get("X-Sum") != "42" {
		t.Errorf("%d bytes, trailers %v", len(got.body), got.Trailer)
	}
}

func TestTrailersHaveNoCookies(t *testing.T) {
	for announced, want := range map[string]http.Header{
		"X-Sum, Set-Cookie": {"X-Sum": {"42"}},
		"X-Sum":             {"X-Sum": {"42"}},
		"Set-Cookie":        {},
		"":                  {},
	} {
		r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
			if announced != "" {
				w.Header().Set("Trailer", announced)
			}
			io.WriteString(w, strings.Repeat("a", 10_000))
			for name, value := range map[string]string{"Set-Cookie": "a=b", "Set-Cookie2": "a=b", "Recloser-Kind": "theirs"} {
				if strings.Contains(announced, name) {
					w.Header().Set(name, value)
				} else {
					w.Header().Set(http.TrailerPrefix+name, value)
				}
			}
			if strings.Contains(announced, "X-Sum") {
				w.Header().Set("X-Sum", "42")
			}
		})
		got := r.post(chatBody)
		if len(got.body) != 10_000 || got.err != nil {
			t.Errorf("%q: %d bytes, %v", announced, len(got.body), got.err)
		}
		if len(got.Trailer) != len(want) || got.Trailer.Get("X-Sum") != want.Get("X-Sum") {
			t.Errorf("%q: trailers %v, want %v", announced, got.Trailer, want)
		}
		equal(t, "Recloser-Kind", got.Header.Values("Recloser-Kind"), []string{"success"})
	}
}
