package gateway_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
	"github.com/recloser/recloser/guard"
)

// BenchmarkProxy compares the proxy with a ReverseProxy of the standard library
// that has the same duty: it holds the body and parses model and stream.
func BenchmarkProxy(b *testing.B) {
	answers := map[string]http.HandlerFunc{
		"whole": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, strings.Repeat("x", 700))
		},
		"stream": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for range 20 {
				io.WriteString(w, event)
				flush(w)
			}
			io.WriteString(w, last)
		},
	}
	proxies := map[string]func(*testing.B, *url.URL) http.Handler{"plain": plainProxy, "recloser": recloserProxy}
	for _, answer := range []string{"whole", "stream"} {
		for _, impl := range []string{"plain", "recloser"} {
			b.Run("answer="+answer+"/impl="+impl, func(b *testing.B) {
				upstream := httptest.NewServer(answers[answer])
				defer upstream.Close()
				u, err := url.Parse(upstream.URL + "/v1")
				if err != nil {
					b.Fatal(err)
				}
				proxy := httptest.NewServer(proxies[impl](b, u))
				defer proxy.Close()
				drive(b, proxy.URL+chatPath)
			})
		}
	}
}

// drive sends requests over 64 connections on two cores.
func drive(b *testing.B, address string) {
	body := `{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"` + strings.Repeat("word ", 200) + `"}]}`
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	defer transport.CloseIdleConnections()
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, address, strings.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			resp, err := transport.RoundTrip(req)
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
				b.Errorf("%d %v", resp.StatusCode, err)
			}
			resp.Body.Close()
		}
	})
}

// nowhere is a log that is written, not discarded.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

func recloserProxy(b *testing.B, u *url.URL) http.Handler {
	g, err := guard.New(nil, guard.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(g.CloseIdleConnections)
	p, err := gateway.New(gateway.Config{Upstream: u, Guard: g, RetriesOn: true, Log: slog.New(slog.NewTextHandler(nowhere{}, nil))})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// pool is there so that the plain proxy does not lose by its buffers.
type pool struct{ sync.Pool }

func (p *pool) Get() []byte {
	if b, ok := p.Pool.Get().(*[32 << 10]byte); ok {
		return b[:]
	}
	return make([]byte, 32<<10)
}

func (p *pool) Put(b []byte) { p.Pool.Put((*[32 << 10]byte)(b)) }

func plainProxy(b *testing.B, u *url.URL) http.Handler {
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	b.Cleanup(transport.CloseIdleConnections)
	reverse := &httputil.ReverseProxy{
		Transport:  transport,
		BufferPool: &pool{},
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: u.Scheme, Host: u.Host}) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		body, _ := io.ReadAll(r.Body)
		var fields struct {
			Model  string `json:"model"`
			Stream bool   `json:"stream"`
		}
		_ = json.Unmarshal(body, &fields)
		r.Body = io.NopCloser(bytes.NewReader(body))
		reverse.ServeHTTP(w, r)
	})
}
