// Package gate holds back calls that a service's limits would refuse: until the
// moment that the service gave, and then at a rate that grows again.
//
// A 429 is no outage. In real traffic it comes between successes, so a circuit
// breaker that counts it refuses calls that would have been answered, and one
// good call after it proves little. What a 429 wants is a wait, and after it a
// rate. A [Gate] keeps both for one API key and one model. Where a breaker asks
// "does it work?", a gate asks "are we allowed?".
//
// # Use
//
// Ask before each attempt, and tell afterwards how it ended:
//
//	g := gates.Get(hashOfKey, "gpt-5")
//	if err := g.Allow(); err != nil { // *gate.ClosedError: RetryIn says for how long
//		return err
//	}
//	begun := time.Now()
//	resp, err := send()
//	g.Report(gate.Report{Kind: gate.RateLimit, Begun: begun, RetryAfter: 3 * time.Second})
//
// An attempt that is not made after all ends in a [Gate.Withdraw] instead.
//
// [Gate.Allow] answers at once. [Gate.Wait] waits in line where the caller's
// deadline allows it: first come, first served, in a line that is bounded. While
// somebody waits, Allow lets nobody pass. [Gate.ReadyIn] only looks.
//
// Each verb has a form with the suffix At that takes the time instead of reading
// the clock; it holds the logic, so that tests, simulations and replays exercise
// exactly what production runs. [Gate.WaitAt] gives a [Ticket], whose owner asks
// when it is its turn.
//
// # What a report does
//
// A [RateLimit] closes the gate for what the service asked: Retry-After if it
// said so; else what follows from the x-ratelimit-* headers, namely
//
//	needed × reset / (limit − remaining)
//
// which is how long the tokens of this one attempt take to come back, or its one
// request if that is slower, and not how long until all is there again. If it
// said neither, the gate guesses a second, and doubles that with every attempt
// that finds it open and is refused. A wait is never longer than
// Config.MaxClosed, and a report never shortens one.
//
// An [Overload] closes the gate only if the service said for how long; for the
// rate it counts like a 429. An [Answer] opens nothing early. If its headers show
// that less than a tenth of a limit remains, calls slow down to what the limit
// allows in the long run, before there is a 429. A [Quota] parks the key, as a
// [BadKey] does.
//
// "Request too large for the limit" is the caller's mistake and no matter for a
// gate: report Nothing.
//
// # The rate after a 429
//
// The first 429 only makes everybody wait, the first overload not even that. A
// second one of either within 60 s starts a limit, a further one cuts it, and it
// grows from 1 s after the last one. It is lifted when it exceeds 1.3·r and 5 s
// have passed; r is how many calls a second are asked for, a mean over 20 s or
// since the first one, at least a tenth of those who wait in line. Its bucket
// holds what comes in one second, at least one call. After a 429 the next call
// goes at the moment when the service takes one, and has the bucket's only token;
// a limit after an overload begins with a call too, so little traffic is not held
// up for 10 s by two overloads.
//
// What the rate is depends on what is known. A 429 says that the service's bucket
// is empty, so the calls that are answered between two of them are no more than
// have come back: that measures its rate, once they are four times as many as may
// have been miscounted (one; half a one if the service says when the next may
// come). If less was answered than the limit had let through all the time, the
// rate is set to that; otherwise no more had been tried, and the rate is cut by 2 %
// or to what was answered. From then on it is only probed: for the time of 16
// calls, it grows by a fifth, with the cube of the time; at least for 16 s, or as many
// seconds as calls were counted, if those are fewer. Headers of a 429, or of answers
// that leave less than a tenth, tell the rate: the least that they told in 30 s, or in
// the time of three calls. 0.99 of it is taken, anew with each such answer; it is
// measured better only by 16 calls or more. Before anything is measured or told, a limit starts at 0.9·a, where a is how many calls a second were
// answered lately, but at least one call in 10 s; at one in the time of the wait
// if that is longer than a second; and at one a second that doubles each second,
// if that is more than 0.9·a. Then a 429 cuts it by 15 %, at most once a second,
// and it grows by r·min(0.2, 0.02·s) a second, s being the seconds since; so it
// does after an overload, and after the probing.
//
// Section 1.8 of the policy that this is made after has only the 0.9·a, the 15 %,
// the growth by demand and the lifting, and an empty bucket. That loses a second
// or more with each 429, begins far too slowly where few answers were seen, and
// wastes half of the attempts at a drip below one call in 10 s. In simulations
// (TestGoodputTable) the first two minutes at a bucket of five calls a second gave
// 79 to 94 % of what was allowed and give 95 to 99.8 %. At one call in two seconds
// it was 55 to 95 %; it is 95 % or more where the service says exactly when the next
// may come, and 85 to 92 % where it says nothing, or rounds up to a second: then
// each 429 costs up to a second of it. A bucket that begins to fill twice as fast is
// noticed after 16 to 30 s, one of less than a call a second later.
//
// Two rules come on top. Seconds in which the gate is closed do not count as
// seconds since the last 429. And when callers wait in line behind a gate without
// a limit, one starts with their first call, lest they all go together when it
// opens; it is not lifted while somebody waits. Config.NoRate switches all
// limits of rate off.
//
// # Others at the same bucket
//
// A limit is that of an organisation: other processes use it up too, or other models
// of one family. Such rivals show if a call is refused that came when the service had
// said that it might, a quarter of a second later or more, and so is another within a
// minute; or by three 429s at a rate that headers allow. For the next 5 min nothing is
// measured then, and what headers tell is not taken for the gate's own. A limit starts
// at 0.9·a, a 429 cuts it by 15 %, and it grows by a tenth of r·min(0.2, 0.02·s), with
// r at most twice the rate, or a quarter of the demand if that is more; from the 20th
// second without a 429 on also as elsewhere. And after a
// call that was refused at the moment that the service gave, the next one goes at the
// gate's rate: that moment is the same for all, and what is refused often counts.
//
// In simulations of a bucket of 5 calls a second, of which a refused one takes a half,
// 16 processes that each came back when told kept it empty for good, and got 4 % of
// what it allows. With this they get 67 to 83 %, and four of them 86 to 95 %.
//
// # Exhausted quota, refused keys
//
// Waiting does not bring money, nor make a key valid. A [Parked] gate refuses
// everything with an error that is [ErrParked] too, also those who wait in line,
// and lets one test call through after 5 min, then after 10 and so on up to an
// hour. A test that is answered opens it, and so does [Gate.Reset], for a human
// who has paid. Errors, metrics and snapshots say what it is parked for. Other
// keys go on.
//
// # Many keys
//
// A [Registry] makes gates as they are asked for, up to a bound; those that are
// idle make room, and beyond it nobody is held back. [Registry.SetConfig] gives
// all of them another configuration while they are in use. Keys are used to find
// a gate and to make its label, a short hash, which is all that errors,
// transitions, metrics and snapshots show.
//
// # What it costs
//
// An open gate without a recent limit is one atomic load a call, and one atomic
// add, a clock reading and two loads for the report of its end. A gate starts no
// goroutine; only a caller that waits in line has a timer.
//
// Everything in this package is safe for concurrent use except a [Ticket], which
// belongs to its caller.
package gate
