package guard_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

func TestHeldBodyIsSentAgainWhole(t *testing.T) {
	var bodies []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(b))
		if len(bodies) < 3 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	r := newRig(t, nil, quick)
	if resp, _, err := r.chat(s.URL); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("got %v, %v", resp, err)
	}
	if want := fmt.Sprint([]string{chat, chat, chat}); fmt.Sprint(bodies) != want {
		t.Errorf("sent %q", bodies)
	}
}

func TestLargeBodyStreamsThroughOnce(t *testing.T) {
	attempts := 0
	var got int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		attempts++
		got, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	large := `{"model":"gpt-5","x":"` + strings.Repeat("x", 5<<20) + `"}`
	for name, hide := range map[string]bool{"length known": false, "length unknown": true} {
		t.Run(name, func(t *testing.T) {
			attempts = 0
			req := newPost(t, s.URL, large)
			if hide {
				req.Body, req.ContentLength = io.NopCloser(strings.NewReader(large)), -1
			}
			r := newRig(t, nil, quick)
			resp, err := r.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if attempts != 1 || got != int64(len(large)) {
				t.Errorf("%d attempts, %d bytes of %d", attempts, got, len(large))
			}
			if m := r.metrics(host(s.URL) + "/no-model"); m.TotalCalls != 1 || m.FailedCalls != 1 || r.Circuits().Len() != 2 {
				t.Errorf("metrics %+v", m)
			}
		})
	}
}

type brokenBody struct{ sent bool }

func (b *brokenBody) Read(p []byte) (int, error) {
	if b.sent {
		return 0, errors.New("the caller's disk is gone")
	}
	b.sent = true
	return len(p), nil
}
func (b *brokenBody) Close() error { return nil }

func TestCallersBrokenBodyIsNotTheServicesFault(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	for _, size := range []int64{100, 5 << 20} {
		r := newRig(t, nil, quick)
		req := newPost(t, s.URL, chat)
		req.Body, req.ContentLength = &brokenBody{}, size
		if size == 100 {
			req.ContentLength = -1
		}
		resp, err := r.RoundTrip(req)
		if resp != nil || !errors.Is(err, fault.ErrCaller) {
			t.Errorf("got %v, %v", resp, err)
		}
		for _, b := range r.Circuits().All() {
			if m := b.Metrics(); m.FailedCalls != 0 {
				t.Errorf("counted against the service: %+v", m)
			}
		}
	}
}

// untilGone waits until the client has left; a server notices only when it has
// read the body.
func untilGone(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// sse writes events and flushes each.
func sse(w http.ResponseWriter, events ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, e := range events {
		io.WriteString(w, e)
		w.(http.Flusher).Flush()
	}
}

const (
	role   = `data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"
	finish = `data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	done   = "data: [DONE]\n\n"
)

func TestStreamGoesThroughUnbuffered(t *testing.T) {
	next := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for _, e := range []string{role, chunk, finish, done} {
			sse(w, e)
			<-next
		}
	})
	r := newRig(t, nil, guard.Config{Retry: once.Retry, Commit: guard.CommitHeaders})
	resp, err := r.RoundTrip(newPost(t, s.URL, chat))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for _, want := range []string{role, chunk, finish, done} {
		if got, err := lines.ReadString('\n'); err != nil || got+"\n" != want {
			t.Fatalf("got %q, %v while the service holds the next event", got, err)
		}
		_, _ = lines.ReadString('\n')
		if n := r.count(guard.AttemptEnded); n != 0 {
			t.Fatal("recorded before its end")
		}
		next <- struct{}{}
	}
	if _, err := lines.ReadByte(); err != io.EOF {
		t.Errorf("end is %v", err)
	}
	if m := r.metrics(host(s.URL) + "/gpt-5"); r.count(guard.AttemptEnded) != 1 || m.FailedCalls != 0 {
		t.Errorf("%d recorded, metrics %+v", r.count(guard.AttemptEnded), m)
	}
}

// What a client that leaves early means depends on what it has. Some leave right
// behind the terminal event.
func TestClientLeaves(t *testing.T) {
	for name, row := range map[string]struct {
		path   string
		events []string
		kind   fault.Kind
	}{
		"after [DONE]":             {"/chat/completions", []string{role, chunk, finish, done}, fault.Success},
		"after the finish reason":  {"/chat/completions", []string{role, chunk, finish}, fault.Success},
		"in the middle":            {"/chat/completions", []string{role, chunk}, fault.Cancelled},
		"after an error event":     {"/chat/completions", []string{chunk, errorEvent}, fault.Service},
		"after response.completed": {"/responses", []string{created, textDelta, completed}, fault.Success},
		"after response.failed":    {"/responses", []string{created, textDelta, failedEvent}, fault.Service},
		"in a response":            {"/responses", []string{created, textDelta}, fault.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				sse(w, row.events...)
				untilGone(r)
			})
			r := newRig(t, nil, once)
			req := newPost(t, s.URL, chat)
			req.URL.Path = "/v1" + row.path
			resp, err := r.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			want := len(strings.Join(row.events, ""))
			if _, err := io.ReadFull(resp.Body, make([]byte, want)); err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if len(r.events) != 2 || r.events[0].Kind != row.kind {
				t.Errorf("events %+v, want %v", r.events, row.kind)
			}
		})
	}
}

func TestDecoderThatStopsBeforeTheEndHasItsAnswer(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"id":1}`+"\n")
		w.(http.Flusher).Flush() // chunked: the end is not yet known
		io.WriteString(w, "   \n")
	})
	r := newRig(t, nil, once)
	resp, err := r.RoundTrip(newPost(t, s.URL, chat))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = resp.Body.Read(make([]byte, 9))
	resp.Body.Close()
	if r.events[0].Kind != fault.Success {
		t.Errorf("events %+v", r.events)
	}
}

func TestCancellationIsTheCallersAffair(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { untilGone(r) })
	r := newRig(t, nil, quick)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := r.post(ctx, s.URL, chat)
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, fault.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, _, err = r.post(ctx, s.URL, chat)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if m := r.metrics(host(s.URL) + "/gpt-5"); m.FailedCalls != 0 || m.TotalCalls != 2 {
		t.Errorf("metrics %+v", m)
	}
}

func TestProbeOfAStreamReclosesAtItsFirstContent(t *testing.T) {
	next := make(chan struct{})
	down := true
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		for _, e := range []string{": comment\n\n", role, chunk, finish + done} {
			sse(w, e)
			<-next
		}
	})
	r := newRig(t, nil, guard.Config{
		Retry: once.Retry, Commit: guard.CommitHeaders,
		Breaker: breaker.Config{FailureThreshold: 1, BaseTimeout: time.Millisecond, ResetTimeout: time.Millisecond},
	})
	_, _, _ = r.chat(s.URL)
	down = false
	<-time.After(2 * time.Millisecond)
	resp, err := r.RoundTrip(newPost(t, s.URL, chat))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	states := []breaker.State{breaker.HalfOpen, breaker.HalfOpen, breaker.Closed, breaker.Closed}
	for i, want := range states {
		_, _ = lines.ReadString('\n')
		_, _ = lines.ReadString('\n')
		if got := r.metrics(host(s.URL) + "/gpt-5").State; got != want {
			t.Errorf("after event %d the circuit is %v, want %v", i, got, want)
		}
		next <- struct{}{}
	}
}

func TestUpgradeStaysAConnection(t *testing.T) {
	url := rawServer(t, func(c *net.TCPConn) {
		say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")(c)
		_, _ = io.Copy(c, c)
	})
	r := newRig(t, nil, guard.Config{Timeouts: guard.Timeouts{Idle: time.Millisecond, Total: time.Minute}})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v1/realtime", nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := r.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		t.Fatalf("the body of a 101 is a %T", resp.Body)
	}
	for i := range 3 {
		<-time.After(5 * time.Millisecond) // silence is no stall here
		fmt.Fprintf(conn, "ping %d", i)
		got := make([]byte, 6)
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != fmt.Sprintf("ping %d", i) {
			t.Fatalf("echo is %q, %v", got, err)
		}
	}
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Errorf("half-close: %v", err)
	}
	if rest, err := io.ReadAll(conn); err != nil || len(rest) != 0 {
		t.Errorf("after the half-close %q, %v", rest, err)
	}
	conn.Close()
	conn.Close()
	if m := r.metrics(host(url)); m.TotalCalls != 1 || m.FailedCalls != 0 || r.events[0].Kind != fault.Success {
		t.Errorf("metrics %+v, events %+v", m, r.events)
	}
}

func TestCallerWhoseBodyBreaksOffHasLeft(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	req := newPost(t, s.URL, chat)
	req.ContentLength = int64(len(chat)) + 1
	_, err := newRig(t, nil, once).RoundTrip(req)
	if !errors.Is(err, fault.ErrCancelled) {
		t.Errorf("got %v", err)
	}
}

func TestEncodings(t *testing.T) {
	var asked []string
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { asked = r.Header["Accept-Encoding"] })
	for _, row := range []struct{ client, body, want string }{
		{"", chat, "[gzip]"}, // the transport's own, undone by it
		{"gzip, deflate, br, zstd", chat, "[gzip]"},
		{"br", chat, "[identity]"},
		{"identity", chat, "[identity]"},
		{"gzip, br", `{"model":"m","stream":true}`, "[identity]"},
		{"", `{"stream":true}`, "[identity]"},
	} {
		req := newPost(t, s.URL, row.body)
		if row.client != "" {
			req.Header.Set("Accept-Encoding", row.client)
		}
		resp, err := newRig(t, nil, once).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if fmt.Sprint(asked) != row.want {
			t.Errorf("client accepts %q, %s: asked for %s, want %s", row.client, row.body, asked, row.want)
		}
		if row.client != "" && req.Header.Get("Accept-Encoding") != row.client {
			t.Error("the caller's request was changed")
		}
	}
}

func TestGzippedErrorIsReadAndReachesTheCallerAsItWas(t *testing.T) {
	packed := gzipped(`{"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, packed)
	})
	req := newPost(t, s.URL, chat)
	req.Header.Set("Accept-Encoding", "gzip") // else the transport undoes it
	r := newRig(t, nil, once)
	resp, err := r.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, _ := io.ReadAll(resp.Body); !bytes.Equal(got, []byte(packed)) || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%d bytes of %d, encoding %q", len(got), len(packed), resp.Header.Get("Content-Encoding"))
	}
	if r.events[0].Kind != fault.Quota {
		t.Errorf("read as %v", r.events[0].Kind)
	}
}
