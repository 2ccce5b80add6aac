package openaitest

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// A Local is a Server that listens on this machine.
type Local struct {
	*Server
	// URL is the root, such as "http://127.0.0.1:40123".
	URL string
	// BaseURL is URL with "/v1": what clients of the API want to be given.
	BaseURL string

	listener *http.Server
}

// Listen makes a Server and serves it at addr, such as "127.0.0.1:0" for any
// free port. Close it in the end.
func Listen(addr string, cfg Config) (*Local, error) {
	server, err := New(cfg)
	if err != nil {
		return nil, err
	}
	socket, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("openaitest: %w", err)
	}
	url := "http://" + socket.Addr().String()
	l := &Local{
		Server:   server,
		URL:      url,
		BaseURL:  url + "/v1",
		listener: &http.Server{Handler: server, ReadHeaderTimeout: time.Minute},
	}
	go func() { _ = l.listener.Serve(socket) }() // ends with ErrServerClosed
	return l, nil
}

// Close stops listening, lets go of everything that hangs, and breaks off every
// connection. It may be called again.
func (l *Local) Close() error {
	_ = l.Server.Close()
	if err := l.listener.Close(); err != nil {
		return fmt.Errorf("openaitest: %w", err)
	}
	return nil
}

// TB is the part of testing.TB that Start needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Start serves cfg on a free port of the loopback interface until the test
// ends. A bad cfg fails the test.
func Start(tb TB, cfg Config) *Local {
	tb.Helper()
	l, err := Listen("127.0.0.1:0", cfg)
	if err != nil {
		tb.Fatalf("%v", err)
		return nil
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l
}
