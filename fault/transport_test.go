package fault_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/recloser/recloser/fault"
)

// server answers each connection with serve and returns its URL.
func server(t *testing.T, serve func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c.(*net.TCPConn))
		}
	}()
	return "http://" + l.Addr().String()
}

// heard reads the request's head, writes answer and closes.
func heard(answer string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		readHead(c)
		_, _ = io.WriteString(c, answer)
		_ = c.Close()
	}
}

func readHead(c net.Conn) {
	buf := make([]byte, 4096)
	for n := 0; n < len(buf) && !strings.Contains(string(buf[:n]), "\r\n\r\n"); {
		m, err := c.Read(buf[n:])
		if err != nil {
			return
		}
		n += m
	}
}

// exchange posts to a URL through tr and reads the body; the error is that of
// whichever failed.
func exchange(ctx context.Context, t *testing.T, tr *http.Transport, to string) error {
	t.Helper()
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to+"/v1/chat/completions?secret=sk-query", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.ReadAll(res.Body)
	return err
}

// Each line of the fact sheet's section 1.3, produced by real sockets.
func TestTransportErrors(t *testing.T) {
	const reached, unreached = false, true
	for _, row := range []struct {
		name      string
		err       func(*testing.T) error
		code      string
		kind      fault.Kind
		unreached bool
		notDone   bool
		retry     bool
	}{
		{"DNS", dnsFails, "dns", fault.Service, unreached, true, true},
		{"refused", refused, "connection_refused", fault.Service, unreached, true, true},
		{"dial timeout", dialTimeout, "connect_timeout", fault.Timeout, unreached, true, true},
		{"dial past a deadline", dialDeadline, "connect_timeout", fault.Timeout, unreached, true, true},
		{"proxy refused", proxyRefused, "connection_refused", fault.Service, unreached, true, true},
		{"TLS, unknown CA", unknownCA, "tls", fault.Service, unreached, true, false},
		{"TLS, no TLS there", plainAsTLS, "tls", fault.Service, unreached, true, false},
		{"TLS, no version in common", oldTLS, "tls", fault.Service, unreached, true, false},
		{"TLS timeout", tlsTimeout, "tls_timeout", fault.Timeout, unreached, true, true},
		{"reset before headers", reset(""), "reset", fault.Service, reached, false, true},
		{"reset in the body", reset("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"), "reset", fault.Service, reached, false, true},
		{"EOF before headers", answers(""), "closed", fault.Service, reached, false, true},
		{"EOF between headers", answers("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"), "closed", fault.Service, reached, false, true},
		{"EOF in a header", answers("HTTP/1.1 200 OK\r\nContent-Le"), "malformed_response", fault.Service, reached, false, true},
		{"body cut", answers("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"), "truncated", fault.Service, reached, false, true},
		{"chunked body cut", answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n63\r\nhalf"), "truncated", fault.Service, reached, false, true},
		{"chunks that are none", answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "malformed_response", fault.Service, reached, false, true},
		{"not HTTP", answers("SSH-2.0-sk-secret\r\n\r\n"), "malformed_response", fault.Service, reached, false, true},
		{"bad header", answers("HTTP/1.1 200 OK\r\nsk-secret\r\n\r\n"), "malformed_response", fault.Service, reached, false, true},
		{"bad gzip", answers("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\nsk-secret!"), "malformed_response", fault.Service, reached, false, true},
		{"no headers in time", headersTimeout, "headers_timeout", fault.Timeout, reached, false, true},
		{"client's own timeout", clientTimeout, "headers_timeout", fault.Timeout, reached, false, true},
		{"deadline", deadline, "deadline", fault.Timeout, reached, false, true},
		{"cancelled", cancelled, "cancelled", fault.Cancelled, reached, false, false},
		{"HTTP/2 stream reset", h2Reset, "reset", fault.Service, reached, false, true},
		{"scheme", unsupportedScheme, "unsendable", fault.Caller, reached, true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			cause := row.err(t)
			if cause == nil {
				t.Fatal("the exchange did not fail")
			}
			e := fault.FromError(cause)
			if e.Code != row.code || e.Kind != row.kind || e.Unreached != row.unreached || e.NotDone != row.notDone || e.Retryable() != row.retry {
				t.Errorf("%v (%T %v)\ngot %s, %v, unreached %v, not done %v, retryable %v", e, cause, cause, e.Code, e.Kind, e.Unreached, e.NotDone, e.Retryable())
			}
			if text := fmt.Sprintf("%v %+v %v", e, *e, e.Err); strings.Contains(text, "sk-") || e.Why == "" {
				t.Errorf("text %s, why %q", text, e.Why)
			}
			var u *url.Error
			if errors.As(cause, &u) && !errors.Is(e, u.Err) {
				t.Error("the cause is not in the chain")
			}
		})
	}
}

func dnsFails(t *testing.T) error {
	none := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no resolver")
	}}
	tr := &http.Transport{DialContext: (&net.Dialer{Resolver: none}).DialContext}
	return exchange(t.Context(), t, tr, "http://api.invalid")
}

func refused(t *testing.T) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return exchange(t.Context(), t, &http.Transport{}, "http://"+l.Addr().String())
}

// full is a dialer whose calls never come through in time.
func full(timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	d := net.Dialer{Timeout: timeout}
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", "127.0.0.1:1")
	}
}

func dialTimeout(t *testing.T) error {
	return exchange(t.Context(), t, &http.Transport{DialContext: full(1)}, "http://127.0.0.1:1")
}

func dialDeadline(t *testing.T) error {
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	_, err := full(0)(ctx, "", "")
	return err
}

func proxyRefused(t *testing.T) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	proxy := &url.URL{Scheme: "http", Host: l.Addr().String()}
	return exchange(t.Context(), t, &http.Transport{Proxy: http.ProxyURL(proxy)}, "https://api.invalid")
}

func unknownCA(t *testing.T) error {
	s := quiet(httptest.NewUnstartedServer(nil))
	s.StartTLS()
	defer s.Close()
	return exchange(t.Context(), t, &http.Transport{}, s.URL)
}

func plainAsTLS(t *testing.T) error {
	s := quiet(httptest.NewUnstartedServer(nil))
	s.Start()
	defer s.Close()
	return exchange(t.Context(), t, &http.Transport{}, strings.Replace(s.URL, "http:", "https:", 1))
}

func oldTLS(t *testing.T) error {
	s := quiet(httptest.NewUnstartedServer(nil))
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	s.StartTLS()
	defer s.Close()
	tr := s.Client().Transport.(*http.Transport)
	tr.TLSClientConfig.MaxVersion = tls.VersionTLS12
	return exchange(t.Context(), t, tr, s.URL)
}

// quiet keeps a server's complaints about bad handshakes out of the test's log.
func quiet(s *httptest.Server) *httptest.Server {
	s.Config.ErrorLog = nothing
	return s
}

func tlsTimeout(t *testing.T) error {
	to := server(t, readHeadForever)
	return exchange(t.Context(), t, &http.Transport{TLSHandshakeTimeout: 20 * time.Millisecond}, strings.Replace(to, "http:", "https:", 1))
}

// readHeadForever reads until the other side goes and says nothing.
func readHeadForever(c *net.TCPConn) {
	_, _ = io.Copy(io.Discard, c)
	_ = c.Close()
}

func reset(answer string) func(*testing.T) error {
	return func(t *testing.T) error {
		to := server(t, func(c *net.TCPConn) {
			readHead(c)
			_, _ = io.WriteString(c, answer)
			if answer != "" {
				time.Sleep(20 * time.Millisecond) // let the answer arrive before the reset overtakes it
			}
			_ = c.SetLinger(0)
			_ = c.Close()
		})
		return exchange(t.Context(), t, &http.Transport{}, to)
	}
}

func answers(text string) func(*testing.T) error {
	return func(t *testing.T) error {
		return exchange(t.Context(), t, &http.Transport{}, server(t, heard(text)))
	}
}

func headersTimeout(t *testing.T) error {
	return exchange(t.Context(), t, &http.Transport{ResponseHeaderTimeout: 20 * time.Millisecond}, server(t, readHeadForever))
}

func clientTimeout(t *testing.T) error {
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server(t, readHeadForever), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: tr, Timeout: 20 * time.Millisecond}).Do(req)
	if err == nil {
		_ = res.Body.Close()
	}
	return err
}

func deadline(t *testing.T) error {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	return exchange(ctx, t, &http.Transport{}, server(t, readHeadForever))
}

func cancelled(t *testing.T) error {
	ctx, cancel := context.WithCancel(t.Context())
	to := server(t, func(c *net.TCPConn) { readHead(c); cancel(); readHeadForever(c) })
	return exchange(ctx, t, &http.Transport{}, to)
}

func h2Reset(t *testing.T) error {
	s := quiet(httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	})))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	return exchange(t.Context(), t, s.Client().Transport.(*http.Transport), s.URL)
}

func unsupportedScheme(t *testing.T) error {
	return exchange(t.Context(), t, &http.Transport{}, "gopher://127.0.0.1")
}

// What no socket makes on demand.
func TestErrorsByType(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	read := func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }
	for _, row := range []struct {
		name string
		err  error
		code string
	}{
		{"nothing known", errors.New("x"), "transport"},
		{"no route", dial(syscall.EHOSTUNREACH), "unreachable"},
		{"system's connect timeout", dial(syscall.ETIMEDOUT), "connect_timeout"},
		{"system's read timeout", read(syscall.ETIMEDOUT), "read_timeout"},
		{"broken pipe", read(syscall.EPIPE), "reset"},
		{"socks", &net.OpError{Op: "socks connect", Err: errors.New("x")}, "unreachable"},
		{"TLS to the proxy", &net.OpError{Op: "proxyconnect", Err: x509.UnknownAuthorityError{}}, "tls"},
		{"DNS timeout", &net.DNSError{IsTimeout: true}, "dns"},
		{"DNS cancelled", &net.DNSError{UnwrapErr: context.Canceled}, "cancelled"},
		{"DNS past a deadline", &net.DNSError{UnwrapErr: context.DeadlineExceeded}, "connect_timeout"},
		{"TLS alert of the handshake", &net.OpError{Op: "remote error", Err: tls.AlertError(40)}, "tls"},
		{"TLS alert of later", &net.OpError{Op: "remote error", Err: tls.AlertError(80)}, "transport"},
		{"TLS version chosen by the server", errors.New("tls: server selected unsupported protocol version 301"), "tls"},
		{"HTTP/2 refused stream", h2Error(7), "refused_stream"},
		{"HTTP/2 internal error", h2Error(2), "reset"},
		{"gzip cut", fmt.Errorf("read: %w", gzip.ErrHeader), "malformed_response"},
		{"our own connection closed", net.ErrClosed, "closed"},
		{"body closed by its reader", http.ErrBodyReadAfterClose, "cancelled"},
		{"idle connection closed", errors.New("http: server closed idle connection"), "closed"},
		{"GOAWAY", errors.New(`http2: server sent GOAWAY and closed the connection; debug="sk-1"`), "closed"},
		{"ping timeout", errors.New("http2: client connection lost"), "connection_lost"},
	} {
		e := fault.FromError(&url.Error{Op: "Post", URL: "https://x/?key=sk-1", Err: row.err})
		if e.Code != row.code {
			t.Errorf("%s: got %s, want %s", row.name, e.Code, row.code)
		}
		if text := fmt.Sprint(e, e.Err); strings.Contains(text, "sk-") {
			t.Errorf("%s: %s", row.name, text)
		}
	}
}

func TestFromErrorKeepsOurs(t *testing.T) {
	if e := fault.FromError(nil); e != nil {
		t.Errorf("nil: %v", e)
	}
	ours := &fault.Error{Kind: fault.Quota}
	if e := fault.FromError(&url.Error{Err: fmt.Errorf("x: %w", ours)}); e != ours {
		t.Errorf("got %v", e)
	}
	if e := fault.FromError(&url.Error{URL: "https://x/?key=sk-1", Err: context.Canceled}); e.Kind != fault.Cancelled || e.Unwrap() != context.Canceled {
		t.Errorf("got %v, cause %v", e, e.Unwrap())
	}
	if e := fault.FromError(fmt.Errorf("x: %w", context.DeadlineExceeded)); e.Kind != fault.Timeout || !errors.Is(e, context.DeadlineExceeded) {
		t.Errorf("got %v", e)
	}
}

func TestCauseInTheText(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
	for want, err := range map[string]error{
		"fault: service failure (connection_refused: dial tcp 127.0.0.1:9: connection refused)": &net.OpError{Op: "dial", Net: "tcp", Addr: addr, Err: syscall.ECONNREFUSED},
		"fault: service failure (unreachable: dial tcp)":                                        &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("sk-1")},
		"fault: service failure (dns: lookup api.invalid)":                                      &net.DNSError{Name: "api.invalid", Err: "sk-1"},
		"fault: service failure (reset: connection reset by peer)":                              fmt.Errorf("sk-1 %w", syscall.ECONNRESET),
		"fault: service failure (transport)":                                                    errors.New("sk-1"),
	} {
		if got := fault.FromError(err).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// h2Error stands for the standard library's HTTP/2 stream error, which is filled
// into any struct of its shape.
type h2Error uint32

func (h2Error) Error() string { return "stream error" }
func (code h2Error) As(target any) bool {
	v := reflect.ValueOf(target).Elem()
	if v.Kind() != reflect.Struct || !v.FieldByName("StreamID").IsValid() {
		return false
	}
	v.FieldByName("Code").SetUint(uint64(code))
	return true
}
