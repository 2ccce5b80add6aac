package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

const (
	chatPath = "/v1/chat/completions"
	chatBody = `{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}`
	patience = 10 * time.Second // of a test with what must happen at once
)

// rig is a proxy over real TCP, in front of a handler that plays the service.
type rig struct {
	*testing.T
	proxy    *httptest.Server
	upstream *httptest.Server
	guard    *guard.Guard
	log      *lines
	client   *http.Client
}

// settings are what a test may change.
type settings struct {
	guard guard.Config
	proxy gateway.Config
}

// newRig starts both servers, without retries unless a test wants them.
func newRig(t *testing.T, service http.HandlerFunc, change ...func(*settings)) *rig {
	t.Helper()
	r := &rig{T: t, log: newLines()}
	r.upstream = httptest.NewServer(service)
	t.Cleanup(r.upstream.Close)
	s := &settings{}
	s.guard.Retry.MaxRetries = -1
	s.proxy.Linger = -1
	s.proxy.Upstream = parse(t, r.upstream.URL+"/v1")
	s.proxy.Log = slog.New(slog.NewJSONHandler(r.log, nil))
	for _, f := range change {
		f(s)
	}
	g, err := guard.New(nil, s.guard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.CloseIdleConnections)
	r.guard, s.proxy.Guard = g, g
	p, err := gateway.New(s.proxy)
	if err != nil {
		t.Fatal(err)
	}
	r.proxy = httptest.NewUnstartedServer(p)
	r.proxy.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	r.proxy.Start()
	t.Cleanup(r.proxy.Close)
	r.client = &http.Client{Timeout: patience, Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}}
	t.Cleanup(r.client.CloseIdleConnections)
	return r
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body string
	err  error // of reading the body
}

func (r *rig) do(method, path, body string, header ...string) answer {
	r.Helper()
	return r.send(r.request(method, path, strings.NewReader(body), header...))
}

func (r *rig) post(body string, header ...string) answer {
	r.Helper()
	return r.do(http.MethodPost, chatPath, body, append([]string{"Content-Type", "application/json"}, header...)...)
}

func (r *rig) request(method, path string, body io.Reader, header ...string) *http.Request {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.proxy.URL+path, body)
	if err != nil {
		r.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	return req
}

func (r *rig) send(req *http.Request) answer {
	r.Helper()
	resp, err := r.client.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp, string(body), err}
}

// apiError reads an answer of our own, and demands what all of them have.
func (r *rig) apiError(a answer) (message, kind, code string) {
	r.Helper()
	var got map[string]map[string]any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		r.Fatalf("%d %q: %v", a.StatusCode, a.body, err)
	}
	e := got["error"]
	param, has := e["param"]
	if len(got) != 1 || len(e) != 4 || !has || param != nil {
		r.Errorf("not the four fields: %s", a.body)
	}
	if ct, cc := a.Header.Get("Content-Type"), a.Header.Get("Cache-Control"); ct != "application/json" || cc != "no-store" {
		r.Errorf("Content-Type %q, Cache-Control %q", ct, cc)
	}
	message, _ = e["message"].(string)
	kind, _ = e["type"].(string)
	code, _ = e["code"].(string)
	if message == "" || kind == "" || code == "" {
		r.Errorf("an empty field: %s", a.body)
	}
	return message, kind, code
}

// metrics returns those of a circuit of the rig's upstream, "" for its own.
func (r *rig) metrics(model string) breaker.Metrics {
	host := strings.TrimPrefix(r.upstream.URL, "http://")
	if model == "" {
		return r.guard.Circuits().Get(host).Metrics()
	}
	return r.guard.Circuits().Child(host, model).Metrics()
}

// raw sends text over a connection of its own, and returns that with a reader
// of what comes back.
func (r *rig) raw(text string) (*net.TCPConn, *bufio.Reader) {
	r.Helper()
	conn, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.proxy.Listener.Addr().String())
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	io.WriteString(conn, text)
	return conn.(*net.TCPConn), bufio.NewReader(conn)
}

// receive reads the beginning of an answer, up to its body.
func (r *rig) receive(in *bufio.Reader) answer {
	r.Helper()
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { resp.Body.Close() })
	return answer{Response: resp}
}

// lines is a log whose lines can be waited for.
type lines struct {
	all chan string
}

func newLines() *lines { return &lines{make(chan string, 4096)} }

func (l *lines) Write(p []byte) (int, error) {
	l.all <- string(p)
	return len(p), nil
}

// line waits for the next line of the access log.
func (r *rig) line() map[string]any {
	r.Helper()
	select {
	case text := <-r.log.all:
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil || strings.Count(text, "\n") != 1 {
			r.Fatalf("%q is no line: %v", text, err)
		}
		return line
	case <-time.After(patience):
		r.Fatal("nothing was logged")
	}
	return nil
}

// noMore demands that nothing else was logged, once all calls have ended.
func (r *rig) noMore() {
	r.Helper()
	r.client.CloseIdleConnections()
	r.proxy.Close()
	select {
	case text := <-r.log.all:
		r.Errorf("also logged: %s", text)
	default:
	}
}

func withRetries(s *settings) {
	s.guard.Retry = retry.Config{MaxRetries: 2, BaseDelay: time.Millisecond, MaxDelay: time.Millisecond}
	s.proxy.RetriesOn = true
	s.guard.Gates = guard.Off // whose waits no test has time for
}

// tripped opens a circuit for good at the first failure.
func tripped(s *settings) {
	s.guard.Breaker = breaker.Config{FailureThreshold: 1, BaseTimeout: time.Hour, ResetTimeout: time.Hour}
}

func ok(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"ok":true}`) }

// recorder notes the last request with its body.
type recorder struct {
	requests chan *http.Request
	bodies   chan []byte
}

func newRecorder() *recorder {
	return &recorder{make(chan *http.Request, 64), make(chan []byte, 64)}
}

func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	rec.requests <- r.Clone(context.WithoutCancel(r.Context()))
	rec.bodies <- body
	ok(w, r)
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if !bytes.Equal(a, b) {
		t.Errorf("%s is %s, want %s", what, a, b)
	}
}
