package guard

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stuck yields its text, and then reads on until it is let go.
type stuck struct {
	text io.Reader
	free chan struct{}
}

func (s *stuck) Read(p []byte) (int, error) {
	if n, _ := s.text.Read(p); n > 0 {
		return n, nil
	}
	<-s.free
	return copy(p, "late"), nil
}

func (s *stuck) Close() error { return nil }

// A buffer that a read may still write to is not given to another stream.
func TestBufferOfAReadOnItsWayIsNotReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &stuck{strings.NewReader("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"), make(chan struct{})}
		g, err := New(transport(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Request: r, Body: body}, nil
		}), Config{})
		if err != nil {
			t.Fatal(err)
		}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://api/v1/chat/completions", strings.NewReader(`{}`))
		resp, err := g.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() {
			_, err := io.Copy(io.Discard, resp.Body)
			ended <- err
		}()
		synctest.Wait() // it reads
		resp.Body.Close()
		if g.buffers.Get() != nil {
			t.Error("it is free for another stream")
		}
		close(body.free)
		if err := <-ended; err != http.ErrBodyReadAfterClose {
			t.Errorf("reading gave %v", err)
		}
	})
}

// An event of very many lines takes no longer than it is long, whatever ends them.
func TestEventOfManyLines(t *testing.T) {
	for _, line := range []string{"data:\n", "data:\r"} {
		block := append(bytes.Repeat([]byte(line), maxEvent/len(line)), '\n')
		began := time.Now()
		var f framer
		if end := f.next(block); end >= 0 && line[5] == '\n' {
			if e, _ := parse(block[:end], nil); len(e.data) != maxEvent/len(line)-1 {
				t.Errorf("%d bytes of data", len(e.data))
			}
		}
		if e, _ := parse(block, nil); len(e.data) != maxEvent/len(line)-1 {
			t.Errorf("%d bytes of data", len(e.data))
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
	}
}
