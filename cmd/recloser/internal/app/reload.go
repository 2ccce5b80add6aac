package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

// handlers are what answers on the listeners, by one configuration.
type handlers struct{ proxy, admin http.Handler }

// pages are the handlers in force. A request is answered by those that it finds.
type pages struct{ now atomic.Pointer[handlers] }

func (p *pages) swap(h handlers) { p.now.Store(&h) }

func (p *pages) handler(which func(*handlers) http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { which(p.now.Load()).ServeHTTP(w, r) })
}

// Reload takes next in place of the configuration, all of it or, if something is
// wrong with it, nothing. It logs what came of it, and reports whether it was
// taken. A problem is what already reading it met with. Circuits keep their
// state, calls under way the configuration that they began with. Call it from one
// goroutine at a time.
func (a *App) Reload(next *config.Serve, problem error) bool {
	var changes []slog.Attr
	if problem == nil {
		changes, problem = a.reload(next)
	}
	if problem != nil {
		a.log.Error("the configuration was not reloaded, the old one stays", "problems", strings.Split(problem.Error(), "\n"))
		return false
	}
	a.log.LogAttrs(context.Background(), slog.LevelInfo, "configuration reloaded", slog.GroupAttrs("changed", changes...))
	Warn(a.log, next)
	return true
}

func (a *App) reload(next *config.Serve) ([]slog.Attr, error) {
	changes, errs := a.cfg.Load().Replace(next)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	h, err := a.handlers(next)
	if err != nil {
		return nil, err
	}
	targets, err := AlertTargets(next)
	if err != nil {
		return nil, err
	}
	if err := a.guard.SetConfig(a.guardConfig(next)); err != nil {
		return nil, err
	}
	a.pages.swap(h) // from here nothing can fail
	a.cfg.Store(next)
	a.alerts.configure(next, targets)
	return changes, nil
}

// Warn logs what is not wrong with a configuration, but not well either.
func Warn(log *slog.Logger, cfg *config.Serve) {
	for _, warning := range cfg.Warnings {
		log.Warn("configuration", "warning", warning)
	}
	if meant := cfg.PathMeant(); meant != "" {
		log.Warn("the upstream has no path", "upstream", cfg.Upstream.String(), "did_you_mean", meant)
	}
}
