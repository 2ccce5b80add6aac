package alert

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// HandOver ends like Close, but what waits is left to the targets of another delivery:
// to the same target or, where there is none any more, to those that are new, in its
// place. Who mends the address of a webhook gets what it has not taken. Attempts that
// are under way may end, until ctx does. The error tells the number of pages that nobody
// is left for. Give the other one no page before.
func (d *Delivery) HandOver(ctx context.Context, next *Delivery) error {
	for _, c := range d.couriers {
		c.leaving.Store(true)
	}
	d.end(ctx)
	lost := 0
	for _, c := range d.couriers {
		heirs := next.heirs(c.target, d)
		for _, l := range c.box.leave() {
			if !heirs.adopt(l) {
				lost++
			}
		}
	}
	if lost > 0 {
		return fmt.Errorf("%d alerts were not delivered, and no new target is there for them", lost)
	}
	return nil
}

type couriers []*courier

// heirs are those who deliver what waited for a target of before.
func (d *Delivery) heirs(t *Target, before *Delivery) (fresh couriers) {
	for _, c := range d.couriers {
		if c.target.same(t) {
			return couriers{c}
		}
		if !before.has(c.target) {
			fresh = append(fresh, c)
		}
	}
	return fresh
}

func (d *Delivery) has(t *Target) bool {
	return slices.ContainsFunc(d.couriers, func(c *courier) bool { return c.target.same(t) })
}

// same reports whether both are one place.
func (t *Target) same(o *Target) bool { return t.text == o.text }

// adopt reports whether one of them takes the page.
func (all couriers) adopt(l *letter) (taken bool) {
	for _, c := range all {
		if c.target.wants(l.page) && c.box.adopt(l, time.Now()) {
			c.nudge()
			taken = true
		}
	}
	return taken
}

// leave hands over all that waits and is of use.
func (o *outbox) leave() []*letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := slices.DeleteFunc(o.letters, func(l *letter) bool { return l.over })
	o.letters = nil
	return all
}

// adopt takes in what has waited elsewhere, once. It reports whether there was room.
func (o *outbox) adopt(l *letter, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, mine := range o.letters {
		if p := &mine.page; p.Key == l.page.Key && p.Number == l.page.Number && p.State == l.page.State {
			return true
		}
	}
	if len(o.letters) >= o.limit {
		o.dropped++
		return false
	}
	told := l.told && (!o.urgent || !l.news) || !l.tried.IsZero()
	o.letters = append(o.letters, &letter{page: l.page, since: now, told: told, news: l.news})
	return true
}
