package demo

import (
	"context"
	"iter"
	"sync"
	"time"
)

// lane is a crowd with the client that it uses.
type lane struct {
	crowd
	client *client
}

// traffic sends users, in pairs of twins, until more says no or ctx ends, and
// returns when all of them have left.
type traffic struct {
	seed     uint64
	users    iter.Seq2[int, time.Duration] // when they call
	lanes    []*lane
	began    time.Time
	recovery time.Time
	more     func(elapsed time.Duration) bool
}

func (t *traffic) run(ctx context.Context) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for n, at := range t.users {
		if !t.more(at) || !pause(ctx, time.Until(t.began.Add(at))) {
			return
		}
		for _, l := range t.lanes {
			l.enter()
			calls.Go(func() {
				patient, cancel := context.WithTimeout(ctx, patience)
				defer cancel()
				l.leave(l.client.call(patient, luckOf(t.seed, n)), t.recovery)
			})
		}
	}
}
