// Package retry decides whether, and when, a call is tried again.
//
// A [Plan] holds the settings; [Plan.Begin] starts the [Course] of one call, a
// state machine without clock, goroutine or socket. It is told how each
// attempt ended and answers with a [Step]: wait so long and try again, or stop
// and pass on what there is. Package guard drives it with real requests;
// simulations drive it with recorded ones.
//
// A call may have several targets, numbered in the order of preference. After a
// failure that another target can help with, and after a refusal, a course goes on
// to the next one at once; only when none is left does it back off, and tries again
// where that can succeed first.
//
// A course never repeats what the caller got wrong, what is not safe to
// repeat, a probe, or a call whose circuit has opened; it never waits longer
// than MaxWait or past the caller's deadline. A [Budget] bounds the retries of all
// calls of a circuit together. Its owner answers for it in [Admission].
package retry
