package gateway

import "log/slog"

// How much of what others chose goes into the log.
const (
	maxLoggedID     = 128
	maxLoggedPath   = 256
	maxLoggedMethod = 16
)

// log writes the call's line, without what is empty. It has none of what may be
// secret: no query, no header but request ids, nothing of a body but the model's
// name in the circuit's.
func (c *call) log() {
	ctx, logger := c.in.Context(), c.proxy.cfg.Log
	if !logger.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attrs := make([]slog.Attr, 0, 16)
	given := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	given("request_id", c.id)
	given("client_request_id", printableID(c.in.Header.Get("X-Client-Request-Id")))
	given("upstream_request_id", printableID(c.serviceID()))
	attrs = append(attrs,
		slog.String("method", bounded(c.in.Method, maxLoggedMethod)),
		slog.String("path", bounded(c.in.URL.EscapedPath(), maxLoggedPath)),
		slog.String("circuit", c.report.Circuit),
		slog.String("kind", c.kindName()),
		slog.Int("status", c.status),
		slog.Int("attempts", c.report.Attempts),
		slog.Int64("ms", c.proxy.cfg.Now().Sub(c.start).Milliseconds()),
		slog.Int64("bytes", c.bytes))
	given("target", c.report.Target)
	if n := c.report.Fallbacks; n > 0 {
		attrs = append(attrs, slog.Int("fallbacks", n))
	}
	if c.report.NoDone {
		attrs = append(attrs, slog.Bool("no_done", true))
	}
	if f := c.report.Fault; f != nil {
		given("code", f.Code)
		given("error", f.Error())
	}
	logger.LogAttrs(ctx, slog.LevelInfo, "call", attrs...)
}

// serviceID is the service's id of the request, also where its answer was none and
// is not passed on.
func (c *call) serviceID() string {
	if c.upstreamID == "" && c.report.Fault != nil {
		return c.report.Fault.RequestID
	}
	return c.upstreamID
}

// printableID returns an id that somebody else chose if it looks like one, else
// "": it may be anything.
func printableID(id string) string {
	if len(id) > maxLoggedID {
		return ""
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return ""
		}
	}
	return id
}

// bounded cuts a text of ASCII.
func bounded(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:limit] + "..."
}
