package replay

import (
	"math"
	"time"
)

// limitedIn is how long it takes until a 429.
const limitedIn = 80 * time.Millisecond

// penalty is what an attempt takes that is refused, in tokens. So hammering a
// service that limits keeps everybody out.
const penalty = 0.5

// bucket are the tokens of a phase with a limit.
type bucket struct {
	tokens  float64
	filled  time.Duration
	started bool
}

// level is how many tokens there are.
func (b *bucket) level(now time.Duration, p *Phase) float64 {
	if !b.started {
		return p.Burst
	}
	return min(p.Burst, b.tokens+p.Limit*(now-b.filled).Seconds())
}

// wait is how long the service tells an attempt to stay away, in whole seconds; 0:
// it may come.
func (b *bucket) wait(now time.Duration, p *Phase) time.Duration {
	level := b.level(now, p)
	if level >= 1 {
		return 0
	}
	return time.Duration(max(math.Ceil((1-level)/p.Limit), 1)) * time.Second
}

// take lets an attempt through and returns 0, or says how long to stay away. A
// refused one costs too, down to what one second brings.
func (b *bucket) take(now time.Duration, p *Phase) (after time.Duration) {
	level := b.level(now, p)
	after = b.wait(now, p)
	b.started, b.filled = true, now
	if after == 0 {
		b.tokens = level - 1
	} else {
		b.tokens = max(level-penalty, min(level, -p.Limit))
	}
	return after
}
