package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
)

func TestRequestHeaders(t *testing.T) {
	rec := newRecorder()
	r := newRig(t, rec.ServeHTTP)
	text := strings.ReplaceAll(`POST /v1/chat/completions HTTP/1.1
Host: proxy.example
Authorization: Bearer sk-1
OpenAI-Organization: org
Cookie: a=b
Cookie: c=d
X-Forwarded-For: 10.0.0.1
X-Forwarded-Host: secret.example
Forwarded: for=10.0.0.1
Connection: X-Private
X-Private: 1
Proxy-Authorization: Basic Zm9v
Keep-Alive: timeout=5
X-Many: 1
X-Many: 2
Content-Length: 2

{}`, "\n", "\r\n")
	_, in := r.raw(text)
	r.receive(in)
	got := (<-rec.requests).Header
	equal(t, "Authorization", got.Values("Authorization"), []string{"Bearer sk-1"})
	equal(t, "OpenAI-Organization", got.Values("OpenAI-Organization"), []string{"org"})
	equal(t, "X-Many", got.Values("X-Many"), []string{"1", "2"})
	for name := range got {
		switch name {
		case "Authorization", "Openai-Organization", "X-Many", "Content-Length", "Accept-Encoding":
		case "Recloser-Hop":
			if v := got[name]; len(v) != 1 || len(v[0]) < 26 {
				t.Errorf("Recloser-Hop %v", v)
			}
		default:
			t.Errorf("the service got %s: %v", name, got[name])
		}
	}
}

func TestExpectIsAnsweredHere(t *testing.T) {
	rec := newRecorder()
	r := newRig(t, rec.ServeHTTP)
	conn, in := r.raw("POST /v1/files HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		t.Fatalf("%q %v", line, err)
	}
	in.ReadString('\n')
	io.WriteString(conn, "{}")
	if resp := r.receive(in); resp.StatusCode != http.StatusOK {
		t.Fatalf("%v", resp)
	}
	if got := (<-rec.requests).Header.Get("Expect"); got != "" {
		t.Errorf("Expect: %s went on", got)
	}
}

func TestResponseHeaders(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for name, value := range map[string]string{
			"Link": "</a>", "Set-Cookie": "early=1", "Set-Cookie2": "early=1", "Connection": "X-Early", "X-Early": "1",
			"Keep-Alive": "timeout=5", "Trailer": "X-Sum", "Proxy-Authenticate": "Basic", "Recloser-Kind": "theirs", "Recloser-Other": "theirs",
		} {
			h.Set(name, value)
		}
		w.WriteHeader(http.StatusEarlyHints)
		clear(h)
		h.Set("X-Request-Id", "req_1")
		h.Set("X-Ratelimit-Remaining-Requests", "9")
		h.Set("Set-Cookie", "__cf_bm=1")
		h.Add("Set-Cookie", "_cfuvid=2")
		h.Set("Set-Cookie2", "a=b")
		h.Set("Connection", "X-Private, Recloser-Kind")
		h.Set("X-Private", "1")
		h.Set("Recloser-Kind", "theirs")
		h.Set("Recloser-Attempts", "99")
		h.Set("Recloser-Request-Id", "theirs")
		h.Set("Recloser-Message", "theirs")
		ok(w, nil)
	}, withRetries)
	var early http.Header
	req := r.request(http.MethodPost, chatPath, strings.NewReader(chatBody))
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(_ int, h textproto.MIMEHeader) error { early = http.Header(h); return nil },
	}))
	got := r.send(req)
	equal(t, "early hints", early, http.Header{"Link": {"</a>"}})
	for name, want := range map[string][]string{
		"X-Request-Id":                   {"req_1"},
		"X-Ratelimit-Remaining-Requests": {"9"},
		"Set-Cookie":                     nil,
		"Set-Cookie2":                    nil,
		"X-Private":                      nil,
		"Recloser-Kind":                  {"success"},
		"Recloser-Attempts":              {"1"},
		"Recloser-Message":               nil,
		"X-Should-Retry":                 nil,
	} {
		equal(t, name, got.Header[name], want)
	}
	if ids := got.Header["Recloser-Request-Id"]; len(ids) != 1 || len(ids[0]) < 26 {
		t.Errorf("Recloser-Request-Id %v", ids)
	}
}
