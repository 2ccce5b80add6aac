package guard_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

const chat = `{"model":"gpt-5","messages":[{"role":"user","content":"hi"}]}`

// rig is a guard with its events.
type rig struct {
	*testing.T
	*guard.Guard
	mu     sync.Mutex
	begun  map[[2]uint64]int // calls and numbers of attempts that are out
	events []guard.Event     // the others
}

func newRig(t *testing.T, base http.RoundTripper, cfg guard.Config) *rig {
	t.Helper()
	r := &rig{T: t, begun: map[[2]uint64]int{}}
	cfg.Observe = r.observe
	g, err := guard.New(base, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.CloseIdleConnections)
	r.Guard = g
	return r
}

// observe keeps events. Each attempt must begin once, before it ends.
func (r *rig) observe(_ context.Context, e guard.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := [2]uint64{e.Call, uint64(e.Attempt)}
	switch e.Type {
	case guard.AttemptBegun:
		r.begun[key]++
		return
	case guard.AttemptEnded:
		if r.begun[key]--; r.begun[key] != 0 {
			r.Errorf("attempt %d ended, and had begun %d times", e.Attempt, r.begun[key]+1)
		}
	default: // of what is between
	}
	r.events = append(r.events, e)
}

// once is a configuration without retries, quick makes them quick.
var (
	once  = guard.Config{Retry: retry.Config{MaxRetries: -1}}
	quick = guard.Config{Retry: retry.Config{BaseDelay: time.Millisecond}}
)

func (r *rig) count(kind guard.EventType) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Type == kind {
			n++
		}
	}
	return n
}

func (r *rig) metrics(circuit string) breaker.Metrics {
	r.Helper()
	for _, b := range r.Circuits().All() {
		if b.Name() == circuit {
			return b.Metrics()
		}
	}
	r.Fatalf("no circuit %q among %d", circuit, r.Circuits().Len())
	return breaker.Metrics{}
}

// newPost returns the request for a chat completion.
func newPost(t *testing.T, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}

// post makes a chat completion and reads the whole answer.
func (r *rig) post(ctx context.Context, url, body string) (*http.Response, string, error) {
	r.Helper()
	resp, err := r.RoundTrip(newPost(r.T, url, body).WithContext(ctx))
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

func (r *rig) chat(url string) (*http.Response, string, error) {
	r.Helper()
	return r.post(context.Background(), url, chat)
}

// serve starts a server for handler.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

// rawServer answers each request on a new connection by what answer writes, and
// then closes it.
func rawServer(t *testing.T, answer func(*net.TCPConn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					answer(conn.(*net.TCPConn))
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func host(url string) string { return strings.TrimPrefix(url, "http://") }

// answer is a base transport made of a function.
type answer func(*http.Request) (*http.Response, error)

func (f answer) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// respond makes a response.
func respond(r *http.Request, status int, body io.ReadCloser, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: body, ContentLength: -1, Request: r, ProtoMajor: 1, ProtoMinor: 1}
}

func text(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
