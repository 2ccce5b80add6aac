package gateway_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

const (
	event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n"
	last  = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
)

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

func TestStreamFlowsEventByEvent(t *testing.T) {
	next := make(chan struct{})
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
	})
	resp, err := r.client.Do(r.request(http.MethodPost, chatPath, strings.NewReader(chatBody))) // headers, before any event
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for range 3 {
		next <- struct{}{} // the next event is only sent once this one was seen
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
