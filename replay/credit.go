package replay

import "time"

// credit is what a limit of rate has left over because a policy did not use it: the
// answers that the trace has and the replay does not. Each may be given to another
// attempt of the model for as long as it lives, so that the service answers what it
// did answer, and no more.
type credit struct {
	next int             // of the model's rows: those before have been looked at
	from []time.Duration // when each answer that is left was given, in order
}

// life is how long an answer that was not used is there for others. Limits are
// those of a minute, mostly.
func (g Guess) life() time.Duration {
	switch g {
	case Optimistic:
		return 10 * time.Minute
	case Pessimistic:
		return 0
	default:
		return time.Minute
	}
}

// left is how many answers of a model are left over at an instant.
func (w *retold) left(model int, now time.Duration) int {
	c, rows := &w.credits[model], w.ofModel[model]
	for ; c.next < len(rows) && w.rows[rows[c.next]].begin+same < now; c.next++ {
		if i := rows[c.next]; w.rows[i].works() && !w.used[i] {
			c.from = append(c.from, w.rows[i].begin)
		}
	}
	for len(c.from) > 0 && c.from[0]+w.guess.life() < now {
		c.from = c.from[1:]
	}
	return len(c.from)
}

// spend takes an answer that is left over.
func (w *retold) spend(model int) {
	c := &w.credits[model]
	c.from = c.from[1:]
}

// limited reports whether some of the rows met a limit of rate.
func (t *Trace) limited(rows []int32) bool {
	for _, i := range rows {
		if t.rows[i].limited() {
			return true
		}
	}
	return false
}
