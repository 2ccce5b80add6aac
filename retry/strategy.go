package retry

import (
	"math"
	"time"
)

// Strategy is how long to wait before a retry. The result is cut to
// Config.MaxDelay. It must be safe for concurrent use. Any function will do:
// those of this package are examples with names.
type Strategy func(Turn) time.Duration

// Turn is the retry that a Strategy is asked about.
type Turn struct {
	N    int           // which retry of the call it is, counting from 1
	Base time.Duration // Config.BaseDelay
	Last time.Duration // what the strategy waited before the retry before; 0: there was none
	U    float64       // a random number of [0, 1)
}

// FullJitter waits U(0, 2^(n-1)·base): on average half of the exponential
// delay, and spread widest, so that callers who failed together come back
// apart. See "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
func FullJitter(t Turn) time.Duration { return scale(t.Base, t.U*growth(t.N)) }

// EqualJitter waits half of 2^(n-1)·base plus up to as much again.
func EqualJitter(t Turn) time.Duration { return scale(t.Base, growth(t.N)*(1+t.U)/2) }

// DecorrelatedJitter waits U(base, 3·the last wait), and U(base, 3·base) the first
// time: it grows from what was drawn before and not from the count, so that
// callers who began together are apart in how they grow, too. See "Exponential
// Backoff And Jitter", AWS Architecture Blog, 2015.
func DecorrelatedJitter(t Turn) time.Duration {
	if t.Base <= 0 {
		return 0
	}
	last := float64(max(t.Last, t.Base)) / float64(t.Base)
	return scale(t.Base, 1+t.U*(3*last-1))
}

// Exponential waits 2^(n-1)·base + U(0, base).
func Exponential(t Turn) time.Duration { return scale(t.Base, growth(t.N)+t.U) }

// Fixed waits base.
func Fixed(t Turn) time.Duration { return t.Base }

// None does not wait.
func None(Turn) time.Duration { return 0 }

// growth is 2^(n-1).
func growth(n int) float64 { return math.Ldexp(1, n-1) }

func scale(d time.Duration, by float64) time.Duration {
	if f := float64(d) * by; f < math.MaxInt64 {
		return time.Duration(f)
	}
	return math.MaxInt64
}

// Named returns the strategy of that name: "full-jitter", "equal-jitter",
// "decorrelated-jitter", "exponential", "fixed" or "none".
func Named(name string) (Strategy, bool) {
	switch name {
	case "full-jitter":
		return FullJitter, true
	case "equal-jitter":
		return EqualJitter, true
	case "decorrelated-jitter":
		return DecorrelatedJitter, true
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
	return []string{"full-jitter", "equal-jitter", "decorrelated-jitter", "exponential", "fixed", "none"}
}
