package peers

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afex/hystrix-go/hystrix"
	bytedance "github.com/bytedance/gopkg/cloud/circuitbreaker"
	resiliency "github.com/eapache/go-resiliency/breaker"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"
	gozero "github.com/zeromicro/go-zero/core/breaker"
	"resty.dev/v3"
)

func peers() []subject {
	return []subject{
		{
			impl: "gobreaker", form: "do", closed: lasting(gobreakerDo),
			cycling: passing(gobreakerDo), opens: consecutive,
		},
		{
			impl: "gobreaker", form: "permit", closed: lasting(gobreakerPermit),
			cycling: passing(gobreakerPermit), opens: consecutive, probed: gobreakerProbed,
		},
		{
			impl: "failsafe-go", form: "do", closed: lasting(failsafeDo),
			cycling: passing(failsafeDo), opens: minCalls,
		},
		{
			impl: "failsafe-go", form: "permit", closed: lasting(failsafePermit),
			cycling: passing(failsafePermit), opens: minCalls, probed: failsafeProbed,
		},
		{
			impl: "bytedance", form: "permit", closed: lasting(bytedancePermit),
			cycling: passing(bytedancePermit), opens: consecutive, probed: bytedanceProbed,
		},
		{impl: "go-zero", form: "do", closed: goZeroDo},
		{impl: "go-zero", form: "permit", closed: goZeroPermit},
		{impl: "hystrix-go", form: "do", closed: lasting(hystrixDo)},
		{impl: "go-resiliency", form: "do", closed: lasting(resiliencyDo), brittle: true},
		{impl: "resty", form: "permit", closed: lasting(restyPermit), probed: restyProbed},
	}
}

// lasting and passing set the open period: the policy's, or one that is over
// when the next call comes.
func lasting(run func(testing.TB, time.Duration) loop) func(testing.TB) loop {
	return func(tb testing.TB) loop { return run(tb, openPeriod) }
}

func passing(run func(testing.TB, time.Duration) loop) func(testing.TB) loop {
	return func(tb testing.TB) loop { return run(tb, time.Nanosecond) }
}

func gobreakerSettings(period time.Duration) gobreaker.Settings {
	return gobreaker.Settings{
		Interval: window, BucketPeriod: window / 10, Timeout: period,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.ConsecutiveFailures >= consecutive ||
				c.Requests >= minCalls && float64(c.TotalFailures) >= rate*float64(c.Requests)
		},
	}
}

func gobreakerDo(_ testing.TB, period time.Duration) loop {
	b := gobreaker.NewCircuitBreaker[struct{}](gobreakerSettings(period))
	ok := func() (struct{}, error) { return struct{}{}, nil }
	failing := func() (struct{}, error) { return struct{}{}, errFailed }
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			call := ok
			if i&mask == mask {
				call = failing
			}
			if _, err := b.Execute(call); err != nil && err != errFailed {
				refused++
			}
		}
		return refused
	}
}

func gobreakerPermit(_ testing.TB, period time.Duration) loop {
	return gobreakerLoop(gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreakerSettings(period)))
}

func gobreakerLoop(b *gobreaker.TwoStepCircuitBreaker[struct{}]) loop {
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			done, err := b.Allow()
			if err != nil {
				refused++
				continue
			}
			if i&mask == mask {
				err = errFailed
			}
			done(err)
		}
		return refused
	}
}

func gobreakerProbed(tb testing.TB) loop {
	b := gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreakerSettings(time.Millisecond))
	l := gobreakerLoop(b)
	takeProbe(tb, l, func() bool { _, err := b.Allow(); return err == nil })
	return l
}

// takeProbe opens a breaker and waits until a call is let through.
func takeProbe(tb testing.TB, l loop, take func() bool) {
	tb.Helper()
	l(0, minCalls, allFail)
	if take() {
		tb.Fatal("is not open")
	}
	within(tb, "no probe", take)
}

func newFailsafe(period time.Duration) circuitbreaker.CircuitBreaker[struct{}] {
	return circuitbreaker.NewBuilder[struct{}]().
		WithFailureRateThreshold(rate, minCalls, window).
		WithSuccessThreshold(1).
		WithDelay(period).Build()
}

func failsafeDo(_ testing.TB, period time.Duration) loop {
	executor := failsafe.With[struct{}](newFailsafe(period))
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			call := succeed
			if i&mask == mask {
				call = fail
			}
			if err := executor.Run(call); err != nil && err != errFailed {
				refused++
			}
		}
		return refused
	}
}

func failsafePermit(_ testing.TB, period time.Duration) loop {
	return failsafeLoop(newFailsafe(period))
}

func failsafeLoop(b circuitbreaker.CircuitBreaker[struct{}]) loop {
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			switch {
			case !b.TryAcquirePermit():
				refused++
			case i&mask == mask:
				b.RecordFailure()
			default:
				b.RecordSuccess()
			}
		}
		return refused
	}
}

func failsafeProbed(tb testing.TB) loop {
	b := newFailsafe(time.Millisecond)
	l := failsafeLoop(b)
	takeProbe(tb, l, b.TryAcquirePermit)
	return l
}

func goZeroDo(testing.TB) loop {
	b := gozero.NewBreaker()
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			call := succeed
			if i&mask == mask {
				call = fail
			}
			if err := b.Do(call); err != nil && err != errFailed {
				refused++
			}
		}
		return refused
	}
}

func goZeroPermit(testing.TB) loop {
	b := gozero.NewBreaker()
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			promise, err := b.Allow()
			switch {
			case err != nil:
				refused++
			case i&mask == mask:
				promise.Reject("failed")
			default:
				promise.Accept()
			}
		}
		return refused
	}
}

var hystrixCommands atomic.Int64 // hystrix-go finds its circuits by name

func hystrixDo(_ testing.TB, period time.Duration) loop {
	name := "peer " + strconv.FormatInt(hystrixCommands.Add(1), 10)
	hystrix.ConfigureCommand(name, hystrix.CommandConfig{
		Timeout: 60_000, MaxConcurrentRequests: 100_000, RequestVolumeThreshold: minCalls,
		SleepWindow: int(max(period, time.Millisecond) / time.Millisecond), ErrorPercentThreshold: rate * 100,
	})
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			call := succeed
			if i&mask == mask {
				call = fail
			}
			if err := hystrix.Do(name, call, nil); err != nil && err != errFailed {
				refused++
			}
		}
		return refused
	}
}

func newBytedance(tb testing.TB, period, probeEvery time.Duration) bytedance.Panel {
	b, err := bytedance.NewPanel(nil, bytedance.Options{
		BucketTime: window / 100, BucketNums: 100, EnableShardP: true,
		CoolingTimeout: period, DetectTimeout: probeEvery, HalfOpenSuccesses: 1,
		ShouldTrip: bytedance.ConsecutiveTripFuncV2(rate, minCalls, 0, 0, consecutive),
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(b.Close)
	return b
}

func bytedancePermit(tb testing.TB, period time.Duration) loop {
	return bytedanceLoop(newBytedance(tb, period, time.Nanosecond))
}

func bytedanceLoop(b bytedance.Panel) loop {
	const key = "peer"
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			switch {
			case !b.IsAllowed(key):
				refused++
			case i&mask == mask:
				b.Fail(key)
			default:
				b.Succeed(key)
			}
		}
		return refused
	}
}

func bytedanceProbed(tb testing.TB) loop {
	b := newBytedance(tb, time.Millisecond, time.Hour)
	l := bytedanceLoop(b)
	takeProbe(tb, l, func() bool { return b.IsAllowed("peer") })
	return l
}

func resiliencyDo(_ testing.TB, period time.Duration) loop {
	b := resiliency.New(consecutive, 1, period)
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			call := succeed
			if i&mask == mask {
				call = fail
			}
			if err := b.Run(call); err != nil && err != errFailed {
				refused++
			}
		}
		return refused
	}
}

func restyPermit(_ testing.TB, period time.Duration) loop {
	return restyLoop(resty.NewCircuitBreakerRatio(rate, minCalls, period))
}

func restyLoop(b *resty.CircuitBreakerRatio) loop {
	good, bad := restyResponse(http.StatusOK), restyResponse(http.StatusInternalServerError)
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			switch {
			case b.Allow() != nil:
				refused++
			case i&mask == mask:
				b.ApplyPolicies(bad)
			default:
				b.ApplyPolicies(good)
			}
		}
		return refused
	}
}

func restyResponse(status int) *resty.Response {
	return &resty.Response{RawResponse: &http.Response{StatusCode: status}}
}

func restyProbed(tb testing.TB) loop {
	b := resty.NewCircuitBreakerRatio(rate, minCalls, 50*time.Millisecond) // also its window
	l := restyLoop(b)
	takeProbe(tb, l, func() bool { return b.Allow() == nil })
	return l
}
