package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
)

// upstreamVariable is where the plain proxy sends what it gets.
const upstreamVariable = "RECLOSER_BENCH_UPSTREAM"

// maxHeldBody is what recloser serve holds by default.
const maxHeldBody = 4 << 20

// newPlainProxy returns a reverse proxy of the standard library with the duty
// of Recloser's: it holds the body and knows its model and stream. In all else
// it is as good as one can set it up.
func newPlainProxy(upstream string) http.Handler {
	target, err := url.Parse(upstream)
	if err != nil {
		fatal(err)
	}
	reverse := &httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:  holdingTransport{&http.Transport{MaxIdleConnsPerHost: 256}},
		BufferPool: &bufferPool{},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		reverse.ServeHTTP(w, r)
	})
}

// holdingTransport holds the body of a request and looks into it. It is a
// transport because a handler's body reaches http.Transport wrapped up, which
// then cannot see that it is in memory and writes it apart from the headers.
type holdingTransport struct{ base http.RoundTripper }

func (t holdingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return t.base.RoundTrip(req)
	}
	body, err := readAll(req)
	if err != nil {
		return nil, err
	}
	var fields struct {
		Model  string `json:"model"`
		Stream bool   `json:"stream"`
	}
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	out := req.WithContext(req.Context())
	out.Body = io.NopCloser(bytes.NewReader(body))
	return t.base.RoundTrip(out)
}

// readAll reads a body of known length at once.
func readAll(r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(nil, r.Body, maxHeldBody)
	if r.ContentLength <= 0 || r.ContentLength > maxHeldBody {
		return io.ReadAll(limited)
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(limited, body)
	return body, err
}

// bufferPool spares the proxy a new buffer for each answer.
type bufferPool struct{ pool sync.Pool }

func (p *bufferPool) Get() []byte {
	if b, ok := p.pool.Get().(*[32 << 10]byte); ok {
		return b[:]
	}
	return make([]byte, 32<<10)
}

func (p *bufferPool) Put(b []byte) { p.pool.Put((*[32 << 10]byte)(b)) }
