package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
)

const (
	readHeaderTimeout = 10 * time.Second
	// keepAlive is longer than clients keep idle connections, so that it is they
	// who close them.
	keepAlive      = 2 * time.Minute
	maxHeaderBytes = 256 << 10
)

// server is a listener with what serves it.
type server struct {
	listener net.Listener
	inflight *inflight
	http     *http.Server
}

// newServer serves h on l, once serve is called. There is no timeout for writing
// and for reading bodies: streams and uploads take as long as they take.
func newServer(base context.Context, l net.Listener, h http.Handler, log *slog.Logger) *server {
	if onLoopback(l) {
		h = gateway.LoopbackHost(h)
	}
	s := &server{listener: l, inflight: newInflight(h)}
	s.http = &http.Server{
		Handler:           s.inflight,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       keepAlive,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	return s
}

// serve returns nil once the server is shut down or closed.
func (s *server) serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// shutdown closes the listener and waits until all requests have ended, or
// returns ctx's error.
func (s *server) shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return err
	}
	_, empty := s.inflight.left()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close breaks off everything but connections that a handler took over, which
// end with their context.
func (s *server) close() error {
	if s == nil {
		return nil
	}
	err := errors.Join(s.http.Close(), s.listener.Close())
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
