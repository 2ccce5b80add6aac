package replay

import (
	"math"
	"time"
)

// Peers are the models of other breakers and throttles, with what their makers
// document. keyed gives each model a circuit, otherwise a process has one. A time-out
// and a 429 count as failures, unless it is said that they do not.
func Peers(keyed bool) []Policy {
	add := func(name, about string, build func() peer) Policy { return ofPeer(name, about, keyed, build) }
	return []Policy{
		add("5-in-a-row", "5 failures in a row open it for 10 s; then one probe", func() peer {
			return &machine{judge: &inRow{limit: 5}, period: fixed(10 * time.Second)}
		}),
		add("5-doubling", "5 failures in a row open it for 1 s, doubling to 30 s, with up to 1 s more at random; then one probe", func() peer {
			return &machine{judge: &inRow{limit: 5}, period: doubling(time.Second, 30*time.Second, 1, time.Second)}
		}),
		add("half-of-10s", "half of at least 10 calls in 10 s open it for 5 s; then three probes, all of which must succeed", func() peer {
			return &machine{judge: newRateOverTime(0.5, 10, 10*time.Second, 40), period: fixed(5 * time.Second), probes: 3, trial: 3}
		}),
		add("linkerd", "Linkerd 2, failure accrual, mode consecutive: 7 failures open it for 1 s, doubling to 60 s, with half as much more at random; then one probe (linkerd.io, Circuit Breaking)", func() peer {
			return &machine{judge: &inRow{limit: 7}, period: doubling(time.Second, time.Minute, 0.5, 0)}
		}),
		add("hystrix", "Hystrix' defaults: half of at least 20 calls in 10 s open it for 5 s; then one probe (Netflix/Hystrix wiki, Configuration)", func() peer {
			return &machine{judge: newRateOverTime(0.5, 20, 10*time.Second, 10), period: fixed(5 * time.Second)}
		}),
		add("finagle", "Finagle's failure accrual: a success rate below 80 %, an exponential mean over 30 s and at least 5 calls, or 5 failures in a row mark it dead for 5 s, doubling to 300 s, jittered; then one probe (Finagle user guide, Clients)", func() peer {
			return &machine{judge: either{newLowSuccess(0.8, 5, 30*time.Second), &inRow{limit: 5}}, period: equalJitter(5*time.Second, 300*time.Second)}
		}),
		add("gobreaker", "sony/gobreaker's defaults: more than 5 failures in a row open it for 60 s; then one probe (its README)", func() peer {
			return &machine{judge: &inRow{limit: 6}, period: fixed(time.Minute)}
		}),
		add("polly", "Polly 8's defaults: a tenth of at least 100 calls in 30 s open it for 5 s; then one probe (pollydocs.org, Circuit breaker)", func() peer {
			return &machine{judge: newRateOverTime(0.1, 100, 30*time.Second, 10), period: fixed(5 * time.Second)}
		}),
		add("envoy", "Envoy's outlier detection, defaults: 5 errors in a row eject a host for 30 s, times the number of ejections, to 300 s; no probe; a 429 is no error (envoyproxy.io, Outlier detection)", func() peer {
			return &ejector{}
		}),
		add("go-zero", "go-zero's breaker: of the calls of 10 s those beyond 5 and 1.5 times the accepted are refused at random (core/breaker/googlebreaker.go)", func() peer {
			return &rejector{k: 1.5, spare: 5, window: newRateOverTime(1, 1, 10*time.Second, 40), pass: onceIn(time.Second)}
		}),
		add("resilience4j", "Resilience4j's defaults: half of the last 100 calls open it for 60 s; then ten probes, of which half may fail (resilience4j.readme.io, CircuitBreaker)", func() peer {
			return &machine{judge: newRateOfLast(0.5, 100), period: fixed(time.Minute), probes: 10, trial: 10, rate: 0.5}
		}),
		add("grpc-throttle", "gRPC's retry throttling: 10 tokens; a failure takes one, a success puts a tenth back; no retries at 5 or below (gRFC A6)", func() peer {
			return &retryTokens{most: 10, left: 10, mark: 5, fail: 1, good: 0.1}
		}),
		add("aws-quota", "the retry quota of the AWS SDKs: 500 tokens, a retry takes 5 and gives them back by succeeding, other successes one (AWS SDKs and Tools Reference Guide, Retry behavior)", func() peer {
			return &retryTokens{most: 500, left: 500, fail: 5, good: 1, atRetry: true}
		}),
		add("sre-throttle", "client-side throttling with K = 2 over 2 min (Site Reliability Engineering, chapter 21)", func() peer {
			return &rejector{k: 2, window: newRateOverTime(1, 1, 2*time.Minute, 120)}
		}),
		add("none", "no protection", func() peer { return none{} }),
	}
}

func fixed(d time.Duration) func(int, float64) time.Duration {
	return func(int, float64) time.Duration { return d }
}

// doubling adds a random part: so much of the period, or of time.
func doubling(base, most time.Duration, part float64, more time.Duration) func(int, float64) time.Duration {
	return func(n int, u float64) time.Duration {
		d := math.Min(math.Ldexp(float64(base), n-1), float64(most))
		if more > 0 {
			return time.Duration(math.Min(d+u*float64(more), float64(most)))
		}
		return time.Duration(d * (1 + part*u))
	}
}

// equalJitter is half of the doubling period and up to as much again.
func equalJitter(base, most time.Duration) func(int, float64) time.Duration {
	return func(n int, u float64) time.Duration {
		d := math.Min(math.Ldexp(float64(base), n-1), float64(most))
		return time.Duration(d * (1 + u) / 2)
	}
}

// onceIn says yes at most once in a time.
func onceIn(d time.Duration) func(now time.Duration) bool {
	last := -d
	return func(now time.Duration) bool {
		if now-last < d {
			return false
		}
		last = now
		return true
	}
}
