// Package peers measures Recloser's breaker beside other Go circuit breakers,
// and shows what each does in the situations that breakers get wrong. It has no
// code of its own; see its tests. "make -s bench-peers >docs/peers.md" runs all
// and writes the page.
//
// It is apart from package bench because importing go-zero's breaker starts
// goroutines that sample the CPU and catch signals, which must not run beside
// the proxies.
//
// # The policy
//
// Five failures in a row, or half of at least 20 calls in 10 s, open for 30 s,
// one probe whose success closes; as near to it as each can come:
//
//	gobreaker      all of it; 10 buckets of 1 s; both thresholds in ReadyToTrip
//	failsafe-go    the rate, in 10 slices; it has either a rate or a run
//	go-zero        no states: refuses by chance, the more the fewer succeed, in
//	               a window of 10 s in 40 buckets; nothing to set
//	hystrix-go     the rate, in 10 buckets of 1 s; runs each call on a goroutine
//	               of its own beside one with a timer, and counts on a third
//	bytedance      all of it; 100 buckets of 100 ms, turned by a ticker; per-P
//	               counters on; it is given no calls, so there is no Do
//	go-resiliency  five failures less than 30 s apart, whatever succeeds between
//	               them, so a healthy service with many calls opens it: left out
//	               of the failing case; a goroutine ends the open period
//	resty          the rate, in 10 buckets, in a window as long as the open
//	               period; a timer ends that; judges a *resty.Response, here
//	               one made in advance, so no HTTP is in the figures
//	recloser       all of it: see recloserConfig
//
// # The cases
//
// With -cpu 1 one goroutine makes all calls, with -cpu 2 two at once. A case is
// closed, closed with a failure in 128 calls, open, half-open with the probe
// out, or a cycle: failures until it opens, a period too short to wait for, the
// probe, closed again. Left out of the cycle are those whose period a timer
// ends, and go-zero. Its form is do (a closure is called), permit (asked and
// told in two steps), or at (in two steps, with the instants given).
// impl=floor-adds and impl=floor-clock are what no breaker can be cheaper than:
// two atomic additions to striped counters, and one reading of the clock.
package peers
