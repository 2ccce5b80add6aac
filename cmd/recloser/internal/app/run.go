package app

import (
	"context"
	"errors"
	"time"

	"github.com/recloser/recloser/fault"
)

// ErrBrokenOff is what Run returns if Close ended it before its time.
var ErrBrokenOff = errors.New("stopped without waiting for calls to end")

// lastWords is how long handlers that were broken off may take to tell their
// clients, and then to log it.
const lastWords = 2 * time.Second

// Run serves until ctx ends, then shuts down in order and returns nil, also if
// calls had to be broken off because the grace was over. Call it once.
func (a *App) Run(ctx context.Context) error {
	failed := a.serve()
	a.announce()
	select {
	case err := <-failed:
		return errors.Join(err, a.Close())
	case <-a.base.Done():
	case <-ctx.Done():
		a.drain()
	}
	brokenOff := a.base.Err() != nil
	a.stop(shuttingDown())
	a.awaitHandlers()
	err := a.Close()
	a.awaitHandlers()
	a.log.Info("stopped")
	if brokenOff {
		return ErrBrokenOff
	}
	return err
}

// shuttingDown is why calls are broken off when the grace is over. Streams end
// with an event that says so. It is nobody's failure.
func shuttingDown() error {
	return &fault.Error{
		Kind: fault.Cancelled, Code: "shutting_down",
		Why: "The proxy between you and the AI service is shutting down. Please try again.",
	}
}

// serve starts the servers. The channel has a server's error.
func (a *App) serve() <-chan error {
	failed := make(chan error, 2)
	for _, s := range []*server{a.proxy, a.admin} {
		if s == nil {
			continue
		}
		go func() {
			if err := s.serve(); err != nil {
				failed <- err
			}
		}()
	}
	return failed
}

// announce says where it listens. Tests and scripts read this line.
func (a *App) announce() {
	admin := "off"
	if addr := a.AdminAddr(); addr != nil {
		admin = addr.String()
	}
	a.log.Info("listening", "proxy", a.ProxyAddr().String(), "admin", admin, "upstream", a.cfg.Load().Upstream.String())
}

// drain lets calls end: see the package comment.
func (a *App) drain() {
	a.draining.Store(true)
	a.proxy.inflight.draining.Store(true)
	cfg := a.cfg.Load()
	a.log.Info("draining", "delay", cfg.DrainDelay.String(), "grace", cfg.ShutdownGrace.String())
	if !a.pause(cfg.DrainDelay) {
		return
	}
	ctx, cancel := context.WithTimeout(a.base, cfg.ShutdownGrace)
	defer cancel()
	if a.proxy.shutdown(ctx) == nil {
		return
	}
	if left, _ := a.proxy.inflight.left(); left > 0 {
		a.log.Warn("calls are broken off", "calls", left)
	}
}

// pause waits, and tells whether nothing interrupted it.
func (a *App) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-a.base.Done():
		return false
	}
}

// awaitHandlers gives what was broken off time for its last words.
func (a *App) awaitHandlers() {
	timer := time.NewTimer(lastWords)
	defer timer.Stop()
	_, empty := a.proxy.inflight.left()
	select {
	case <-empty:
	case <-timer.C:
	}
}
