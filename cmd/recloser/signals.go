package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// onSignals returns a context that ends with the first signal to stop. The
// second one calls hard. Stop releases the signals.
func onSignals(parent context.Context, hard func()) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		for _, act := range []func(){cancel, hard} {
			select {
			case <-signals:
				act()
			case <-ended:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(ended)
		cancel()
	}
}
