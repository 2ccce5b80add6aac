package guard_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

const chunk = `data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}` + "\n\n"

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func response(status, headers, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s", status, headers, len(body), body)
}

func say(s string) func(*net.TCPConn) {
	return func(c *net.TCPConn) { _, _ = io.WriteString(c, s) }
}

func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// hold keeps the connection open and silent until the client has gone.
func hold(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) }

// Every way to fail that a real connection has, named rightly and recorded once.
func TestFaultMatrix(t *testing.T) {
	const sse = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunked := func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }
	const quota = `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`
	silent := guard.Timeouts{Headers: 80 * time.Millisecond, Idle: 80 * time.Millisecond}
	rows := []struct {
		name     string
		answer   func(*net.TCPConn)
		timeouts guard.Timeouts
		kind     fault.Kind
		code     string
		fails    bool // counts against the model
		answered bool // the caller gets a response
	}{
		{"reset before headers", reset, guard.Timeouts{}, fault.Service, fault.CodeReset, true, false},
		{"closed before headers", say(""), guard.Timeouts{}, fault.Service, fault.CodeClosed, true, false},
		{"accepts, then silent", hold, silent, fault.Timeout, fault.CodeHeadersTimeout, true, false},
		{"half of the headers, then silent", func(c *net.TCPConn) { say("HTTP/1.1 200 OK\r\nContent-Ty")(c); hold(c) }, silent, fault.Timeout, fault.CodeHeadersTimeout, true, false},
		{"garbage bytes", say("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), guard.Timeouts{}, fault.Service, fault.CodeMalformed, true, false},
		{"body shorter than announced", say("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":"), guard.Timeouts{}, fault.Service, fault.CodeTruncated, true, false},
		{"body stalls", func(c *net.TCPConn) {
			say("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":")(c)
			hold(c)
		}, silent, fault.Timeout, fault.CodeIdleTimeout, true, false},
		{"long body shorter than announced", say("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20000\r\n\r\n{\"id\":"), guard.Timeouts{}, fault.Service, fault.CodeTruncated, true, true},
		{"long body stalls", func(c *net.TCPConn) {
			say("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20000\r\n\r\n{\"id\":")(c)
			hold(c)
		}, silent, fault.Timeout, fault.CodeIdleTimeout, true, true},
		{"stream stalls", func(c *net.TCPConn) { say(sse + chunked(chunk))(c); hold(c) }, silent, fault.Timeout, fault.CodeIdleTimeout, true, true},
		{"stream without content", func(c *net.TCPConn) { say(sse + chunked(": hello\n\n"))(c); hold(c) }, guard.Timeouts{FirstContent: 80 * time.Millisecond}, fault.Timeout, fault.CodeContentTimeout, true, false},
		{"stream cut in the middle", say(sse + chunked(chunk)), guard.Timeouts{}, fault.Service, fault.CodeTruncated, true, true},
		{"stream that ends early, cleanly", say(sse + chunked(chunk) + "0\r\n\r\n"), guard.Timeouts{}, fault.Service, fault.CodeTruncated, true, true},
		{"error event in the middle", say(sse + chunked(chunk+"data: {\"error\":{\"message\":\"x\",\"type\":\"server_error\",\"code\":\"server_error\"}}\n\n") + "0\r\n\r\n"), guard.Timeouts{}, fault.Service, "server_error", true, true},
		{"HTML 502", say(response("502 Bad Gateway", "Content-Type: text/html\r\nCF-Ray: 1\r\n", "<html>bad gateway</html>")), guard.Timeouts{}, fault.Service, "", true, true},
		{"gzipped quota 429", say(response("429 Too Many Requests", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", gzipped(quota))), guard.Timeouts{}, fault.Quota, "insufficient_quota", false, true},
		{"503 whose body is cut", say("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"err"), guard.Timeouts{}, fault.Service, "", true, true},
	}
	for _, row := range rows {
		for _, policy := range []guard.Policy{guard.Classic, guard.Adaptive} {
			t.Run(row.name+", "+policy.String(), func(t *testing.T) {
				url := rawServer(t, row.answer)
				r := newRig(t, nil, guard.Config{Policy: policy, Retry: once.Retry, Timeouts: row.timeouts})
				resp, _, err := r.chat(url)
				if (resp != nil) != row.answered {
					t.Errorf("got response %v, error %v", resp, err)
				}
				if row.answered && resp != nil && resp.StatusCode == 200 && err == nil && row.code != "server_error" {
					t.Error("half an answer looks whole")
				}
				r.recordedOnce(url, row.kind, row.code, row.fails)
			})
		}
	}
}

func TestResetInTheBody(t *testing.T) {
	begun := make(chan struct{})
	url := rawServer(t, func(c *net.TCPConn) {
		say("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20000\r\n\r\n{\"id\":")(c)
		<-begun // bytes that a reset overtakes would be lost
		reset(c)
	})
	r := newRig(t, nil, once)
	resp, err := r.RoundTrip(newPost(t, url, chat))
	close(begun)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, fault.ErrService) {
		t.Errorf("reading gave %v", err)
	}
	resp.Body.Close()
	r.recordedOnce(url, fault.Service, fault.CodeReset, true)
}

func TestConnectionRefused(t *testing.T) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	url := "http://" + l.Addr().String()
	l.Close()
	for policy, counts := range map[guard.Policy]int64{guard.Classic: 0, guard.Adaptive: 1} { // against the model
		r := newRig(t, nil, guard.Config{Policy: policy, Retry: once.Retry})
		_, _, err := r.chat(url)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Code != fault.CodeRefused || !f.Unreached {
			t.Errorf("got %v", err)
		}
		up, model := r.metrics(host(url)), r.metrics(host(url)+"/gpt-5")
		if up.FailedCalls != 1 || model.FailedCalls != counts || up.TotalCalls != 1 {
			t.Errorf("%s: upstream %+v\nmodel %+v", policy, up, model)
		}
	}
}

// recordedOnce checks that there was one attempt and one call, both named so,
// and that the circuits counted it so: the upstream's too, if it is adaptive.
func (r *rig) recordedOnce(url string, kind fault.Kind, code string, fails bool) {
	r.Helper()
	r.mu.Lock()
	events := r.events
	r.mu.Unlock()
	if len(events) != 2 || events[0].Type != guard.AttemptEnded || events[1].Type != guard.CallEnded {
		r.Fatalf("events %+v, want one attempt and one call", events)
	}
	for _, e := range events {
		if e.Kind != kind || e.Fault == nil || code != "" && e.Fault.Code != code {
			r.Errorf("%s named %v %+v, want %v %s", e.Type, e.Kind, e.Fault, kind, code)
		}
	}
	want := int64(0)
	if fails {
		want = 1
	}
	up, model := r.metrics(host(url)), r.metrics(host(url)+"/gpt-5")
	above := want
	if r.Policy(r.Circuits().Get(host(url))) == guard.Classic {
		above = 0
	}
	if model.TotalCalls != 1 || model.FailedCalls != want || up.TotalCalls != 1 || up.FailedCalls != above || model.State != breaker.Closed {
		r.Errorf("model  %+v\nupstream %+v", model, up)
	}
}
