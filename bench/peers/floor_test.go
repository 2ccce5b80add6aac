package peers

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// stripe is the counters of one processor, each on cache lines of its own.
type stripe struct {
	_     [128]byte
	begun atomic.Int64
	_     [120]byte
	ended atomic.Int64
	_     [120]byte
}

func floors() []subject {
	return []subject{
		{impl: "floor-adds", form: "at", floor: true, closed: stripedAdds},
		{impl: "floor-clock", form: "at", floor: true, closed: clockReads},
	}
}

// stripedAdds counts a call's begin and its end. The pool is what hands each
// processor its own stripe.
func stripedAdds(testing.TB) loop {
	var mu sync.Mutex
	var stripes []*stripe // as a breaker would keep them, to sum up
	pool := sync.Pool{New: func() any {
		mu.Lock()
		defer mu.Unlock()
		stripes = append(stripes, new(stripe))
		return stripes[len(stripes)-1]
	}}
	return func(_, n, _ int) int {
		for range n {
			s := pool.Get().(*stripe)
			s.begun.Add(1)
			s.ended.Add(1)
			pool.Put(s)
		}
		return 0
	}
}

func clockReads(testing.TB) loop {
	epoch := time.Now()
	return func(_, n, _ int) int {
		var last time.Duration
		for range n {
			last = max(last, time.Since(epoch))
		}
		return int(min(last, 0))
	}
}
