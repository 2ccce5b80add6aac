package demo

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/recloser/recloser/breaker"
)

// circuits follows the proxy's circuits by what it is told of them. There may
// be two that matter, the host's and the model's; callers feel the stricter one.
type circuits struct {
	mu      sync.Mutex
	history []breaker.Transition
}

// note reports whether callers feel the change.
func (c *circuits) note(tr breaker.Transition) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.standing(time.Time{}).state
	c.history = append(c.history, tr)
	return c.standing(time.Time{}).state != before
}

// standing is the state that callers feel, and until when at least.
type standing struct {
	state breaker.State
	since time.Time
	until time.Time // of an open circuit
}

// now returns how things stand.
func (c *circuits) now() standing { return c.at(time.Time{}) }

// at returns how things stood at t; the zero time is the present.
func (c *circuits) at(t time.Time) standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.standing(t)
}

// standing is at, with the lock held.
func (c *circuits) standing(t time.Time) standing {
	latest := make(map[string]breaker.Transition)
	for _, tr := range c.history {
		if t.IsZero() || !tr.At.After(t) {
			latest[tr.Name] = tr
		}
	}
	var s standing
	for _, tr := range latest {
		if strictness(tr.To) > strictness(s.state) || s.since.IsZero() {
			s = standing{tr.To, tr.At, tr.Until}
		}
	}
	return s
}

// tested tells whether a test call was out between two instants.
func (c *circuits) tested(from, to time.Time) bool {
	if c.at(from).state == breaker.HalfOpen {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.history, func(tr breaker.Transition) bool {
		return tr.To == breaker.HalfOpen && tr.At.After(from) && !tr.At.After(to)
	})
}

func strictness(s breaker.State) int {
	switch s {
	case breaker.Open:
		return 2
	case breaker.HalfOpen:
		return 1
	default:
		return 0
	}
}

// tell puts a transition into plain words.
func tell(tr breaker.Transition) string {
	switch tr.To {
	case breaker.HalfOpen:
		return "one test call goes out"
	case breaker.Closed: // below
	case breaker.Open:
		return fmt.Sprintf("%s; refusing calls for %s", why(tr), seconds(tr.Until.Sub(tr.At)))
	}
	switch tr.Reason {
	case breaker.ProbeSurvived:
		return "the test call takes longer than failures did: others may try too"
	default:
		return "the test call succeeded: everybody may call again"
	}
}

func why(tr breaker.Transition) string {
	switch tr.Reason {
	case breaker.ProbeFailed:
		return "the test call failed"
	case breaker.StalledCalls:
		return fmt.Sprintf("%d calls failed or got no answer", tr.Failures+tr.Stalled)
	default:
		return fmt.Sprintf("%d failures in a row", tr.Failures)
	}
}
