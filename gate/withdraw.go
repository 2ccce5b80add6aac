package gate

import "time"

// Withdraw takes the place of a Report for an attempt that was let through at
// begun and then not made. It gives back what Allow or Wait had taken, a token of
// the limit or the place of a parked key's test, and the call does not count as
// asked for.
func (g *Gate) Withdraw(begun time.Time) {
	if !g.calm.Load() {
		g.withdraw(g.now(), begun)
	}
}

// WithdrawAt is Withdraw at the instant now.
func (g *Gate) WithdrawAt(now, begun time.Time) {
	if !g.calm.Load() {
		g.withdraw(g.at(now), begun)
	}
}

func (g *Gate) withdraw(t instant, letThrough time.Time) {
	defer g.enter(t)()
	begun := g.begun(t, letThrough)
	if begun > g.stirred { // a calm gate does not count who asks
		g.asked.takeBack(begun)
	}
	if p := &g.park; p.on && begun >= p.since { // only as a test
		p.out = p.out && begun < p.begun
		return
	}
	g.law.giveBack(begun)
	if len(g.line) > 0 {
		g.line[0].nudge()
	}
}
