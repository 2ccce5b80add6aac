package config

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

// options is the table of all options: flags, variables and fields of the file.
func options() []option {
	return slices.Concat(listenOptions(), circuitOptions(), gateOptions(), retryOptions(), fallbackOptions(), timeoutOptions(), streamOptions(), grayOptions(),
		limitOptions(), historyOptions(), alertOptions(), telemetryOptions(), processOptions())
}

func listenOptions() []option {
	return []option{
		{Option{Name: "listen", Path: "listen", Group: groupListen, Arg: "HOST:PORT", Default: "127.0.0.1:8484", Fixed: true,
			Usage: "address of the proxy; port 0 takes a free one"},
			address(func(c *Serve) *string { return &c.Listen }, false)},
		{Option{Name: "upstream", Path: "upstream", Group: groupListen, Arg: "URL", Default: "https://api.openai.com/v1",
			Usage: "base URL of the API that calls are passed on to"},
			setUpstream},
		{Option{Name: "admin", Path: "admin", Group: groupListen, Arg: "HOST:PORT", Default: "127.0.0.1:8485", OrOff: true, Fixed: true,
			Usage: "address of the dashboard, its API, /healthz and /readyz; off: none"},
			address(func(c *Serve) *string { return &c.Admin }, true)},
		{Option{Name: "admin-token", Path: "admin_token", Group: groupListen, Arg: "TOKEN", Secret: true,
			Usage: "what the admin address demands as a bearer token; better given as " + Variable("admin-token") + ", which other users of the machine cannot see"},
			setAdminToken},
		{Option{Name: "dashboard-dir", Path: "dashboard_dir", Group: groupListen, Arg: "DIR", Default: off, OrOff: true, Fixed: true,
			Usage: "folder with the dashboard's page in place of the one built in, while it is worked at; or off"},
			setDashboardDir},
		{Option{Name: "client-token", Path: "client_token", Group: groupListen, Arg: "TOKENS", Secret: true,
			Usage: "what clients of the proxy must present as a bearer token, which is then not passed on; several are separated by commas or white space. Better given as " + Variable("client-token")},
			setClientTokens},
	}
}

func circuitOptions() []option {
	set := circuitOption
	b := func(c *Serve) *breaker.Config { return &c.Guard.Breaker }
	common := func(o option) option { o.Varies = false; return o }
	return slices.Concat([]option{
		set("policy", "adaptive", "what decides when a circuit opens: adaptive learns how the service usually is; classic goes by thresholds. Unless it is given, a setting that belongs to classic selects that",
			oneOf(choice{"adaptive", func(c *Serve) { c.Guard.Policy = guard.Adaptive }},
				choice{"classic", func(c *Serve) { c.Guard.Policy = guard.Classic }})),
	}, adaptiveOptions(), classicOptions(), []option{
		set("reset-timeout", "2m", "the most that an open period lasts. With classic 30s, if it is not given",
			period(day, func(c *Serve) *time.Duration { return &b(c).ResetTimeout })),
		set("stall-after", "2m", "a call without an answer for this long counts as a failure while it still hangs (classic; adaptive learns when), and from then on its caller's own deadline speaks against the service; or off",
			periodOrOff(func(c *Serve) *time.Duration { return &b(c).StallAfter })),
		set("probes", "1", "test calls that may be out at once when the open period is over",
			whole(1, 1000, "", func(c *Serve, n int) { b(c).Probes = n })),
		set("probe-successes", "1", "how many of them must succeed before a circuit closes",
			whole(1, 1_000_000, "", func(c *Serve, n int) { b(c).ProbeSuccesses = n })),
		set("mode", "normal", "observe: refuse nothing, only count what would have been refused; forced-open: refuse everything; disabled: refuse and decide nothing",
			oneOf(choice{"normal", func(c *Serve) { b(c).Mode = breaker.Normal }},
				choice{"observe", func(c *Serve) { b(c).Mode = breaker.Observe }},
				choice{"forced-open", func(c *Serve) { b(c).Mode = breaker.ForcedOpen }},
				choice{"disabled", func(c *Serve) { b(c).Mode = breaker.Disabled }})),
		common(set("count", "attempt", "what a circuit counts: every attempt, or calls with all their retries",
			oneOf(choice{"attempt", func(c *Serve) { c.Guard.Count = guard.PerAttempt }},
				choice{"call", func(c *Serve) { c.Guard.Count = guard.PerCall }}))),
		common(set("max-circuits", "1000", "circuits at most, one a model; further models share one",
			whole(1, 1_000_000, "", func(c *Serve, n int) { c.Guard.MaxCircuits = n }))),
	})
}

func gateOptions() []option {
	set := func(name, field, def, usage string, o option) option {
		o.Name, o.Path, o.Group, o.Default, o.Usage, o.Varies = name, "gate."+field, groupGate, def, usage, field == "wait"
		return o
	}
	g := func(c *Serve) *gate.Config { return &c.Guard.Gate }
	return []option{
		set("gates", "enabled", "on", "a rate limit that the service reports holds back the next calls of that key and model until it is over; off: they are passed on",
			onOff(func(c *Serve) *guard.Switch { return &c.Guard.Gates })),
		set("gate-wait", "wait", off, "on: calls that are held back wait in line, if they can go soon enough and no other target is ready; off: they are refused at once",
			onOff(func(c *Serve) *guard.Switch { return &c.Guard.GateWait })),
		set("gate-max-waiting", "max_waiting", "100", "calls of one key and model that may wait in line; 0: none",
			whole(0, 1_000_000, "0 (none)", func(c *Serve, n int) { g(c).MaxWaiting = orNone(n) })),
		set("gate-max-wait", "max_wait", "30s", "the longest that a call waits in line",
			period(day, func(c *Serve) *time.Duration { return &g(c).MaxWait })),
		set("gate-max-closed", "max_closed", "60s", "the longest that calls are held back after one report, whatever the service asks for",
			period(day, func(c *Serve) *time.Duration { return &g(c).MaxClosed })),
		set("gate-first-guess", "first_guess", "1s", "how long they are held back if a 429 does not say; it doubles with each further one",
			period(day, func(c *Serve) *time.Duration { return &g(c).FirstGuess })),
		set("gate-rate", "rate", "on", "after repeated 429s calls go at a rate that grows again; off: all at once",
			toggle(func(c *Serve, on bool) { g(c).NoRate = !on })),
		set("gate-slowdown", "slowdown", "on", "calls also slow down while they are answered, when little remains of a limit",
			toggle(func(c *Serve, on bool) { g(c).NoSlowdown = !on })),
		set("quota-retest", "retest", "5m", "when a key without quota is tried again; it doubles with each test that fails",
			period(day, func(c *Serve) *time.Duration { return &g(c).Retest })),
		set("quota-max-retest", "max_retest", "1h", "the longest time between two such tests",
			period(day, func(c *Serve) *time.Duration { return &g(c).MaxRetest })),
		set("quota-test-lease", "test_lease", "1m", "how long a test that does not come back holds back the next one",
			period(day, func(c *Serve) *time.Duration { return &g(c).TestLease })),
		set("max-gates", "max_gates", "1000", "keys and models at most for which rate limits are followed",
			whole(1, 1_000_000, "", func(c *Serve, n int) { c.Guard.MaxGates = n })),
	}
}

func retryOptions() []option {
	set := func(name, field, def, usage string, o option) option {
		o.Name, o.Path, o.Group, o.Default, o.Usage = name, "retry."+field, groupRetry, def, usage
		return varies(o)
	}
	r := func(c *Serve) *retry.Config { return &c.Guard.Retry }
	common := func(o option) option { o.Varies = false; return o }
	return []option{
		set("retries", "max_retries", "2", "how often a failed call is tried again, if that is safe; 0: never",
			whole(0, 100, "0 (none)", func(c *Serve, n int) { r(c).MaxRetries = orNone(n) })),
		set("retry-strategy", "strategy", "full-jitter", "how waits grow where the service does not say how long: "+strings.Join(retry.Names(), ", "),
			strategies()),
		set("retry-base-delay", "base_delay", "500ms", "what the strategy's waits are multiples of",
			period(time.Hour, func(c *Serve) *time.Duration { return &r(c).BaseDelay })),
		set("retry-max-delay", "max_delay", "8s", "the longest of the strategy's waits; the base delay, if that is longer",
			period(time.Hour, func(c *Serve) *time.Duration { return &r(c).MaxDelay })),
		set("max-retry-wait", "max_wait", "10s", "if the service asks for a longer wait, its answer is passed on at once",
			period(time.Hour, func(c *Serve) *time.Duration { return &r(c).MaxWait })),
		repeats(),
		common(set("retry-budget", "budget", "0.1", "what retries may add to the calls of a circuit in the long run, as a share of them; off: any number",
			quota(func(c *Serve) *float64 { return &c.Guard.Budget.Share }))),
		common(set("retry-budget-burst", "budget_burst", "10", "retries that a circuit can save up, and has to begin with",
			whole(1, 1_000_000, "", func(c *Serve, n int) { c.Guard.Budget.Most = n }))),
	}
}

// repeats is not in overrides, which say the same with yes or no.
func repeats() option {
	always := func(safe bool) func(*http.Request) bool { return func(*http.Request) bool { return safe } }
	o := oneOf(choice{"auto", func(c *Serve) { c.Guard.Safe = guard.SafeToRepeat }},
		choice{"all", func(c *Serve) { c.Guard.Safe = always(true) }},
		choice{"none", func(c *Serve) { c.Guard.Safe = always(false) }})
	o.Name, o.Path, o.Group, o.Default = "safe-to-repeat", "retry.safe_to_repeat", groupRetry, "auto"
	o.Usage = "which calls may be made twice where nobody knows whether the first was carried out: those that change nothing (auto), all or none"
	return o
}

func fallbackOptions() []option {
	set := func(name, field, def, usage string, o option) option {
		o.Name, o.Path, o.Group, o.Default, o.Usage = name, "fallback."+field, groupTargets, def, usage
		return o
	}
	return []option{
		set("fallback-on", "on", "service,overload,timeout,rate_limit,quota", "the failures after which a call goes on to the next target, of service, overload, timeout, rate_limit, quota and caller; or off. A target's own key that is refused, and a model of its own that does not exist, always do",
			kinds(func(c *Serve) *[]fault.Kind { return &c.Guard.FallBackOn })),
		set("when-refused", "when_refused", "refuse", "what becomes of a call that no target lets through: refused at once, or it waits for the first that will, as long as max-retry-wait allows",
			oneOf(choice{"refuse", func(c *Serve) { c.Guard.WhenRefused = guard.Refuse }},
				choice{"wait", func(c *Serve) { c.Guard.WhenRefused = guard.Await }})),
	}
}

func timeoutOptions() []option {
	timeout := func(field, def, usage string, of func(*guard.Timeouts) *time.Duration) option {
		o := periodOrOff(func(c *Serve) *time.Duration { return of(&c.Guard.Timeouts) })
		o.Name, o.Path, o.Group, o.Default, o.Usage = kebab(field)+"-timeout", "timeouts."+field, groupTimeout, def, usage
		return o
	}
	return []option{
		timeout("connect", "5s", "to connect to the service; or off",
			func(t *guard.Timeouts) *time.Duration { return &t.Connect }),
		timeout("headers", "10m", "from the start of an attempt to the response headers; or off",
			func(t *guard.Timeouts) *time.Duration { return &t.Headers }),
		timeout("first_content", "10m", "from the start of an attempt to a stream's first content; or off",
			func(t *guard.Timeouts) *time.Duration { return &t.FirstContent }),
		timeout("idle", "120s", "silence within an answer; or off",
			func(t *guard.Timeouts) *time.Duration { return &t.Idle }),
		timeout("total", off, "a call with all its attempts and its whole answer; or off",
			func(t *guard.Timeouts) *time.Duration { return &t.Total }),
	}
}

func streamOptions() []option {
	set := func(name, def, usage string, o option) option {
		o.Name, o.Path, o.Group, o.Default, o.Usage = name, "stream."+snake(name), groupStream, def, usage
		return varies(o)
	}
	ending := func(name string, e guard.Ending) choice {
		return choice{name, func(c *Serve) { c.Guard.Ending = e }}
	}
	return []option{
		set("commit", "late", "when clients get a stream's headers: late, with its first content, so that one which fails before can be tried again; or with the service's headers",
			oneOf(choice{"late", func(c *Serve) { c.Guard.Commit = guard.CommitLate }},
				choice{"headers", func(c *Serve) { c.Guard.Commit = guard.CommitHeaders }})),
		set("commit-after", "60s", "how long clients do without headers at most; or off",
			periodOrOff(func(c *Serve) *time.Duration { return &c.Guard.CommitAfter })),
		set("ending", "finish", "how the upstream's streams end: with a finish reason or a terminal event, as OpenAI's; done: with [DONE]; any: as they like",
			oneOf(ending("finish", guard.EndFinish), ending("done", guard.EndDone), ending("any", guard.EndAny))),
	}
}

func grayOptions() []option {
	set := func(field, def, usage string, of func(*guard.Gray) *guard.Switch) option {
		o := onOff(func(c *Serve) *guard.Switch { return of(&c.Guard.Gray) })
		o.Name, o.Path, o.Group, o.Default, o.Usage = "gray-"+field, "gray."+field, groupGray, def, usage
		return o
	}
	return []option{
		set("html", "on", "a page for people where an answer should be",
			func(g *guard.Gray) *guard.Switch { return &g.HTML }),
		set("truncated", "on", "half an answer, or none",
			func(g *guard.Gray) *guard.Switch { return &g.Truncated }),
		set("error", "on", "an error object or event in a 200, if it would count with a status of its own",
			func(g *guard.Gray) *guard.Switch { return &g.Error }),
		set("empty", off, "a chat completion that says nothing, which can be legitimate",
			func(g *guard.Gray) *guard.Switch { return &g.Empty }),
	}
}

func limitOptions() []option {
	set := func(name, def, usage string, o option) option {
		o.Name, o.Path, o.Group, o.Default, o.Usage = name, "limits."+snake(name), groupLimit, def, usage
		return o
	}
	l := func(c *Serve) *guard.Limits { return &c.Guard.Limits }
	return []option{
		set("max-in-flight", off, "attempts that may be out at once at one circuit, their answers included; or off: any number",
			varies(wholeOrZero(1_000_000, func(c *Serve, n int) { l(c).MaxInFlight = n }))),
		set("max-queued", "100", "calls that may wait for one of those to end, first come, first served; 0: none",
			varies(whole(0, 1_000_000, "0 (none)", func(c *Serve, n int) { l(c).MaxQueued = orNone(n) }))),
		set("max-queue-wait", "30s", "the longest that they wait",
			varies(period(day, func(c *Serve) *time.Duration { return &l(c).MaxQueueWait }))),
		set("max-held-body", "4MiB", "requests up to this size are held in memory, so that they can be repeated",
			size(1<<30, func(c *Serve) *int64 { return &c.Guard.MaxHeldBody })),
		set("max-body", "600MiB", "larger requests are answered with 413",
			size(1<<40, func(c *Serve) *int64 { return &c.MaxBody })),
	}
}

func historyOptions() []option {
	set := func(name, path, def, usage string, o option) option {
		o.Name, o.Path, o.Group, o.Default, o.Usage, o.Varies, o.Fixed = name, path, groupHistory, def, usage, false, true
		return o
	}
	return []option{
		set("history", "history.file", historyAuto, "file that remembers circuits and figures across restarts; auto: recloser.db in the user's state directory; or off",
			historyFile()),
		set("record", "history.record", off, "keep a row for each attempt, without its content, for recloser export and replay",
			toggle(func(c *Serve, on bool) { c.Record = on })),
	}
}

func telemetryOptions() []option {
	set := func(name, def, usage string, o option) option {
		o.Name, o.Path, o.Group, o.Default, o.Usage, o.Varies, o.Fixed = name, "telemetry."+snake(name), groupTelemetry, def, usage, false, true
		return o
	}
	return []option{
		set("metrics", "on", "metrics for Prometheus at /metrics of the admin address, where its token is asked for too; off: none",
			toggle(func(c *Serve, on bool) { c.Metrics = on })),
		set("native-histograms", off, "on: durations also as native histograms, for a Prometheus that asks for them",
			toggle(func(c *Serve, on bool) { c.NativeHistograms = on })),
	}
}

func processOptions() []option {
	set := func(name, path, def, usage string, o option) option {
		o.Name, o.Path, o.Group, o.Default, o.Usage, o.Varies = name, path, groupProcess, def, usage, false
		return o
	}
	fixed := func(o option) option { o.Fixed = true; return o }
	return []option{
		set("drain-delay", "process.drain_delay", "1s", "how long to go on after SIGTERM with /readyz at 503, so that load balancers notice",
			wait(func(c *Serve) *time.Duration { return &c.DrainDelay })),
		set("shutdown-grace", "process.shutdown_grace", "30s", "how long calls may then take to end",
			wait(func(c *Serve) *time.Duration { return &c.ShutdownGrace })),
		fixed(set("log-format", "log.format", "auto", "of the log on stderr; auto: text on a terminal, json elsewhere",
			oneOf(choice{"auto", func(c *Serve) { c.LogFormat = LogAuto }},
				choice{"text", func(c *Serve) { c.LogFormat = LogText }},
				choice{"json", func(c *Serve) { c.LogFormat = LogJSON }}))),
		set("log-level", "log.level", "info", "the least that is logged; calls are info",
			oneOf(choice{"debug", func(c *Serve) { c.LogLevel = slog.LevelDebug }},
				choice{"info", func(c *Serve) { c.LogLevel = slog.LevelInfo }},
				choice{"warn", func(c *Serve) { c.LogLevel = slog.LevelWarn }},
				choice{"error", func(c *Serve) { c.LogLevel = slog.LevelError }})),
	}
}

// strategies are the names that retry knows.
func strategies() option {
	var all []choice
	for _, name := range retry.Names() {
		all = append(all, choice{name, func(c *Serve) { c.Guard.Retry.Strategy, _ = retry.Named(name) }})
	}
	o := oneOf(all...)
	o.Arg = "NAME" // all of them would be too long a line
	return o
}
