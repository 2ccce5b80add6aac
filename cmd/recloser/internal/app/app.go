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
	cfg   atomic.Pointer[config.Serve] // replaced by Reload
	opts  Options
	log   *slog.Logger
	guard *guard.Guard

	pages    pages
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
	a := &App{opts: opts, log: opts.Log}
	a.cfg.Store(cfg)
	var err error
	if a.guard, err = guard.New(nil, a.guardConfig(cfg)); err != nil {
		return nil, err
	}
	h, err := a.handlers(cfg)
	if err != nil {
		return nil, err
	}
	a.pages.swap(h)
	a.base, a.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	if err := a.listen(ctx, cfg); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// guardConfig is that of cfg with what the process adds.
func (a *App) guardConfig(cfg *config.Serve) guard.Config {
	g := cfg.Guard
	g.Breaker.OnTransition = logTransitions(a.log, a.opts.OnTransition)
	g.Gate.OnTransition = logGates(a.log)
	return g
}

// handlers makes what answers on the listeners.
func (a *App) handlers(cfg *config.Serve) (handlers, error) {
	proxy, err := gateway.New(gateway.Config{
		Upstream:     cfg.Upstream,
		Guard:        a.guard,
		RetriesOn:    cfg.RetriesOn(),
		ClientTokens: cfg.ClientTokens,
		MaxBody:      cfg.MaxBody,
		Log:          a.log,
	})
	if err != nil {
		return handlers{}, err
	}
	return handlers{proxy: proxy, admin: gateway.NewAdmin(gateway.AdminConfig{
		Guard:   a.guard,
		Token:   cfg.AdminToken,
		Ready:   a.ready,
		Version: a.opts.Version,
	})}, nil
}

// listen opens the listeners.
func (a *App) listen(ctx context.Context, cfg *config.Serve) error {
	l, err := listen(ctx, cfg.Listen, cfg.Settings.Get("listen"))
	if err != nil {
		return err
	}
	a.proxy = newServer(a.base, l, a.pages.handler(func(h *handlers) http.Handler { return h.proxy }), a.log)
	if cfg.Admin == "" {
		return nil
	}
	if l, err = listen(ctx, cfg.Admin, cfg.Settings.Get("admin")); err != nil {
		return err
	}
	a.admin = newServer(a.base, l, a.pages.handler(func(h *handlers) http.Handler { return h.admin }), a.log)
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
