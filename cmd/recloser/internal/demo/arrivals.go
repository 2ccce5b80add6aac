package demo

import (
	"iter"
	"math/rand/v2"
	"time"
)

// arrivals yields when users call: one in each slot of 1/rate seconds, at a
// random moment in it. It never ends.
func arrivals(seed uint64, rate float64) iter.Seq2[int, time.Duration] {
	return func(yield func(int, time.Duration) bool) {
		luck := rand.New(rand.NewPCG(seed, 0))
		slot := float64(time.Second) / rate
		for n := 0; ; n++ {
			at := time.Duration((float64(n) + luck.Float64()) * slot)
			if !yield(n, at) {
				return
			}
		}
	}
}

// luckOf is the luck of the n-th user, the same in both crowds.
func luckOf(seed uint64, n int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(n)+1))
}
