package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
	"github.com/recloser/recloser/guard"
)

// Options are what New needs besides the configuration.
type Options struct {
	Version string
	// Log gets everything. Its handler must not block: see OpenLog. Nil: no log.
	Log *slog.Logger
	// OnTransition is told every change of a circuit's state, on the request
	// path: it must be quick. Nil: nobody is.
	OnTransition func(breaker.Transition)
}

// App is a proxy with its admin listener. Make it with New.
type App struct {
	cfg   *config.Serve
	log   *slog.Logger
	guard *guard.Guard

	proxy    *server
	admin    *server // nil: there is none
	draining atomic.Bool

	base context.Context         // all requests are in it
	stop context.CancelCauseFunc // of base: breaks off everything
}

// New opens the listeners, without serving yet. The error names the setting that
// is wrong.
func New(ctx context.Context, cfg *config.Serve, opts Options) (*App, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	a := &App{cfg: cfg, log: opts.Log}
	proxy, err := a.build(opts)
	if err != nil {
		return nil, err
	}
	a.base, a.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	if err := a.listen(ctx, proxy, opts.Version); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// build makes the guard and the proxy's handler.
func (a *App) build(opts Options) (http.Handler, error) {
	g := a.cfg.Guard
	g.Breaker.OnTransition = logTransitions(a.log, opts.OnTransition)
	var err error
	if a.guard, err = guard.New(nil, g); err != nil {
		return nil, err
	}
	return gateway.New(gateway.Config{
		Upstream:  a.cfg.Upstream,
		Guard:     a.guard,
		RetriesOn: a.cfg.RetriesOn(),
		MaxBody:   a.cfg.MaxBody,
		Log:       a.log,
	})
}

// listen opens the listeners.
func (a *App) listen(ctx context.Context, proxy http.Handler, version string) error {
	l, err := listen(ctx, a.cfg.Listen, a.cfg.Settings.Get("listen"))
	if err != nil {
		return err
	}
	a.proxy = newServer(a.base, l, proxy, a.log)
	if a.cfg.Admin == "" {
		return nil
	}
	if l, err = listen(ctx, a.cfg.Admin, a.cfg.Settings.Get("admin")); err != nil {
		return err
	}
	a.admin = newServer(a.base, l, gateway.NewAdmin(gateway.AdminConfig{
		Guard:   a.guard,
		Token:   a.cfg.AdminToken,
		Ready:   a.ready,
		Version: version,
	}), a.log)
	return nil
}

// ready says why no more calls should be sent here.
func (a *App) ready() error {
	if a.draining.Load() {
		return errors.New("shutting down")
	}
	return nil
}

// ProxyAddr returns where the proxy listens.
func (a *App) ProxyAddr() net.Addr { return a.proxy.listener.Addr() }

// AdminAddr returns where the admin listener listens, or nil if there is none.
func (a *App) AdminAddr() net.Addr {
	if a.admin == nil {
		return nil
	}
	return a.admin.listener.Addr()
}

// Close breaks off all calls and closes the listeners, also while Run is on its
// way, which then returns ErrBrokenOff. It may be called again.
func (a *App) Close() error {
	a.stop(nil)
	err := a.proxy.close()
	if a.admin != nil {
		err = errors.Join(err, a.admin.close())
	}
	a.guard.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
