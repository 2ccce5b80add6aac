package replay

import (
	"math"
	"time"

	"github.com/recloser/recloser/breaker"
)

// rejector is the client-side throttling of Google's "Site Reliability
// Engineering", chapter 21: of the requests of two minutes so many are refused that
// those sent are K times those accepted.
type rejector struct {
	k, spare float64
	window   *rateOverTime // calls are requests, failed are accepted
	pass     func(now time.Duration) bool
}

func (t *rejector) allow(now time.Duration, _ int, u float64) (uint32, bool) {
	t.window.turn(now)
	sum := t.window.sum()
	drop := (float64(sum.calls) - t.spare - t.k*float64(sum.failed)) / float64(sum.calls+1)
	if drop > 0 && u < drop && (t.pass == nil || !t.pass(now)) {
		t.count(now, false)
		return 0, false
	}
	return 0, true
}

// count takes in a request, and whether it was accepted.
func (t *rejector) count(now time.Duration, accepted bool) {
	t.window.turn(now)
	c := &t.window.slots[t.window.head%int64(len(t.window.slots))]
	c.calls++
	if accepted {
		c.failed++
	}
}

func (t *rejector) end(now time.Duration, _ uint32, r *Answer, _ float64) {
	t.count(now, r.Class == breaker.Answer || r.Class == breaker.Nothing)
}

func (*rejector) opened() int { return 0 }

// retryTokens bounds retries only: each failure takes tokens, a success puts some
// back, and below a mark nothing is tried again.
type retryTokens struct {
	most, left float64
	mark       float64 // at or below it there is no retry
	fail       float64 // what a failure, or a retry, takes
	good       float64
	atRetry    bool // a retry takes them, not the failure before it
}

func (t *retryTokens) allow(_ time.Duration, n int, _ float64) (uint32, bool) {
	if n == 0 {
		return 0, true
	}
	if !t.atRetry {
		return 0, t.left > t.mark
	}
	if t.left < t.fail {
		return 0, false
	}
	t.left -= t.fail
	return 1, true
}

func (t *retryTokens) end(_ time.Duration, token uint32, r *Answer, _ float64) {
	switch {
	case r.Class == breaker.Answer && token == 1: // a retry's success gives back what it took
		t.left = math.Min(t.left+t.fail, t.most)
	case r.Class == breaker.Answer:
		t.left = math.Min(t.left+t.good, t.most)
	case !t.atRetry && r.Class != breaker.Nothing:
		t.left = math.Max(t.left-t.fail, 0)
	}
}

func (*retryTokens) opened() int { return 0 }

// ejector is Envoy's outlier detection for a host that has no other beside it, with
// its panic threshold off: five 5xx in a row eject it for 30 s times the number of
// its ejections, at most 300 s; every 10 s it is looked at whether that is over, and
// then it is back at once, without a probe. A 429 is no 5xx.
type ejector struct {
	row, times, ejections int
	out                   bool
	until, looked         time.Duration
}

const envoyInterval = 10 * time.Second

func (e *ejector) look(now time.Duration) {
	for ; e.looked+envoyInterval <= now; e.looked += envoyInterval {
		at := e.looked + envoyInterval
		switch {
		case e.out && at >= e.until:
			e.out, e.row = false, 0 // counted anew, as unejectHost does
		case !e.out:
			e.ejections = max(e.ejections-1, 0)
		}
	}
}

func (e *ejector) allow(now time.Duration, _ int, _ float64) (uint32, bool) {
	e.look(now)
	return 0, !e.out
}

func (e *ejector) end(now time.Duration, _ uint32, r *Answer, _ float64) {
	e.look(now)
	if r.Class != breaker.QuickFailure && r.Class != breaker.Hang {
		e.row = 0
		return
	}
	if e.row++; e.row < 5 || e.out {
		return
	}
	e.row, e.out = 0, true
	e.times++
	e.ejections++
	e.until = now + min(time.Duration(e.ejections)*30*time.Second, 300*time.Second)
}

func (e *ejector) opened() int { return e.times }

// none lets everything through.
type none struct{}

func (none) allow(time.Duration, int, float64) (uint32, bool) { return 0, true }

func (none) end(time.Duration, uint32, *Answer, float64) {}

func (none) opened() int { return 0 }
