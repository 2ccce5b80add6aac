package guard

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// pieces yields a text in reads of a size.
type pieces struct {
	text string
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.size)], p.text)
	p.text = p.text[n:]
	return n, nil
}

func (p *pieces) Close() error { return nil }

// relay passes text through a guard, and returns what came of it.
func relay(t *testing.T, path, text string, size, reads int) (got string, content bool, report Report) {
	t.Helper()
	base := transport(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Request: r, ContentLength: -1, Body: &pieces{text, size},
		}, nil
	})
	g, err := New(base, Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := WithoutRetries(WithReport(t.Context(), &report))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://api"+path, strings.NewReader(`{"model":"m"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := g.RoundTrip(req)
	if err != nil {
		return "", false, report
	}
	defer resp.Body.Close()
	var all bytes.Buffer
	_, _ = io.CopyBuffer(struct{ io.Writer }{&all}, struct{ io.Reader }{resp.Body}, make([]byte, reads))
	return all.String(), resp.StatusCode == 200, report
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzStream demands that a stream is judged alike however it is cut into reads,
// that nothing but its own bytes gets through, in their order, and that neither
// takes long.
func FuzzStream(f *testing.F) {
	for _, text := range []string{
		"event: error\ndata: {\"error\":{}}\n\n",
		"data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\r\n\r\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\ndata: [DONE]",
		"\xef\xbb\xbf: x\r\rdata: {\"a\":\rdata: 1}\r\revent: response.completed\ndata: {\"type\":\"response.completed\"}\n\n",
		"data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"x\"}}}\n\n\n\n",
		"data:00\n\r\ndata:{0\n\r",
		"data: [DONE]\n\ndata: {\"error\":\"text\"}\n\n",
	} {
		f.Add(text, uint8(3), true)
		f.Add(text, uint8(1), false)
	}
	f.Fuzz(func(t *testing.T, text string, size uint8, chat bool) {
		path := "/v1/responses"
		if chat {
			path = "/v1/chat/completions"
		}
		began := time.Now()
		whole, stream, first := relay(t, path, text, 1<<20, 1<<16)
		cut, streamed, second := relay(t, path, text, int(size)+1, int(size)+1)
		if stream && streamed && (whole != cut || first.Kind != second.Kind || first.NoDone != second.NoDone) {
			t.Errorf("%q in pieces of %d: %v %v %q, else %v %v %q", text, size+1, second.Kind, second.NoDone, cut, first.Kind, first.NoDone, whole)
		}
		if stream != streamed || (first.Fault == nil) != (second.Fault == nil) {
			t.Errorf("%q in pieces of %d: handed over %v with %v, else %v with %v", text, size+1, streamed, second.Fault, stream, first.Fault)
		}
		own := strings.HasPrefix(text, whole) || strings.HasSuffix(whole, "data: [DONE]\n\n") && strings.HasPrefix(text, strings.TrimSuffix(whole, "data: [DONE]\n\n"))
		if stream && !own {
			t.Errorf("%q became %q", text, whole)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%d bytes took %v", len(text), took)
		}
	})
}
