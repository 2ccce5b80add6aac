// Package breaker is a circuit breaker: it stops calling what does not answer,
// says for how long, tries one call when that time is over, and lets everybody
// back in when that call succeeds.
//
// A [Breaker] guards one thing, a circuit. While the circuit is closed, calls
// go through and consecutive failures are counted; FailureThreshold of them
// (default 5) trip it. While it is open, calls are refused at once with an
// [*OpenError] that knows how long to wait. When the open period is over the
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
// # What counts
//
// Every call that is let through ends in an [Outcome]. A failure counts, a
// success ends a run of failures, and an ignored call says nothing about the
// service. By default context.Canceled is ignored, since the caller left, and
// every other error is a failure, a panic and runtime.Goexit included.
// Config.Classify changes that.
//
// A success that began before the first failure of a run, by a quarter of a
// second or more, does not end the run: it says nothing about the time since. A result that arrives after the circuit has changed state says
// nothing about the new state and is only counted in [Metrics].
//
// # Two levels
//
// A breaker may have a parent, as a model has the host that serves it. A call
// then needs both, parent first; see [Config.Parent] and [Reach].
//
// A Breaker starts no goroutine and no timer, and everything in this package
// is safe for concurrent use except a single Permit, which belongs to its call.
package breaker
