package guard

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

// A connection that dies without a word is found out by pings, long before the
// headers are late.
func TestDeadHTTP2ConnectionIsNoticed(t *testing.T) {
	asked := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("the request came over %s", r.Proto)
		}
		close(asked)
		<-r.Context().Done()
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	wire, cut := wireTo(t, server.Listener.Addr().String())

	base := newTransport(5*time.Second, 0, 50*time.Millisecond)
	base.TLSClientConfig = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"}
	g, err := New(base, Config{})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-asked
		cut.Store(true)
	}()
	req, _ := http.NewRequestWithContext(WithoutRetries(t.Context()), http.MethodGet, "https://"+wire+"/v1/models", nil)
	start := time.Now()
	_, err = g.RoundTrip(req)
	if f, ok := err.(*fault.Error); !ok || f.Kind != fault.Service && f.Kind != fault.Timeout || f.Unreached {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("noticed after %v", took)
	}
}

// wireTo forwards a TCP connection until it is cut: then it carries nothing any
// more, in both directions, and stays open.
func wireTo(t *testing.T, target string) (addr string, cut *atomic.Bool) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	cut = new(atomic.Bool)
	carry := func(to, from net.Conn) {
		buf := make([]byte, 4096)
		for {
			n, err := from.Read(buf)
			if err != nil {
				to.Close()
				return
			}
			if !cut.Load() {
				_, _ = to.Write(buf[:n])
			}
		}
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				return
			}
			go carry(far, conn)
			go carry(conn, far)
		}
	}()
	return l.Addr().String(), cut
}

// A forward proxy that refuses stands between us and the host.
func TestForwardProxyThatRefusesIsAnUnreachedHost(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("asked for %s", r.Method)
		}
		w.WriteHeader(503)
	}))
	defer proxy.Close()
	base := newTransport(0, 0, pingAfter)
	base.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	g, err := New(base, Config{})
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequestWithContext(WithoutRetries(t.Context()), http.MethodPost, "https://api.invalid/v1/files", nil)
	_, err = g.RoundTrip(req)
	if f, ok := err.(*fault.Error); !ok || f.Code != fault.CodeUnreachable || !f.Unreached || !f.NotDone {
		t.Errorf("got %v", err)
	}
	if m := g.Circuits().Get("api.invalid").Metrics(); m.FailedCalls != 1 {
		t.Errorf("metrics %+v", m)
	}
}

// A POST that meets a reset is sent once for each attempt, also if a header makes
// net/http believe that it may be repeated.
func TestTransportDoesNotRepeatByItself(t *testing.T) {
	var down atomic.Bool
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if !down.Load() {
			return
		}
		if asked.Add(1); r.Header.Get("Idempotency-Key") != "k" {
			t.Errorf("header %v", r.Header)
		}
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}))
	defer server.Close()
	for _, body := range []string{"", "{}"} {
		down.Store(false)
		asked.Store(0)
		g, err := New(nil, Config{})
		if err != nil {
			t.Fatal(err)
		}
		post := func(key string) error {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/files", strings.NewReader(body))
			if key != "" {
				req.Header["Idempotency-Key"] = []string{key}
			}
			resp, err := g.RoundTrip(req)
			if err == nil {
				err = resp.Body.Close()
			}
			if key != "" && len(req.Header) != 1 {
				t.Errorf("the caller's header is now %v", req.Header)
			}
			return err
		}
		if err := post(""); err != nil { // so that there is a connection that was used before
			t.Fatal(err)
		}
		down.Store(true)
		if err := post("k"); err == nil || asked.Load() != 1 {
			t.Errorf("with the body %q: %d requests, %v", body, asked.Load(), err)
		}
		g.CloseIdleConnections()
	}
}

// The defaults of the transport are what the documentation says.
func TestTransportDefaults(t *testing.T) {
	tr := newTransport(5*time.Second, 5*time.Second, pingAfter)
	if tr.TLSHandshakeTimeout != 5*time.Second || tr.HTTP2.SendPingTimeout != 15*time.Second || tr.HTTP2.PingTimeout != 15*time.Second || tr.Proxy == nil || !tr.ForceAttemptHTTP2 {
		t.Errorf("transport %+v", tr)
	}
}

// A transport of the guard's own is made anew for other deadlines, and only then;
// the caller's own stays.
func TestTransportForANewConfig(t *testing.T) {
	g, err := New(nil, Config{})
	if err != nil {
		t.Fatal(err)
	}
	before := g.live.Load().transport
	for _, row := range []struct {
		cfg  Config
		same bool
		tls  time.Duration
	}{
		{Config{Timeouts: Timeouts{Idle: time.Second}}, true, 5 * time.Second},
		{Config{Timeouts: Timeouts{Connect: time.Second}}, false, time.Second},
		{Config{Timeouts: Timeouts{Connect: time.Second}, Overrides: []Override{{Endpoint: "/x", Timeouts: Timeouts{Connect: time.Minute}}}}, false, time.Minute},
		{Config{Timeouts: Timeouts{Connect: -1}}, false, 0},
	} {
		if err := g.SetConfig(row.cfg); err != nil {
			t.Fatal(err)
		}
		now := g.live.Load().transport
		if same := now == before; same != row.same {
			t.Errorf("%+v: the same transport is %v", row.cfg, same)
		}
		if d := now.(*http.Transport).TLSHandshakeTimeout; d != row.tls {
			t.Errorf("%+v: TLS may take %v", row.cfg, d)
		}
		before = now
	}
	base := transport(func(*http.Request) (*http.Response, error) { return nil, io.EOF })
	if g, err = New(base, Config{}); err != nil {
		t.Fatal(err)
	}
	if err := g.SetConfig(Config{Timeouts: Timeouts{Connect: time.Second}}); err != nil {
		t.Fatal(err)
	}
	if _, ok := g.live.Load().transport.(transport); !ok {
		t.Error("the caller's transport is gone")
	}
}
