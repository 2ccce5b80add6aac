package config

import (
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

// options is the table of all options.
func options() []option {
	return slices.Concat(listenOptions(), circuitOptions(), retryOptions(), timeoutOptions(), limitOptions(), processOptions())
}

func listenOptions() []option {
	return []option{
		{Option{Name: "listen", Group: groupListen, Arg: "HOST:PORT", Default: "127.0.0.1:8484",
			Usage: "address of the proxy; port 0 takes a free one"},
			address(func(c *Serve) *string { return &c.Listen }, false)},
		{Option{Name: "upstream", Group: groupListen, Arg: "URL", Default: "https://api.openai.com/v1",
			Usage: "base URL of the API that calls are passed on to"},
			setUpstream},
		{Option{Name: "admin", Group: groupListen, Arg: "HOST:PORT", Default: "127.0.0.1:8485",
			Usage: "address of /healthz, /readyz and /api/circuits; off: none"},
			address(func(c *Serve) *string { return &c.Admin }, true)},
		{Option{Name: "admin-token", Group: groupListen, Arg: "TOKEN", Secret: true,
			Usage: "what the admin address demands as a bearer token; better given as " + Variable("admin-token") + ", which other users of the machine cannot see"},
			setAdminToken},
	}
}

func circuitOptions() []option {
	return []option{
		{Option{Name: "failure-threshold", Group: groupCircuit, Arg: "N", Default: "5",
			Usage: "consecutive failures that open a circuit"},
			whole(1, 1_000_000, "", func(c *Serve, n int) { c.Guard.Breaker.FailureThreshold = n })},
		{Option{Name: "base-timeout", Group: groupCircuit, Arg: "DURATION", Default: "1s",
			Usage: "the n-th open period in a row lasts 2^(n-1) times this, and up to one more of it at random"},
			period(day, func(c *Serve) *time.Duration { return &c.Guard.Breaker.BaseTimeout })},
		{Option{Name: "reset-timeout", Group: groupCircuit, Arg: "DURATION", Default: "30s",
			Usage: "the most that an open period lasts"},
			period(day, func(c *Serve) *time.Duration { return &c.Guard.Breaker.ResetTimeout })},
		{Option{Name: "stall-after", Group: groupCircuit, Arg: "DURATION", Default: "2m",
			Usage: "a call without an answer for this long counts as a failure while it still hangs; or off"},
			periodOrOff(func(c *Serve) *time.Duration { return &c.Guard.Breaker.StallAfter })},
		{Option{Name: "probe-lease", Group: groupCircuit, Arg: "DURATION", Default: "30s",
			Usage: "how long a probe may hold back the next one"},
			period(day, func(c *Serve) *time.Duration { return &c.Guard.Breaker.ProbeLease })},
		oneOf(Option{Name: "count", Group: groupCircuit, Default: "attempt",
			Usage: "what a circuit counts: every attempt, or calls with all their retries"},
			choice{"attempt", func(c *Serve) { c.Guard.Count = guard.PerAttempt }},
			choice{"call", func(c *Serve) { c.Guard.Count = guard.PerCall }}),
		oneOf(Option{Name: "mode", Group: groupCircuit, Default: "normal",
			Usage: "observe: refuse nothing, only count what would have been refused"},
			choice{"normal", func(c *Serve) { c.Guard.Breaker.Mode = breaker.Normal }},
			choice{"observe", func(c *Serve) { c.Guard.Breaker.Mode = breaker.Observe }}),
		oneOf(Option{Name: "policy", Group: groupCircuit, Default: "classic",
			Usage: "what decides when a circuit opens: consecutive failures, the only policy for now"},
			choice{"classic", func(*Serve) {}}),
		{Option{Name: "max-circuits", Group: groupCircuit, Arg: "N", Default: "1000",
			Usage: "circuits at most, one a model; further models share one"},
			whole(1, 1_000_000, "", func(c *Serve, n int) { c.Guard.MaxCircuits = n })},
	}
}

func retryOptions() []option {
	return []option{
		{Option{Name: "retries", Group: groupRetry, Arg: "N", Default: "2",
			Usage: "how often a failed call is tried again, if that is safe; 0: never"},
			whole(0, 100, "0 (none)", func(c *Serve, n int) { c.Guard.Retry.MaxRetries = orNone(n) })},
		oneOf(Option{Name: "retry-strategy", Group: groupRetry, Default: "full-jitter",
			Usage: "how waits grow where the service does not say how long"},
			strategies()...),
		{Option{Name: "retry-base-delay", Group: groupRetry, Arg: "DURATION", Default: "500ms",
			Usage: "what the strategy's waits are multiples of"},
			period(time.Hour, func(c *Serve) *time.Duration { return &c.Guard.Retry.BaseDelay })},
		{Option{Name: "max-retry-wait", Group: groupRetry, Arg: "DURATION", Default: "10s",
			Usage: "if the service asks for a longer wait, its answer is passed on at once"},
			period(time.Hour, func(c *Serve) *time.Duration { return &c.Guard.Retry.MaxWait })},
		oneOf(Option{Name: "safe-to-repeat", Group: groupRetry, Default: "auto",
			Usage: "which calls may be made twice where nobody knows whether the first was carried out: those that change nothing (auto), all or none"},
			choice{"auto", func(c *Serve) { c.Guard.Safe = guard.SafeToRepeat }},
			choice{"all", func(c *Serve) { c.Guard.Safe = func(*http.Request) bool { return true } }},
			choice{"none", func(c *Serve) { c.Guard.Safe = func(*http.Request) bool { return false } }}),
	}
}

func timeoutOptions() []option {
	timeout := func(name, def, usage string, field func(*guard.Timeouts) *time.Duration) option {
		return option{Option{Name: name, Group: groupTimeout, Arg: "DURATION", Default: def, Usage: usage},
			periodOrOff(func(c *Serve) *time.Duration { return field(&c.Guard.Timeouts) })}
	}
	return []option{
		timeout("connect-timeout", "5s", "to connect to the service; or off",
			func(t *guard.Timeouts) *time.Duration { return &t.Connect }),
		timeout("headers-timeout", "10m", "from the start of an attempt to the response headers; or off",
			func(t *guard.Timeouts) *time.Duration { return &t.Headers }),
		timeout("first-content-timeout", "10m", "from the start of an attempt to a stream's first content; or off",
			func(t *guard.Timeouts) *time.Duration { return &t.FirstContent }),
		timeout("idle-timeout", "120s", "silence within an answer; or off",
			func(t *guard.Timeouts) *time.Duration { return &t.Idle }),
		timeout("total-timeout", "off", "a call with all its attempts and its whole answer; or off",
			func(t *guard.Timeouts) *time.Duration { return &t.Total }),
		oneOf(Option{Name: "commit", Group: groupTimeout, Default: "late",
			Usage: "when clients get a stream's headers: late, with its first content, so that one which fails before can be tried again; or with the service's headers"},
			choice{"late", func(c *Serve) { c.Guard.Commit = guard.CommitLate }},
			choice{"headers", func(c *Serve) { c.Guard.Commit = guard.CommitHeaders }}),
		{Option{Name: "commit-after", Group: groupTimeout, Arg: "DURATION", Default: "60s",
			Usage: "how long clients do without headers at most; or off"},
			periodOrOff(func(c *Serve) *time.Duration { return &c.Guard.CommitAfter })},
	}
}

func limitOptions() []option {
	return []option{
		{Option{Name: "max-held-body", Group: groupLimit, Arg: "SIZE", Default: "4MiB",
			Usage: "requests up to this size are held in memory, so that they can be repeated"},
			size(1<<30, func(c *Serve) *int64 { return &c.Guard.MaxHeldBody })},
		{Option{Name: "max-body", Group: groupLimit, Arg: "SIZE", Default: "600MiB",
			Usage: "larger requests are answered with 413"},
			size(1<<40, func(c *Serve) *int64 { return &c.MaxBody })},
	}
}

func processOptions() []option {
	return []option{
		oneOf(Option{Name: "history", Group: groupProcess, Default: "off",
			Usage: "where to keep figures across restarts: nowhere, for now"},
			choice{"off", func(*Serve) {}}),
		{Option{Name: "drain-delay", Group: groupProcess, Arg: "DURATION", Default: "1s",
			Usage: "how long to go on after SIGTERM with /readyz at 503, so that load balancers notice"},
			wait(func(c *Serve) *time.Duration { return &c.DrainDelay })},
		{Option{Name: "shutdown-grace", Group: groupProcess, Arg: "DURATION", Default: "30s",
			Usage: "how long calls may then take to end"},
			wait(func(c *Serve) *time.Duration { return &c.ShutdownGrace })},
		oneOf(Option{Name: "log-format", Group: groupProcess, Default: "auto",
			Usage: "of the log on stderr; auto: text on a terminal, json elsewhere"},
			choice{"auto", func(c *Serve) { c.LogFormat = LogAuto }},
			choice{"text", func(c *Serve) { c.LogFormat = LogText }},
			choice{"json", func(c *Serve) { c.LogFormat = LogJSON }}),
		oneOf(Option{Name: "log-level", Group: groupProcess, Default: "info",
			Usage: "the least that is logged; calls are info"},
			choice{"debug", func(c *Serve) { c.LogLevel = slog.LevelDebug }},
			choice{"info", func(c *Serve) { c.LogLevel = slog.LevelInfo }},
			choice{"warn", func(c *Serve) { c.LogLevel = slog.LevelWarn }},
			choice{"error", func(c *Serve) { c.LogLevel = slog.LevelError }}),
	}
}

// strategies are the names that retry knows.
func strategies() []choice {
	var all []choice
	for _, name := range retry.Names() {
		all = append(all, choice{name, func(c *Serve) { c.Guard.Retry.Strategy, _ = retry.Named(name) }})
	}
	return all
}
