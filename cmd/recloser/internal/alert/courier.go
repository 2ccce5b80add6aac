package alert

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The waits between attempts, doubled after each failure, and how long what is refused
// is tried: what stands before a service may refuse for a moment.
const (
	firstWait       = time.Second
	longestWait     = time.Minute
	refusalPatience = time.Minute
)

// repeater is a service that wants to be told again and again of what goes on.
type repeater interface {
	repeat(ctx context.Context, firing []Page) error
}

// courier brings pages to one target.
type courier struct {
	target   *Target
	cfg      DeliveryConfig
	log      *slog.Logger
	service  service
	repeater repeater // nil: it is not one, or there is nothing to repeat
	box      *outbox
	wake     chan struct{}
	leaving  atomic.Bool // what waits is for somebody else

	// Of the goroutine.
	notBefore time.Time
	repeatAt  time.Time
	failures  int // since the last success
	hurried   bool

	mu     sync.Mutex
	health TargetStatus // without what the outbox counts, but for what was given up
}

func newCourier(t *Target, name string, c DeliveryConfig) *courier {
	s := t.open(wire{c.Transport, c.Instance})
	r, repeats := s.(repeater)
	courier := &courier{
		target: t, cfg: c, log: c.Log.With("target", name), service: s,
		box:    &outbox{limit: c.Queue, ends: repeats, urgent: t.urgent},
		wake:   make(chan struct{}, 1),
		health: TargetStatus{Name: name, Critical: t.urgent},
	}
	if c.Firing != nil {
		courier.repeater = r
	}
	return courier
}

// put adds a page, and says of which ones that was the end. It reports whether the
// target shall have it.
func (c *courier) put(p Page) bool {
	if !c.target.wants(p) {
		return false
	}
	for _, lost := range c.box.put(p, time.Now()) {
		c.log.Warn("alert: dropped, there is no room", about(lost)...)
	}
	c.nudge()
	return true
}

// nudge says that there is something to do.
func (c *courier) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *courier) run(ctx context.Context, closing <-chan struct{}) {
	c.repeatAt = time.Now().Add(alertRepeat)
	for ctx.Err() == nil && !c.leaving.Load() {
		now := time.Now()
		switch {
		case now.Before(c.notBefore):
			c.rest(ctx, closing)
		case c.repeater != nil && !c.hurried && !now.Before(c.repeatAt):
			c.repeat(ctx)
		default:
			if l := c.box.take(now); l != nil {
				c.deliver(ctx, l)
			} else if c.hurried {
				return
			} else {
				c.idle(ctx, closing)
			}
		}
	}
}

// rest waits after a failure. When all shall end, it waits anew, from the shortest wait
// on: there is little time.
func (c *courier) rest(ctx context.Context, closing <-chan struct{}) {
	if c.hurried {
		closing = nil
	}
	timer := time.NewTimer(time.Until(c.notBefore))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closing:
		c.hurried = true
		c.failures, c.notBefore = 0, time.Time{}
	case <-ctx.Done():
	}
}

// idle waits for something to do.
func (c *courier) idle(ctx context.Context, closing <-chan struct{}) {
	var repeat <-chan time.Time
	if c.repeater != nil {
		timer := time.NewTimer(time.Until(c.repeatAt))
		defer timer.Stop()
		repeat = timer.C
	}
	select {
	case <-repeat:
	case <-c.wake:
	case <-closing:
		c.hurried = true
	case <-ctx.Done():
	}
}

// repeat tells again of what goes on. A failure needs no attempt of its own later: the
// next turn is soon.
func (c *courier) repeat(ctx context.Context) {
	c.repeatAt = time.Now().Add(alertRepeat)
	firing := slices.DeleteFunc(c.cfg.Firing(), func(p Page) bool { return !c.target.wants(p) })
	err := c.target.try(ctx, c.cfg.Attempt, func(ctx context.Context) error { return c.repeater.repeat(ctx, firing) })
	switch {
	case err == nil:
		c.succeeded(false)
	case ctx.Err() == nil:
		c.fail(err, slog.Int("alerts", len(firing)))
	}
}

func (c *courier) deliver(ctx context.Context, l *letter) {
	err := c.target.try(ctx, c.cfg.Attempt, func(ctx context.Context) error { return c.service.send(ctx, l.page) })
	if err == nil {
		c.box.sent(l)
		if l.page.taken != nil {
			l.page.taken()
		}
		c.succeeded(true)
		c.log.Info("alert: delivered", about(l.page)...)
		return
	}
	if ctx.Err() != nil {
		return // Close counts what is left
	}
	c.fail(err, about(l.page)...)
	now := time.Now()
	refused := isRefused(err)
	late := c.box.failed(l, func(waiting *letter) bool {
		return now.Sub(waiting.since) >= c.patience(waiting.page) ||
			waiting == l && refused && (c.hurried || now.Sub(l.tried) >= refusalPatience)
	})
	for _, p := range late {
		c.log.Error("alert: given up", append(about(p), slog.String("error", err.Error()))...)
	}
	c.mu.Lock()
	c.health.Dropped += int64(len(late))
	c.mu.Unlock()
}

func isRefused(err error) bool {
	e, ok := errors.AsType[*sendError](err)
	return ok && e.refused
}

// patience is how long a page is worth to be sent.
func (c *courier) patience(p Page) time.Duration {
	if p.Severity == Critical || p.State == Resolved {
		return c.cfg.GiveUp
	}
	return c.cfg.GiveUp / 4
}

func (c *courier) succeeded(sent bool) {
	c.failures, c.notBefore = 0, time.Time{}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.health.FailingSince = time.Time{}
	if sent {
		c.health.Sent++
		c.health.LastSent = time.Now()
	}
}

// fail waits longer each time. Only the first of several failures is logged.
func (c *courier) fail(err error, what ...any) {
	now := time.Now()
	wait := longestWait
	if c.failures < 6 {
		wait = min(firstWait<<c.failures, longestWait)
	}
	c.failures++
	wait = wait/2 + rand.N(wait/2)
	if e, ok := errors.AsType[*sendError](err); ok {
		wait = max(wait, e.after)
	}
	c.notBefore = now.Add(wait)

	c.mu.Lock()
	c.health.Failed++
	c.health.LastError = err.Error()
	first := c.health.FailingSince.IsZero()
	if first {
		c.health.FailingSince = now
	}
	c.mu.Unlock()
	if first {
		c.log.Warn("alert: not delivered, trying again", append(what, slog.String("error", err.Error()))...)
	}
}

func (c *courier) status() TargetStatus {
	waiting, skipped, dropped := c.box.counts()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.health
	s.Waiting, s.Skipped = waiting, skipped
	s.Dropped += dropped
	return s
}

// about is what a line of the log says of a page.
func about(p Page) []any {
	return []any{
		slog.String("rule", p.Rule), slog.String("subject", p.Subject), slog.String("severity", string(p.Severity)),
		slog.String("state", string(p.State)), slog.Int("number", p.Number),
	}
}
