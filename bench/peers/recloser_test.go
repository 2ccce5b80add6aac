package peers

import (
	"context"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// recloserConfig is the policy. It is the one place where Recloser is set up.
func recloserConfig(latency bool, period time.Duration) breaker.Config {
	cfg := breaker.Config{
		FailureThreshold: consecutive,
		FailureRate:      rate,
		RateWindow:       window,
		RateMinCalls:     minCalls,
		BaseTimeout:      period,
		ResetTimeout:     period,
	}
	if latency {
		cfg.SlowRate, cfg.SlowAfter = rate, time.Second
	}
	return cfg
}

func newRecloser(tb testing.TB, latency bool, period time.Duration) *breaker.Breaker {
	tb.Helper()
	b, err := breaker.New("peer", recloserConfig(latency, period))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func reclosers() []subject {
	var all []subject
	for _, latency := range []bool{false, true} {
		name := "recloser"
		if latency {
			name = "recloser-latency"
		}
		for form, run := range map[string]func(*breaker.Breaker) loop{
			"do": recloserDo, "permit": recloserPermit, "at": recloserAt,
		} {
			s := subject{impl: name, form: form, closed: func(tb testing.TB) loop {
				return run(newRecloser(tb, latency, openPeriod))
			}}
			if form != "do" {
				s.probed = func(tb testing.TB) loop { return run(recloserProbed(tb, latency)) }
			}
			if form == "permit" {
				s.opens = consecutive
				s.cycling = func(tb testing.TB) loop {
					return recloserSkewed(newRecloser(tb, latency, time.Millisecond))
				}
			}
			all = append(all, s)
		}
	}
	return all
}

// recloserProbed returns a breaker that is half-open, its probe out for the
// next 30 s.
func recloserProbed(tb testing.TB, latency bool) *breaker.Breaker {
	b := newRecloser(tb, latency, time.Millisecond)
	recloserPermit(b)(0, consecutive, allFail)
	within(tb, "no probe", func() bool {
		p, err := b.Allow()
		return err == nil && p.Probe()
	})
	return b
}

func recloserDo(b *breaker.Breaker) loop {
	ctx := context.Background()
	ok := func(context.Context) error { return nil }
	failing := func(context.Context) error { return errFailed }
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			call := ok
			if i&mask == mask {
				call = failing
			}
			if err := breaker.Run(ctx, b, call); err != nil && err != errFailed {
				refused++
			}
		}
		return refused
	}
}

func recloserPermit(b *breaker.Breaker) loop {
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			p, err := b.Allow()
			if err != nil {
				refused++
				continue
			}
			outcome := breaker.Success
			if i&mask == mask {
				outcome = breaker.Failure
			}
			p.Record(outcome)
		}
		return refused
	}
}

// recloserAt brings the instants, which are close to the time that it is, but for
// the reading of the clock. They move on every 16 calls, so that reckoning them
// costs next to nothing.
func recloserAt(b *breaker.Breaker) loop {
	const every, step = 16, 400 * time.Nanosecond
	return func(first, n, mask int) (refused int) {
		now := time.Now()
		for i := first; i < first+n; i++ {
			if i%every == 0 {
				now = now.Add(step)
			}
			p, err := b.AllowAt(now)
			if err != nil {
				refused++
				continue
			}
			outcome := breaker.Success
			if i&mask == mask {
				outcome = breaker.Failure
			}
			p.RecordAt(now, outcome)
		}
		return refused
	}
}

// recloserSkewed reads the clock as often as recloserPermit, and adds the open
// periods that a cycle would have to wait for: they last a millisecond at least.
func recloserSkewed(b *breaker.Breaker) loop {
	var skew time.Duration
	return func(first, n, mask int) (refused int) {
		for i := first; i < first+n; i++ {
			p, err := b.AllowAt(time.Now().Add(skew))
			if err != nil {
				refused++
				skew += time.Millisecond
				continue
			}
			outcome := breaker.Success
			if i&mask == mask {
				outcome = breaker.Failure
			}
			p.RecordAt(time.Now().Add(skew), outcome)
		}
		return refused
	}
}
