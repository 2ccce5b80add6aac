// Package replay tries policies on traffic that was recorded, or made up, in virtual
// time: what would have come of it with another breaker?
//
// It is a discrete-event simulation. A [Stage] is a [World], which has the requests
// and answers attempts, and the clients that make them. A [Policy] stands between
// the two. [Run] plays one on the other and returns a [Score]. What guards
// production runs here: [Circuits] are this library's breakers and gates, driven by
// their At forms, and the course of each call is that of package retry. [Peers] are
// models of other breakers and throttles, each with where its rules are written
// down; [Oracle] knows the service's state.
//
// # Two kinds of worlds
//
// A [Scenario] is a made-up service: [Scenarios] are the list that policies of this
// library are judged by, and [Random] draws one. [Column.Fill] plays one with many
// seeds, and [Overall] sums up a row of them.
//
// A [Trace] is recorded traffic. [ReadTrace] takes the records, [Trace.Report]
// replays them with some policies. What is on record is a fact; what is not is
// guessed as [Guess] says, in three ways, so that a report has an interval.
//
// # The one number
//
// [Score.Loss] is what was lost, in requests: a request without an answer is one, a
// failed attempt a quarter, a second waited for one a fiftieth, see [Costs].
// [Score.Regret] is how much more that is than the oracle's, for 1000 requests. The
// oracle sends an attempt if and only if its chance p is at least c/(1+c), c being
// what a failed one costs. It looks no further than that attempt: where what is sent
// now decides what a service can do later, as in a trace's quota, a policy may do
// better, and its regret is negative.
//
// # What is repeatable
//
// The luck of an attempt is made of the seed, its request and its number. So runs
// are the same for the same seed, and what one policy does changes nothing for
// attempts that another makes as well, but for services whose state depends on the
// load: a queue, a limit of rate.
//
// The package reads no clock, starts no goroutine, and does no input or output. A
// Trace may be shared by goroutines; a World and an Admission belong to one run.
package replay
