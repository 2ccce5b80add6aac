package retry

import (
	"math"
	"time"
)

// Strategy is how long to wait before the n-th retry, n counting from 1. u is
// a random number of [0, 1); the result is cut to Config.MaxDelay. It must be
// safe for concurrent use.
type Strategy func(n int, base time.Duration, u float64) time.Duration

// FullJitter waits U(0, 2^(n-1)·base): on average half of the exponential
// delay, and spread widest, so that callers who failed together come back
// apart. See "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
func FullJitter(n int, base time.Duration, u float64) time.Duration {
	return scale(base, u*growth(n))
}

// EqualJitter waits half of 2^(n-1)·base plus up to as much again.
func EqualJitter(n int, base time.Duration, u float64) time.Duration {
	return scale(base, growth(n)*(1+u)/2)
}

// Exponential waits 2^(n-1)·base + U(0, base).
func Exponential(n int, base time.Duration, u float64) time.Duration {
	return scale(base, growth(n)+u)
}

// Fixed waits base.
func Fixed(_ int, base time.Duration, _ float64) time.Duration { return base }

// None does not wait.
func None(int, time.Duration, float64) time.Duration { return 0 }

// growth is 2^(n-1).
func growth(n int) float64 { return math.Ldexp(1, n-1) }

func scale(d time.Duration, by float64) time.Duration {
	if f := float64(d) * by; f < math.MaxInt64 {
		return time.Duration(f)
	}
	return math.MaxInt64
}

// Named returns the strategy of that name: "full-jitter", "equal-jitter",
// "exponential", "fixed" or "none".
func Named(name string) (Strategy, bool) {
	switch name {
	case "full-jitter":
		return FullJitter, true
	case "equal-jitter":
		return EqualJitter, true
	case "exponential":
		return Exponential, true
	case "fixed":
		return Fixed, true
	case "none":
		return None, true
	}
	return nil, false
}

// Names lists what Named knows.
func Names() []string {
	return []string{"full-jitter", "equal-jitter", "exponential", "fixed", "none"}
}
