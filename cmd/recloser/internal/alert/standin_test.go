package alert

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// request is one that a stand-in has received.
type request struct {
	at     time.Time
	url    string
	header http.Header
	body   string
}

// fields is the body, as JSON.
func (r request) fields(t *testing.T) map[string]any {
	t.Helper()
	all := map[string]any{}
	if err := json.Unmarshal([]byte(r.body), &all); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return all
}

// standIn is in place of a service. It answers one request after another as it is told,
// and all others with success.
type standIn struct {
	answers []http.HandlerFunc

	mu  sync.Mutex
	got []request
}

// ServeHTTP makes it a server.
func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.got = append(s.got, request{time.Now(), "https://" + r.Host + r.URL.RequestURI(), r.Header, string(body)})
	answer := succeed
	if len(s.answers) > 0 {
		answer, s.answers = s.answers[0], s.answers[1:]
	}
	s.mu.Unlock()
	answer(w, r)
}

// RoundTrip makes it a transport without a network, for tests whose time is not real.
func (s *standIn) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	w := httptest.NewRecorder()
	func() {
		defer func() { recover() }() // of hang
		s.ServeHTTP(w, r)
	}()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	res := w.Result()
	res.Request = r
	return res, nil
}

func (s *standIn) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.got...)
}

// succeed answers what all services take for success.
func succeed(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/chat.postMessage") {
		io.WriteString(w, `{"ok":true}`)
		return
	}
	io.WriteString(w, "ok")
}

// hang never answers, not even when the connection is being closed.
func hang(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

func fail(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func limit(after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

// listen starts the stand-in as a server, and returns a transport for which it is
// every host.
func (s *standIn) listen(t *testing.T) *http.Transport {
	t.Helper()
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{
			RootCAs:    server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
			ServerName: "example.com", // that of its certificate
			MinVersion: tls.VersionTLS12,
		},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// logText is what was logged.
type logText struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write adds a line.
func (l *logText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// String is all lines.
func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logText) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// The secrets of the targets that tests send to.
const (
	slackToken  = "T00000000-B00000000-abcdefghijklmnopqrstuvwx"
	slackHook   = "slack://hook:" + slackToken + "@webhook"
	slackBot    = "slack://xoxb:123456789012-1234567890123-abcdefghijklmnopqrstuvwx@C0123456789"
	pagerKey    = "0123456789abcdef0123456789abcdef"
	pager       = "pagerduty:///" + pagerKey
	webhook     = "generic+https://hooks.example.com/in/s3cr3t-path?token=t0psecret"
	teamsFlow   = "teams+https://prod-1.westeurope.logic.azure.com/workflows/0a1b2c3d4e5f/triggers/manual/paths/invoke?sig=Zm9vYmFyc2ln"
	discordHook = "discord://d1sc0rd-t0ken@4815162342"
	manager     = "alertmanager+https://who:hunter2@am.example.com:9093/prefix"
)

func target(t *testing.T, text string) *Target {
	t.Helper()
	to, err := ParseTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// down is the first page of a trouble.
func down(key string) Page {
	now := time.Now()
	return Page{
		Key: key, Rule: "circuit-open", Subject: "api.openai.com/gpt-5", Severity: Critical, State: Firing, Number: 1,
		At: now, Since: now.Add(-time.Minute),
		Title: "api.openai.com/gpt-5 is down", What: "The circuit has been open for 1m0s.", Why: "5 of 5 attempts failed.",
		Users: "They read <an error> & wait.", Next: "Look at the status page.", Link: "https://recloser.example.com/#c=1",
	}
}

// up ends it.
func up(key string) Page {
	p := down(key)
	p.State, p.Number, p.Ended = Resolved, 2, p.At
	p.What, p.Why, p.Users, p.Next = "It is over.", "", "", ""
	return p
}

// again is another page of it.
func again(key string, number int) Page {
	p := down(key)
	p.Number = number
	return p
}
