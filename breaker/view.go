package breaker

import (
	"math"
	"slices"
	"time"

	"github.com/recloser/recloser/breaker/internal/window"
)

// View is what a policy sees of its circuit, at one instant. It is valid only
// during the call that it is passed to.
type View struct {
	b *Breaker
	t instant

	stalled int // -1: not counted yet
}

// view is the one of the circuit, made anew for the instant t.
func (b *Breaker) view(t instant) *View {
	b.eye = View{b: b, t: t, stalled: -1}
	return &b.eye
}

// tell tells the policy and returns what it decides. If it panics it decides
// nothing, and the circuit goes on.
func (b *Breaker) tell(t instant, e Event) (d Decision) {
	defer func() {
		if recover() != nil {
			b.policyPanics++
			d = Decision{}
		}
	}()
	return b.policy.Judge(b.view(t), e)
}

// Name returns the circuit's name.
func (v *View) Name() string { return v.b.name }

// Now returns the instant of the event.
func (v *View) Now() time.Time { return v.b.time(v.t) }

// Rand returns a random number from 0 up to 1, of the sequence that Config.Seed
// makes.
func (v *View) Rand() float64 { return v.b.rand.Float64() }

// State returns the state, and when it was entered.
func (v *View) State() (state State, since time.Time) { return v.b.state, v.b.time(v.b.since) }

// Openings returns how many times the circuit has opened since it was last
// closed, and when it did first; the zero time if it has not.
func (v *View) Openings() (n int, first time.Time) {
	if v.b.openings == 0 {
		return 0, time.Time{}
	}
	return v.b.openings, v.b.time(v.b.down)
}

// Run returns the failures since the last success that ended the run.
func (v *View) Run() int { return v.b.run.failures }

// Failures returns the latest failures, oldest first, also those that a
// success has followed: at most 40, or what Needs asked for. It must not be
// changed.
func (v *View) Failures() []FailedCall { return v.b.latest }

// Stalled counts the calls that have been out for longer than
// Config.StallAfter, began after the newest that was answered, and were made on
// this circuit itself. A parent does not count those of its children: five slow
// answers of one model do not speak against its host.
func (v *View) Stalled() int {
	if v.stalled < 0 {
		v.stalled = 0
		if after := v.b.cfg().StallAfter; after > 0 {
			v.stalled = v.b.stalledBefore(v.t-instant(after), false)
		}
	}
	return v.stalled
}

// StalledFor counts the calls still out that are older than age and began
// after the newest answered one, a parent's children included.
func (v *View) StalledFor(age time.Duration) int {
	return v.b.stalledBefore(v.t-instant(age), true)
}

// Out counts the calls still out that began in the slots from that of from on,
// a parent's children included.
func (v *View) Out(from time.Time) int { return v.b.out(v.b.at(from)) }

// NewestAnswered returns when the slot ended that the newest answered call
// began in, a parent's children included; the zero time if there is none.
func (v *View) NewestAnswered() time.Time {
	if t, ok := v.b.newestAnswered(); ok {
		return v.b.time(t)
	}
	return time.Time{}
}

// NewestOut returns when the slot ended in which the newest call began that is
// still out and older than age, a parent's children included; the zero time if
// there is none.
func (v *View) NewestOut(age time.Duration) time.Time {
	newest := -farthest
	v.b.family(func(c *Breaker) {
		if w := c.win.Load(); w != nil {
			if slot, ok := w.NewestOut(int64(v.t) - int64(age)); ok {
				newest = max(newest, instant(w.Start(slot+1)))
			}
		}
	})
	if newest == -farthest {
		return time.Time{}
	}
	return v.b.time(newest)
}

// Ended counts the calls that ended within the last d, to a slot, and since the
// circuit reclosed. For a parent, calls of its children count as answered
// when they were above.
func (v *View) Ended(d time.Duration) Counts {
	w := v.b.window(v.t)
	if !w.Marked() {
		return Counts{}
	}
	e := w.EndedSince(int64(v.t) - int64(d))
	return Counts{Answered: e.Answered, Failed: e.Failed, Slow: e.Slow}
}

// Totals counts all calls so far, a parent's children included, and refusals
// since calls are asked for that do not begin. Answered, Failed and Slow are those
// judged in the state that admitted them.
func (v *View) Totals() (n Counts) {
	v.b.family(func(c *Breaker) {
		own := c.counts()
		n.Begun += own.Begun
		n.Refused += own.Refused
		n.Answered += own.Answered
		if c == v.b {
			n.Failed, n.Slow = own.Failed, own.Slow
		}
	})
	return n
}

// AnswerTimes returns the distribution of answer times, to the first content
// where there is one: how many answers it rests on, their mean, and the time
// that a share q of them did not exceed. It needs Needs.AnswerTimes.
func (v *View) AnswerTimes(q float64) (answers int, mean, quantile time.Duration) {
	t := v.b.times.Load()
	if t == nil {
		return 0, 0, 0
	}
	return t.Count(), t.Mean(), t.Quantile(q)
}

// Children counts the circuits below this one that have begun a call within d.
func (v *View) Children(d time.Duration) int {
	n := 0
	for _, c := range v.b.children {
		c.mu.Lock()
		used := c.base.used
		if w := c.win.Load(); w != nil {
			used = instant(w.Start(w.Head() + 1))
		}
		c.mu.Unlock()
		if used > v.t-instant(d) {
			n++
		}
	}
	return n
}

// Counts are numbers of calls: begun or refused, and of those that have ended,
// answered or failed, and slow.
type Counts struct{ Begun, Refused, Answered, Failed, Slow int64 }

// FailedCall is one failure of the service.
type FailedCall struct {
	Begin time.Time
	Class Class
	Cause string // as recorded
	Child string // the circuit that the call was made on, if not this one
}

// family calls f with b, and with each of its children under its lock.
func (b *Breaker) family(f func(*Breaker)) {
	f(b)
	for _, c := range b.children {
		c.mu.Lock()
		f(c)
		c.mu.Unlock()
	}
}

func (b *Breaker) out(from instant) (n int) {
	b.family(func(c *Breaker) {
		if w := c.win.Load(); w != nil {
			n += w.Out(int64(from), int64(farthest))
		}
	})
	return n
}

func (b *Breaker) newestAnswered() (newest instant, ok bool) {
	newest = -farthest
	b.family(func(c *Breaker) {
		end := c.base.answered
		if w := c.win.Load(); w != nil {
			if slot, answered := w.NewestAnswered(); answered {
				end = max(end, instant(w.Start(slot+1)))
			}
		}
		newest = max(newest, end)
	})
	return newest, newest > -farthest
}

// stalledBefore counts the calls that hang and began in a slot before that of
// the given instant. Of the whole family, a call is acquitted by a younger
// answer of any child, and by the reclosing of the parent.
func (b *Breaker) stalledBefore(before instant, whole bool) (n int) {
	if !whole {
		if w := b.win.Load(); w != nil {
			n = w.Stalled(math.MinInt64, int64(before))
		}
		return n
	}
	acquitted := b.reclosedAt
	if answered, ok := b.newestAnswered(); ok {
		acquitted = max(acquitted, answered)
	}
	b.family(func(c *Breaker) {
		if w := c.win.Load(); w != nil {
			n += w.Stalled(w.Slot(int64(acquitted))-1, int64(before))
		}
	})
	return n
}

// counts are the calls of the circuit itself. What others told is not in them.
func (b *Breaker) counts() Counts {
	n := Counts{Begun: b.begun(), Refused: b.refused.Load()}
	e := b.ended()
	n.Answered, n.Failed, n.Slow = e.Answered-b.merged.Answered, e.Failed-b.merged.Failed, e.Slow-b.merged.Slow
	return n
}

// begun counts the calls begun in the circuit's own counts.
func (b *Breaker) begun() int64 {
	n := b.base.begun
	if w := b.win.Load(); w != nil {
		n += w.Begun()
	}
	return n
}

// ended counts what has ended in the circuit's own counts.
func (b *Breaker) ended() window.Ended {
	e := b.base.ended
	if w := b.win.Load(); w != nil {
		e = e.Plus(w.SoFar())
	}
	return e
}

// keep is how many failures are remembered.
func (b *Breaker) keep() int { return max(40, b.set.Load().needs.Run) }

// remember keeps a failure among the latest.
func (b *Breaker) remember(f FailedCall) {
	if over := len(b.latest) - b.keep() + 1; over > 0 {
		b.latest = slices.Delete(b.latest, 0, over)
	}
	b.latest = append(b.latest, f)
}
