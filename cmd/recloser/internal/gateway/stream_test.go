package gateway_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

const (
	event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n"
	delta = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n"
	last  = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
)

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

func TestStreamFlowsEventByEvent(t *testing.T) {
	for name, commit := range map[string]guard.Commit{"late": guard.CommitLate, "headers": guard.CommitHeaders} {
		t.Run(name, func(t *testing.T) {
			next := make(chan struct{}, 1)
			r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
				flush(w)
				for range 3 {
					<-next
					io.WriteString(w, event)
					flush(w)
				}
				<-next
				io.WriteString(w, last)
			}, func(s *settings) { s.guard.Commit = commit })
			if commit == guard.CommitLate {
				next <- struct{}{} // the headers come with it
			}
			resp, err := r.client.Do(r.request(http.MethodPost, chatPath, strings.NewReader(chatBody)))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			for i := range 3 {
				if i > 0 || commit == guard.CommitHeaders {
					next <- struct{}{} // the next event is only sent once this one was seen
				}
				got := make([]byte, len(event))
				if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != event {
					t.Fatalf("%q %v", got, err)
				}
			}
			next <- struct{}{}
			if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != last {
				t.Errorf("the end is %q %v", rest, err)
			}
			line := r.line()
			equal(t, "kind", line["kind"], "success")
			equal(t, "bytes", line["bytes"], 3*len(event)+len(last))
		})
	}
}

// A stream that is handed over for lack of content has its headers sent, although
// nothing follows them.
func TestHeadersOfASilentStreamAreSent(t *testing.T) {
	end := make(chan struct{})
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		flush(w)
		<-end
		io.WriteString(w, event+last)
	}, func(s *settings) { s.guard.CommitAfter = 20 * time.Millisecond })
	resp, err := r.client.Do(r.request(http.MethodPost, chatPath, strings.NewReader(chatBody)))
	close(end)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err != nil || string(got) != event+last {
		t.Errorf("%q %v", got, err)
	}
}

// writes counts the pieces in which a connection is written to.
type writes struct {
	net.Listener
	n *atomic.Int64
}

func (w writes) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	return &counted{conn, w.n}, err
}

type counted struct {
	net.Conn
	n *atomic.Int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.n.Add(1)
	return c.Conn.Write(p)
}

// The first events of a stream go out with its headers.
func TestHeadersAndFirstEventsAreOneWrite(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, event+last)
	})
	var n atomic.Int64
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: r.proxy.Config.Handler}
	t.Cleanup(func() { server.Close() })
	go server.Serve(writes{l, &n})
	resp, err := r.client.Post("http://"+l.Addr().String()+chatPath, "application/json", strings.NewReader(chatBody))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err != nil || string(got) != event+last {
		t.Errorf("%q %v", got, err)
	}
	if n.Load() > 2 {
		t.Errorf("%d writes, want the stream and the end of its chunks", n.Load())
	}
}

// A stream that fails after its content tells so, and does not end in order.
func TestStreamThatFailsTellsSo(t *testing.T) {
	for path, want := range map[string]string{
		chatPath: event + "data: {\"error\":{\"message\":\"" + fault.MessageUnavailable + "\",\"type\":\"server_error\",\"param\":null,\"code\":\"truncated\"}}\n\n",
		"/v1/responses": delta + "event: error\ndata: {\"type\":\"error\",\"code\":\"truncated\",\"message\":\"" + fault.MessageUnavailable +
			"\",\"param\":null,\"sequence_number\":1,\"error\":{\"message\":\"" + fault.MessageUnavailable + "\",\"type\":\"server_error\",\"param\":null,\"code\":\"truncated\"}}\n\n",
	} {
		r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			if req.URL.Path == chatPath {
				io.WriteString(w, event+event[:20])
			} else {
				io.WriteString(w, delta+delta[:20])
			}
		})
		got := r.do(http.MethodPost, path, chatBody)
		if got.body != want || !errors.Is(got.err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %q\n%v", path, got.body, got.err)
		}
	}
}

// The client of a stream that failed has time to leave by itself; if it does not,
// its connection is broken all the same.
func TestStreamThatFailsLingers(t *testing.T) {
	for name, linger := range map[string]time.Duration{"leaves": patience, "stays": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				io.WriteString(w, event)
			}, func(s *settings) { s.proxy.Linger = linger })
			start := time.Now()
			resp, err := r.client.Do(r.request(http.MethodPost, chatPath, strings.NewReader(chatBody)))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			in := bufio.NewReader(resp.Body)
			for text := ""; !strings.HasPrefix(text, "data: {\"error\""); {
				if text, err = in.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			equal(t, "kind", r.line()["kind"], "service") // which does not wait for that
			if name == "leaves" {
				resp.Body.Close()
				r.noMore() // the handler has ended
			} else if _, err := io.ReadAll(in); !errors.Is(err, io.ErrUnexpectedEOF) || time.Since(start) < linger {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
	}
}

// A page in place of an answer, or an error behind a 200, is an error.
func TestFailuresBehindAGoodStatus(t *testing.T) {
	for name, row := range map[string]struct {
		kind, body string
		status     int
		code       string
	}{
		"HTML":            {"text/html", "<html>", 502, "html"},
		"an empty stream": {"text/event-stream", "", 502, "empty"},
		"an empty object": {"application/json", "", 502, "empty"},
		"an error object": {"application/json", `{"error":{"message":"m","type":"server_error","param":null,"code":"server_error"}}`, 502, "server_error"},
		"an error event":  {"text/event-stream", "data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"param\":null,\"code\":\"server_error\"}}\n\n", 502, "server_error"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", row.kind)
				w.Header().Set("Cache-Control", "no-store")
				io.WriteString(w, row.body)
			}, withRetries)
			got := r.post(chatBody)
			if got.StatusCode != row.status || got.Header.Get("Recloser-Attempts") != "3" || got.Header.Get("X-Should-Retry") != "false" ||
				got.Header.Get("Recloser-Kind") != "service" || !strings.Contains(got.body, `"code":"`+row.code+`"`) || got.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%d %q %v", got.StatusCode, got.body, got.Header)
			}
		})
	}
}

func TestLengthlessAnswerFlowsToo(t *testing.T) {
	next := make(chan struct{})
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "audio/mpeg")
		io.WriteString(w, "one")
		flush(w)
		<-next
		io.WriteString(w, "two")
	})
	resp, err := r.client.Do(r.request(http.MethodPost, "/v1/audio/speech", strings.NewReader(chatBody)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got := make([]byte, 3)
	if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != "one" {
		t.Fatalf("%q %v", got, err)
	}
	close(next)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "two" {
		t.Errorf("%q %v", rest, err)
	}
}

// cut is how the service breaks off an answer.
var cuts = map[string]http.HandlerFunc{
	"stream, connection broken": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, event)
		flush(w)
		panic(http.ErrAbortHandler)
	},
	"stream, clean end between events": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, event)
	},
	"chunked": func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"ok":`)
		flush(w)
		panic(http.ErrAbortHandler)
	},
	"shorter than announced": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"ok":`)
		flush(w)
		panic(http.ErrAbortHandler)
	},
}

func TestCutAnswerNeverEndsCleanly(t *testing.T) {
	for name, service := range cuts {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, service)
			got := r.post(chatBody)
			if !errors.Is(got.err, io.ErrUnexpectedEOF) {
				t.Errorf("the client read %q and then: %v", got.body, got.err)
			}
			if got.StatusCode != http.StatusOK || got.body == "" {
				t.Errorf("what had come did not arrive: %d %q", got.StatusCode, got.body)
			}
			line := r.line()
			equal(t, "kind", line["kind"], "service")
			equal(t, "status", line["status"], 200)
			equal(t, "bytes", line["bytes"], len(got.body))
			if m := r.metrics("gpt-4o"); m.FailedCalls != 1 {
				t.Errorf("%d failed calls", m.FailedCalls)
			}
			r.noMore()
		})
	}
}

func TestClientThatLeavesAStream(t *testing.T) {
	left := make(chan struct{})
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, event)
		flush(w)
		<-req.Context().Done() // the service is told
		close(left)
	})
	resp, err := r.client.Do(r.request(http.MethodPost, chatPath, strings.NewReader(chatBody)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Read(make([]byte, 10))
	resp.Body.Close()
	<-left
	equal(t, "kind", r.line()["kind"], "cancelled")
	if m := r.metrics("gpt-4o"); m.TotalCalls != 1 || m.FailedCalls != 0 {
		t.Errorf("%+v", m)
	}
}

// A client that leaves behind what ends its answer, as Codex does, is no failure
// and no cancellation, whether more would have come or not.
func TestClientThatLeavesAtTheEndOfAStream(t *testing.T) {
	for name, text := range map[string]string{
		"finish reason":      event + strings.TrimSuffix(last, "data: [DONE]\n\n"),
		"[DONE]":             event + last,
		"response.completed": delta + "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{}}\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				io.WriteString(w, text)
				flush(w)
				<-req.Context().Done()
			})
			path := chatPath
			if name == "response.completed" {
				path = "/v1/responses"
			}
			resp, err := r.client.Do(r.request(http.MethodPost, path, strings.NewReader(chatBody)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(resp.Body, make([]byte, len(text))); err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			equal(t, "kind", r.line()["kind"], "success")
			if m := r.metrics("gpt-4o"); m.TotalCalls != 1 || m.FailedCalls != 0 {
				t.Errorf("%+v", m)
			}
		})
	}
}

// TestAnswersThatBeginEarly is what a ReverseProxy without full duplex fails.
func TestAnswersThatBeginEarly(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).EnableFullDuplex()
		for range 5 {
			io.WriteString(w, event)
			flush(w)
		}
		n, err := io.Copy(io.Discard, req.Body)
		fmt.Fprintf(w, ": %d %v\n\n", n, err)
		io.WriteString(w, last)
	}, func(s *settings) { s.guard.MaxHeldBody = 1 << 10 }) // so that bodies stream
	want := strings.Repeat(event, 5) + ": 300000 <nil>\n\n" + last
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for range 4 {
				got := r.post(strings.Repeat(" ", 300_000))
				if got.err != nil || got.body != want {
					t.Errorf("%v, %d bytes of %d", got.err, len(got.body), len(want))
				}
			}
		})
	}
	all.Wait()
}

// TestAnswerBeforeTheBody has a client that sends the end of its body only once
// it has seen the beginning of the answer.
func TestAnswerBeforeTheBody(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		req.Body.Read(make([]byte, 10))
		io.WriteString(w, "early ")
		flush(w)
		rest, _ := io.ReadAll(req.Body)
		w.Write(rest[len(rest)-3:])
	}, func(s *settings) { s.guard.MaxHeldBody = 1 })
	conn, in := r.raw("POST /v1/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n")
	body := bufio.NewReader(r.receive(in).Body)
	if got, err := body.ReadString(' '); got != "early " {
		t.Fatalf("%q %v", got, err)
	}
	io.WriteString(conn, "3\r\nend\r\n0\r\n\r\n")
	if got, err := io.ReadAll(body); err != nil || string(got) != "end" {
		t.Errorf("%q %v", got, err)
	}
}
