package openaitest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

const (
	chatBody       = `{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}`
	chatStreamBody = `{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hello"}]}`
	respStreamBody = `{"model":"gpt-4o","stream":true,"input":"Hello"}`

	chatPath = "/v1/chat/completions"
	respPath = "/v1/responses"
)

// got is what a client made of one answer.
type got struct {
	status int
	header http.Header
	body   string
	err    error // of the request, or of reading the body
}

// events splits a stream into what stands behind "data: ".
func (g got) events() []string {
	var out []string
	for line := range strings.SplitSeq(g.body, "\n") {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			out = append(out, data)
		}
	}
	return out
}

// apiError returns the code and the type of an error in the API's shape; it
// fails the test for any other.
func (g got) apiError(t *testing.T) (code, kind string) {
	t.Helper()
	var body struct {
		Error map[string]any `json:"error"`
	}
	decode(t, g.body, &body)
	for _, key := range []string{"message", "type", "param", "code"} {
		if _, ok := body.Error[key]; !ok {
			t.Errorf("the error has no %q: %s", key, g.body)
		}
	}
	code, _ = body.Error["code"].(string)
	kind, _ = body.Error["type"].(string)
	return code, kind
}

// client returns one with connections of its own.
func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

func newRequest(ctx context.Context, t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

func do(c *http.Client, r *http.Request) got {
	resp, err := c.Do(r)
	if err != nil {
		return got{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header, string(body), err}
}

func post(t *testing.T, l *openaitest.Local, path, body string) got {
	t.Helper()
	return do(client(t), newRequest(t.Context(), t, http.MethodPost, l.URL+path, body))
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func idle(t *testing.T, l *openaitest.Local) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := l.Idle(ctx); err != nil {
		t.Fatalf("still in flight: %+v", l.Counts())
	}
}

// clock is one that tests turn by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1_700_000_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
