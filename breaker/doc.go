// Package breaker is a circuit breaker: it stops calling what does not answer,
// says for how long, tries one call when that time is over, and lets everybody
// back in when that call succeeds.
//
// A [Breaker] guards one thing, a circuit. While the circuit is closed, calls
// go through and their results are judged; FailureThreshold consecutive
// failures (default 5) trip it. While it is open, calls are refused at once with
// an [*OpenError] that knows how long to wait. When the open period is over the
// circuit stays open, its probe due, until a caller takes the probe's permit:
// that one call goes out while the circuit is half-open and everyone else is
// still refused. If the probe succeeds the circuit recloses; if it fails the
// circuit opens again for about twice as long, never longer than ResetTimeout
// (default 30 s).
//
// # Use
//
// [Do] and [Run] wrap a call. [Breaker.Allow] and [Permit.Done] do the same in
// two steps, for code that a closure does not fit. Each has a form with the
// suffix At that takes the time instead of reading the clock; it holds the
// logic, so tests, simulations and replays exercise exactly what production
// runs.
//
//	b, err := breaker.New("db", breaker.Config{})
//	v, err := breaker.Do(ctx, b, load)
//
// A [Registry] makes the circuits of many things as they are asked for.
//
// # What counts
//
// Every call that is let through ends in an [Outcome]. A failure counts, a
// success ends a run of failures, and an ignored call says nothing about the
// service. By default context.Canceled is ignored, since the caller left, and
// every other error is a failure, a panic and runtime.Goexit included.
// Config.Classify changes that; [Permit.RecordResult] says more than an outcome.
//
// A success that began in an earlier slot of 250 ms than the first failure of a run
// does not end the run: it says nothing about the time since. A
// result that arrives after the circuit has changed state says nothing about the
// new state and is only counted in [Metrics]. A call that does not come back at
// all counts while it hangs, if StallAfter says from when on.
//
// # When it trips
//
// [Config] has three thresholds, of which any trips: failures in a row, within a
// span; a failure rate over a window of time; a rate of slow calls. They are the
// policies [Consecutive], [FailureRate] and [SlowRate]. [Adaptive] has no
// thresholds: it learns how the service usually is. A [Policy] of one's own
// takes their place, or joins them with [AnyOf]. Each [Transition] names the
// threshold that was reached and its numbers, and [Breaker.Why] says in words
// where the circuit stands.
//
// # How it recovers
//
// Open periods are exponential, jittered, at least as long as the service asks
// for ([Result].RetryAfter), and capped by ResetTimeout. Probes may be several
// at once, and several successes may be demanded. With Config.Ramp those who
// have waited are let back in step by step, and not all at once.
//
// # Two levels
//
// A breaker may have a parent, as a model has the host that serves it. A call
// then needs both, parent first; see [Config.Parent] and [Reach].
//
// # Operators
//
// [Breaker.SetMode] forces a circuit open, disables it, or lets it only observe;
// [Breaker.Reset] closes it; [Breaker.SetConfig] gives it another configuration
// while it works, [Registry.SetConfig] all circuits of a registry, each its own if
// [RegistryConfig.Configure] says so; [Registry.Bypass] lets everything through in an emergency.
// [Breaker.Snapshot] and [Breaker.Restore] carry a circuit over a restart.
// [Breaker.Trip], [Breaker.Reclose], [Breaker.Merge] and Config.MayProbe are for
// several processes that guard the same thing.
//
// # What it costs
//
// A call of a healthy circuit reads the clock once, twice if calls have to be
// timed or take longer than a slot, takes no lock and allocates nothing; neither does a refusal. Counts are
// spread over the processors as soon as callers get in each other's way. A
// breaker starts no goroutine and no timer. One that is not used holds less than
// a kibibyte.
//
// Everything in this package is safe for concurrent use except a single
// [Permit], which belongs to its call.
package breaker
