package gateway_test

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/guard"
)

func TestOneLineACall(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	var clock []time.Time
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "req_42")
		io.WriteString(w, `{"ok":true}`)
	}, func(s *settings) {
		clock = []time.Time{start, start.Add(1234567 * time.Microsecond)}
		s.proxy.Now = func() time.Time { now := clock[0]; clock = clock[1:]; return now }
	})
	got := r.post(chatBody, "X-Client-Request-Id", "mine-1")
	line := r.line()
	host := strings.TrimPrefix(r.upstream.URL, "http://")
	want := map[string]any{
		"level": "INFO", "msg": "call",
		"request_id": got.Header.Get("Recloser-Request-Id"), "client_request_id": "mine-1", "upstream_request_id": "req_42",
		"method": "POST", "path": "/v1/chat/completions", "circuit": host + "/gpt-4o",
		"kind": "success", "status": 200, "attempts": 1, "ms": 1234, "bytes": 11,
	}
	delete(line, "time")
	equal(t, "line", line, want)
	r.noMore()
}

func TestAzuresRequestIDIsLogged(t *testing.T) {
	both := false
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("apim-request-id", "apim-7")
		if both {
			w.Header().Set("X-Request-Id", "req_42")
		}
	})
	for _, want := range []string{"apim-7", "req_42"} {
		r.post(chatBody)
		equal(t, "upstream_request_id", r.line()["upstream_request_id"], want)
		both = true
	}
}

func TestRequestIDOfWhatIsNoAnswerIsLogged(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "req_43")
		w.Header().Set("Content-Type", "text/event-stream")
	})
	r.post(chatBody)
	line := r.line()
	equal(t, "upstream_request_id", line["upstream_request_id"], "req_43")
	equal(t, "code", line["code"], "empty")
}

func TestStreamWithoutDoneIsFlaggedInTheLog(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, event+strings.TrimSuffix(last, "data: [DONE]\n\n"))
	})
	r.post(chatBody)
	line := r.line()
	equal(t, "kind", line["kind"], "success")
	equal(t, "no_done", line["no_done"], true)
}

func TestWhatOthersChoseIsBoundedInTheLog(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", strings.Repeat("r", 1000))
	})
	for _, id := range []string{strings.Repeat("i", 129), "two words", "t\tab", "\x80\x81", ""} {
		r.send(r.request(http.MethodGet, "/v1/"+strings.Repeat("p", 2000)+"%0a", nil, "X-Client-Request-Id", id))
		line := r.line()
		for _, id := range []string{"client_request_id", "upstream_request_id"} {
			if _, logged := line[id]; logged {
				t.Errorf("%s is logged: %q", id, line[id])
			}
		}
		if n := len(line["path"].(string)); n > 300 {
			t.Errorf("%d bytes of path", n)
		}
	}
	r.send(r.request(strings.Repeat("M", 500), "/v1/models", nil))
	if n := len(r.line()["method"].(string)); n > 30 {
		t.Errorf("%d bytes of method", n)
	}
}

func TestFailuresAreLoggedWithTheirCause(t *testing.T) {
	r := newRig(t, ok, func(s *settings) { s.proxy.Upstream.Host = unused(t) })
	r.post(chatBody)
	line := r.line()
	if text, _ := line["error"].(string); line["code"] != "connection_refused" || !strings.Contains(text, "connection refused") {
		t.Errorf("line %v", line)
	}
}

func TestNothingIsLoggedThatIsNotWanted(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, ok, func(s *settings) {
		s.proxy.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	r.post(chatBody)
	r.proxy.Close()
	if log.Len() > 0 {
		t.Errorf("logged: %s", &log)
	}
}

// TestSecretsStayInTheirRequest makes every sort of call with secrets in it, and
// looks for them in all that this package writes.
func TestSecretsStayInTheirRequest(t *testing.T) {
	secrets := []string{"sk-proj-topsecret1", "PROMPT-topsecret2", "QUERY-topsecret3", "COOKIE-topsecret4", "AGENT-topsecret5", "USER-topsecret6"}
	body := `{"model":"gpt-4o","user":"USER-topsecret6","messages":[{"role":"user","content":"PROMPT-topsecret2"}]}`
	services := map[string]http.HandlerFunc{
		"healthy": ok,
		"down":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"closed":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"garbage": garbage,
		"cut":     cuts["chunked"],
		"hangs": func(_ http.ResponseWriter, req *http.Request) {
			io.Copy(io.Discard, req.Body)
			<-req.Context().Done()
		},
	}
	for _, name := range slices.Sorted(maps.Keys(services)) {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, services[name], tripped, func(s *settings) {
				s.guard.Timeouts = guard.Timeouts{Headers: 30 * time.Millisecond}
				s.proxy.MaxBody = 10_000
			})
			var said []string
			for _, sent := range []string{body, body, body + strings.Repeat(" ", 20_000), strings.Replace(body, "gpt-4o", `\u0007`, 1)} {
				got := r.do(http.MethodPost, chatPath+"?api-key=QUERY-topsecret3", sent, "Authorization", "Bearer sk-proj-topsecret1",
					"Cookie", "a=COOKIE-topsecret4", "User-Agent", "AGENT-topsecret5", "Content-Type", "application/json")
				said = append(said, got.body, headerText(got.Header))
				for _, v := range r.line() {
					if text, ok := v.(string); ok {
						said = append(said, text)
					}
				}
			}
			for _, b := range r.guard.Circuits().All() {
				said = append(said, b.Name())
			}
			for _, secret := range secrets {
				for _, text := range said {
					if strings.Contains(text, secret) {
						t.Errorf("%s is in %q", secret, text)
					}
				}
			}
		})
	}
}

func headerText(h http.Header) string {
	var text strings.Builder
	h.Write(&text)
	return text.String()
}
