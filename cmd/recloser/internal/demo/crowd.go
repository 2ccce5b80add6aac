package demo

import (
	"maps"
	"sync"
	"time"
)

// crowd keeps the books on the users of one client. It may be used concurrently.
type crowd struct {
	mu    sync.Mutex
	books books
}

// books are a crowd's figures at one moment.
type books struct {
	calls   int            // that have ended, and not because the demo did
	waiting int            // calls that have not
	results map[result]int // of those that have

	attempts  int           // made by the client in ended calls
	lost      time.Duration // spent by those who got no answer
	recovered time.Time     // the end of the first answer after the recovery
	firsts    map[result]outcome
	latest    outcome
}

func (b books) answered() int { return b.results[answeredAtOnce] + b.results[answeredLater] }

func (b books) unansweredUsers() int { return b.results[refused] + b.results[failed] }

// lostEach is the mean over those who got no answer.
func (b books) lostEach() time.Duration {
	n := b.unansweredUsers()
	if n == 0 {
		return 0
	}
	return b.lost / time.Duration(n)
}

// enter notes that a call begins.
func (c *crowd) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.books.waiting++
}

// leave notes how it ended. recovery is when the service is healthy for good.
func (c *crowd) leave(o outcome, recovery time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := &c.books
	b.waiting--
	if o.result == stopped {
		return
	}
	if b.results == nil {
		b.results, b.firsts = make(map[result]int), make(map[result]outcome)
	}
	if b.results[o.result] == 0 {
		b.firsts[o.result] = o
	}
	b.calls++
	b.attempts += o.attempts
	b.results[o.result]++
	b.latest = o
	if o.result == refused || o.result == failed {
		b.lost += o.took
	} else if b.recovered.IsZero() && o.ended.After(recovery) {
		b.recovered = o.ended
	}
}

// now returns a copy of the books.
func (c *crowd) now() books {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.books
	b.results, b.firsts = maps.Clone(b.results), maps.Clone(b.firsts)
	return b
}
