package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// echo is how long after the first signal others belong to it: a process and its
// group are often told one after the other.
const echo = 500 * time.Millisecond

// onSignals returns a context that ends with the first signal to stop. The
// second one calls hard. After stop they are without effect, so that none cuts off the
// last words of a process that is about to end.
func onSignals(parent context.Context, hard func()) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		var first time.Time
		for {
			select {
			case <-signals:
			case <-ended:
				return
			}
			switch {
			case first.IsZero():
				first = time.Now()
				cancel()
			case time.Since(first) > echo:
				hard()
			}
		}
	}()
	return ctx, func() {
		close(ended)
		cancel()
	}
}

// onReload calls reload at each SIGHUP, one after the other. Where there is no such
// signal it is never called. Stop waits for a call that is under way.
func onReload(reload func()) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	ended, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			select {
			case <-signals:
				reload()
			case <-ended:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(ended)
		<-gone
	}
}
