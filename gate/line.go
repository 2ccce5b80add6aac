package gate

import (
	"context"
	"slices"
	"time"
)

// Ticket is a place in the line of a gate. It belongs to one caller, who asks
// until it is let through or refused, and leaves the line otherwise. Wait does
// that; simulations do it with instants of their own.
type Ticket struct {
	g        *Gate
	deadline instant
	wake     chan struct{} // it makes sense to ask again, earlier than was told
}

// Wait asks to make one call and waits in line for it: those who came first go
// first. It returns nil when the call may be made; ctx's error if that ends
// first; and a *ClosedError at once if the key is parked, the line is full, or
// the wait would be longer than MaxWait or than ctx's deadline allows, also if
// that turns out while it waits. An attempt that was let through ends as
// one that Allow let through.
func (g *Gate) Wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil || g.calm.Load() {
		return err
	}
	deadline := farthest
	if d, ok := ctx.Deadline(); ok {
		deadline = g.at(d)
	}
	ticket, err := g.join(g.now(), deadline)
	if ticket == nil {
		return err
	}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait, err := ticket.turn(g.now())
		if wait == 0 || err != nil {
			return err
		}
		timer.Reset(time.Duration(wait))
		select {
		case <-timer.C:
		case <-ticket.wake:
		case <-ctx.Done():
			ticket.leave(g.now())
			return ctx.Err()
		}
	}
}

// WaitAt puts a caller in line at the instant now. No Ticket and no error means
// that the call may be made at once. The caller's deadline may be zero: none.
func (g *Gate) WaitAt(now, deadline time.Time) (*Ticket, error) {
	if g.calm.Load() {
		return nil, nil //nolint:nilnil // see above: go ahead
	}
	until := farthest
	if !deadline.IsZero() {
		until = g.at(deadline)
	}
	return g.join(g.at(now), until)
}

func (g *Gate) join(t, deadline instant) (*Ticket, error) {
	defer g.enter(t)()
	g.ask(t)
	switch {
	case g.pass(t):
		return nil, nil //nolint:nilnil // as WaitAt says
	case g.park.on:
		return nil, g.refusal(g.nextTest(t), KeyParked)
	case len(g.line) >= g.cfg().MaxWaiting:
		return nil, g.refusal(g.due(t, len(g.line)), LineFull)
	}
	before := g.law
	if g.law.rate == 0 && !g.cfg().NoRate { // else they would all go together when it opens
		g.law.start(t, g.answered.see(t), 1)
		g.law.next(t, g.until)
	}
	deadline = min(deadline, t+instant(g.cfg().MaxWait))
	if due := g.due(t, len(g.line)); due > deadline {
		g.law = before
		return nil, g.refusal(due, DeadlineFirst)
	}
	ticket := &Ticket{g, deadline, make(chan struct{}, 1)}
	g.line = append(g.line, ticket)
	g.settle(t, CallersInLine)
	return ticket, nil
}

// TurnAt asks at the instant now whether it is the ticket's turn. It returns 0
// if it is: the call may be made; else in how long to ask again, at the latest
// when something has changed, or the refusal. After 0 or an error the ticket is
// used up.
func (tk *Ticket) TurnAt(now time.Time) (time.Duration, error) {
	wait, err := tk.turn(tk.g.at(now))
	return time.Duration(wait), err
}

// polite is how long who is not first gives those before it to go.
const polite = instant(time.Millisecond)

func (tk *Ticket) turn(t instant) (instant, error) {
	g := tk.g
	defer g.enter(t)()
	place := slices.Index(g.line, tk)
	switch {
	case place < 0:
		return 0, g.refusal(t, g.notNow()) // used up already
	case g.park.on:
		g.quit(place)
		return 0, g.refusal(g.nextTest(t), KeyParked)
	case place == 0 && g.take(t):
		g.quit(place)
		return 0, nil
	}
	due := g.due(t, place)
	if due > tk.deadline || t > tk.deadline {
		g.quit(place)
		return 0, g.refusal(due, DeadlineFirst)
	}
	return max(due-t, polite), nil
}

// LeaveAt gives up the place in line at the instant now. It may be called more
// than once.
func (tk *Ticket) LeaveAt(now time.Time) { tk.leave(tk.g.at(now)) }

func (tk *Ticket) leave(t instant) {
	defer tk.g.enter(t)()
	if place := slices.Index(tk.g.line, tk); place >= 0 {
		tk.g.quit(place)
	}
}

// quit takes a ticket out of the line. Who has become the first is told; the
// others will be, or ask when they had expected to go.
func (g *Gate) quit(place int) {
	g.line = slices.Delete(g.line, place, place+1)
	if place == 0 && len(g.line) > 0 {
		g.line[0].nudge()
	}
}

// wake lets those in line ask again, since the gate has changed.
func (g *Gate) wake() {
	for _, tk := range g.line {
		tk.nudge()
	}
}

func (tk *Ticket) nudge() {
	select {
	case tk.wake <- struct{}{}:
	default:
	}
}
