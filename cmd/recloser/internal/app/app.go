package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/dashboard"
	"github.com/recloser/recloser/cmd/recloser/internal/gateway"
	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/telemetry"
	"github.com/recloser/recloser/gate"
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
	// Transport makes the attempts. Nil: one with the deadlines of the configuration.
	Transport http.RoundTripper
}

// App is a proxy with its admin listener. Make it with New.
type App struct {
	cfg   atomic.Pointer[config.Serve] // replaced by Reload
	opts  Options
	log   *slog.Logger
	guard *guard.Guard
	// history remembers beyond the end of the process; nil: there is none.
	history *history.History
	hashKey []byte          // by which gates know API keys
	otel    *telemetry.OTel // nil: the environment does not ask for it

	alerts    *alerts
	live      *dashboard.Live // nil: nobody can look
	dashboard *dashboard.Dashboard
	web       *os.Root // of --dashboard-dir; nil: not given

	meter   *telemetry.Meter
	metrics http.Handler // nil: nobody can ask for metrics

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
	a.base, a.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	var err error
	if a.history, err = openHistory(ctx, cfg, a.log); err != nil {
		return nil, err
	}
	if err := a.prepare(ctx, cfg); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// prepare makes what a calls with, and opens the listeners.
func (a *App) prepare(ctx context.Context, cfg *config.Serve) error {
	a.hashKey = a.keyOfGates(ctx)
	a.watch(ctx, cfg)
	a.otel = telemetry.OpenOTel(ctx, telemetry.OTelConfig{Version: a.opts.Version, Log: a.log})
	a.measure(cfg)
	if err := a.openAlerts(ctx, cfg); err != nil {
		return err
	}
	var err error
	if a.guard, err = guard.New(a.opts.Transport, a.guardConfig(cfg)); err != nil {
		return err
	}
	if err := a.otel.WatchCircuits(a.guard.Circuits()); err != nil {
		return err
	}
	a.remember(ctx)
	a.openMetrics(cfg)
	if err := a.openDashboard(cfg); err != nil {
		return err
	}
	h, err := a.handlers(cfg)
	if err != nil {
		return err
	}
	a.pages.swap(h)
	if err := a.listen(ctx, cfg); err != nil {
		return err
	}
	return a.startAlerts(cfg)
}

// guardConfig is that of cfg with what the process adds.
func (a *App) guardConfig(cfg *config.Serve) guard.Config {
	g := cfg.Guard
	transitions := []func(breaker.Transition){logTransitions(a.log), a.opts.OnTransition, a.alerts.engine.Transition, a.meter.Transition}
	gates := []func(gate.Transition){logGates(a.log), a.alerts.engine.GateTransition}
	observers := []func(context.Context, guard.Event){g.Observe, a.alerts.engine.Observe, a.meter.Observe}
	if h := a.history; h != nil {
		transitions, gates = append(transitions, recordTransition(h)), append(gates, recordGate(h))
		observers, g.HashKey = append(observers, recordCalls(h)), a.hashKey
	}
	if l := a.live; l != nil {
		transitions, gates = append(transitions, l.Transition), append(gates, l.GateTransition)
		observers = append(observers, l.Observe)
	}
	if o := a.otel; o != nil {
		observers = append(observers, o.Observe)
	}
	g.Observe = allObservers(observers...)
	g.Breaker.OnTransition, g.Gate.OnTransition = all(transitions...), all(gates...)
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
	return handlers{proxy: a.otel.Middleware(proxy), admin: gateway.NewAdmin(a.adminConfig(cfg))}, nil
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
	if a.alerts != nil {
		a.alerts.close()
	}
	a.closeDashboard()
	var err error
	for _, s := range []*server{a.proxy, a.admin} {
		if s != nil {
			err = errors.Join(err, s.close())
		}
	}
	if a.guard != nil {
		a.guard.CloseIdleConnections()
	}
	err = errors.Join(err, a.closeHistory())
	a.closeOTel()
	if err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
