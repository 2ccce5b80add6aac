package bench

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/recloser/recloser/guard"
)

// BenchmarkRoundTrip is one call of a Go program, its answer read to the end:
// with a base transport that does nothing, so that what is left is the guard's
// own, and over the loopback interface beside the bare http.Transport.
func BenchmarkRoundTrip(b *testing.B) {
	upstream := startSelf(b, "upstream").addr
	bare := &http.Transport{MaxIdleConnsPerHost: 256}
	b.Cleanup(bare.CloseIdleConnections)
	for _, base := range []struct {
		name string
		http.RoundTripper
	}{{"fake", fakeTransport{}}, {"http", bare}} {
		for _, kind := range kinds {
			for _, impl := range []struct {
				name string
				http.RoundTripper
			}{{"plain", base}, {"recloser", newGuard(b, base)}} {
				name := "base=" + base.name + "/answer=" + kind.name + "/impl=" + impl.name
				b.Run(name, func(b *testing.B) { roundTrips(b, impl, upstream, kind.stream) })
			}
		}
	}
}

func newGuard(tb testing.TB, base http.RoundTripper) http.RoundTripper {
	tb.Helper()
	g, err := guard.New(base, guard.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func roundTrips(b *testing.B, transport http.RoundTripper, upstream string, stream bool) {
	b.ReportAllocs()
	body := `{"messages":[{"role":"user","content":"` + strings.Repeat("word ", 200) + `"}],"model":"gpt-4.1"}`
	buffer := make([]byte, 32<<10)
	for b.Loop() {
		if err := roundTrip(b, transport, upstream, body, stream, buffer); err != nil {
			b.Fatal(err)
		}
	}
}

func roundTrip(b *testing.B, transport http.RoundTripper, upstream, body string, stream bool, buffer []byte) error {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://"+upstream+chatPath, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if stream {
		req.Header.Set(streamHeader, "1")
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	for err == nil {
		_, err = resp.Body.Read(buffer)
	}
	if err != io.EOF {
		return err
	}
	return nil
}

// fakeTransport answers at once, without a connection.
type fakeTransport struct{}

func (fakeTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp := &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{}, ContentLength: int64(len(completion)),
	}
	if req.Header.Get(streamHeader) == "" {
		resp.Header["Content-Type"] = []string{"application/json"}
		resp.Body = io.NopCloser(strings.NewReader(completion))
		return resp, nil
	}
	resp.Header["Content-Type"] = []string{"text/event-stream; charset=utf-8"}
	resp.ContentLength = -1
	resp.Body = &fakeStream{}
	return resp, nil
}

// fakeStream is a streamed body, each event of which is a read of its own.
type fakeStream struct {
	left string // of the present event
	read int    // events begun
}

func (s *fakeStream) Read(p []byte) (int, error) {
	if s.left == "" {
		s.read++
		switch {
		case s.read <= contentEvents:
			s.left = contentEvent
		case s.read == contentEvents+1:
			s.left = finishEvent
		case s.read == contentEvents+2:
			s.left = doneEvent
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

func (*fakeStream) Close() error { return nil }

// TestFakeTransport shows that its answers are those of the upstream.
func TestFakeTransport(t *testing.T) {
	for header, want := range map[string]string{"": completion, "1": streamed()} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://upstream"+chatPath, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(streamHeader, header)
		resp, err := newGuard(t, fakeTransport{}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || !bytes.Equal(got, []byte(want)) {
			t.Errorf("stream %q: %v, %q", header, err, got)
		}
		_ = resp.Body.Close()
	}
}
