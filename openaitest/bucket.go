package openaitest

import (
	"math"
	"time"
)

// bucket is a token bucket, kept as the instant at which it is full again. Each
// unit takes the same whole number of nanoseconds to come back, so that sums are
// exact and a wait that was told suffices. The zero value limits nothing.
type bucket struct {
	size int           // what it holds when full
	each time.Duration // until one unit is back
	full time.Time
}

// longest bounds the time in which a bucket fills, so that sums cannot overflow.
const longest = math.MaxInt64 / 4

// newBucket returns a full one that gets back so many units per span. The time of
// a unit is rounded down: times are told rounded up, as 1m0s and not 1m0.001s.
func newBucket(size int, rate float64, per time.Duration) bucket {
	each := max(1, time.Duration(float64(per)/rate))
	return bucket{size: int(max(1, min(int64(size), int64(longest/each)))), each: each}
}

func (b *bucket) limits() bool { return b.each > 0 }

// refill is how long it takes until the bucket is full.
func (b *bucket) refill(now time.Time) time.Duration { return max(0, b.full.Sub(now)) }

// left is how many whole units are there. It needs a bucket that limits.
func (b *bucket) left(now time.Time) int {
	return max(0, b.size-int((b.refill(now)+b.each-1)/b.each))
}

// never tells that n units do not fit even when it is full.
func (b *bucket) never(n int) bool { return b.limits() && n > b.size }

// wait is how long it takes until n units are there, if they ever are.
func (b *bucket) wait(n int, now time.Time) time.Duration {
	return max(0, b.refill(now)-time.Duration(b.size-n)*b.each)
}

func (b *bucket) take(n int, now time.Time) {
	b.full = now.Add(b.refill(now) + time.Duration(n)*b.each)
}
