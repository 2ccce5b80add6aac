package demo

import (
	"time"

	"github.com/recloser/recloser/breaker"
)

// history remembers, for every second, how many attempts had reached the
// service by its end. One goroutine uses it.
type history struct {
	with, without []int64
}

// note takes the stand-in's counts in.
func (h *history) note(elapsed time.Duration, with, without int64) {
	second := int(elapsed / time.Second)
	for len(h.with) <= second {
		h.with, h.without = append(h.with, with), append(h.without, without)
	}
	h.with[second], h.without[second] = with, without
}

// second is what happened within one second.
type second struct {
	state         breaker.State
	with, without int64 // attempts that reached the service
}

// latest returns the last n seconds, or all that there are.
func (h *history) latest(n int, began time.Time, c *circuits) []second {
	var out []second
	for i := max(0, len(h.with)-n); i < len(h.with); i++ {
		s := second{with: h.with[i], without: h.without[i]}
		if i > 0 {
			s.with, s.without = s.with-h.with[i-1], s.without-h.without[i-1]
		}
		from := began.Add(time.Duration(i) * time.Second)
		to := from.Add(time.Second)
		s.state = c.at(to).state
		if c.tested(from, to) && s.state != breaker.Closed {
			s.state = breaker.HalfOpen
		}
		out = append(out, s)
	}
	return out
}
