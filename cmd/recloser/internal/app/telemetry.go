package app

import (
	"context"
	"time"
)

// otelTime is how long the last export may take.
const otelTime = 2 * time.Second

// closeOTel exports what is left, if the collector lets it. That it does not is no
// failure of the proxy's.
func (a *App) closeOTel() {
	ctx, cancel := context.WithTimeout(context.Background(), otelTime)
	defer cancel()
	if err := a.otel.Shutdown(ctx); err != nil {
		a.log.Warn("the last traces and metrics were not exported in time")
	}
}
