package breaker

import (
	"time"

	"github.com/recloser/recloser/breaker/internal/window"
)

// SetConfig replaces the configuration. Counters, state, mode and the run of
// failures stay; an open period is shortened to a new ResetTimeout; rates start
// anew if their window changes. Parent cannot be changed and is left aside. A
// Mode other than that of the configuration before is set. A configuration that
// cannot be used changes nothing; the error names its fields.
func (b *Breaker) SetConfig(cfg Config) error { return b.setConfig(b.now(), cfg) }

// Config returns the configuration in force, with the defaults filled in. The Parent
// is left out: see [Breaker.Parent].
func (b *Breaker) Config() Config { return *b.cfg() }

// SetConfigAt is SetConfig at the instant now.
func (b *Breaker) SetConfigAt(now time.Time, cfg Config) error { return b.setConfig(b.at(now), cfg) }

func (b *Breaker) setConfig(t instant, cfg Config) error {
	cfg.Parent = nil
	if err := cfg.Validate(); err != nil {
		return err
	}
	b.replace(t, newSettings(cfg))
	return nil
}

func (b *Breaker) replace(t instant, set *settings) {
	b.operate(t, func() {
		old, policy := b.set.Load(), b.policy
		b.adopt(set)
		inherit(b.policy, policy)
		b.startPolicy(t)
		if w := b.win.Load(); w != nil && (old.width != set.width || w.Marked() != (set.needs.Span > 0)) {
			b.retire(w)
		}
		b.until = min(b.until, t+instant(set.ResetTimeout))
		if !set.Ramp {
			b.ramp = nil
		}
		if old.Mode != set.Mode {
			b.changeMode(t, set.Mode)
		}
		b.held = nil
		b.publish()
		b.prepareRefusals()
	})
}

// startPolicy tells a policy that it is new.
func (b *Breaker) startPolicy(t instant) {
	d := b.tell(t, Event{Kind: Started})
	d.Trip, d.Reclose = false, false
	b.heed(t, d, 0)
}

// retire takes a window out of use. Calls that are out no longer count as such.
func (b *Breaker) retire(w *window.Window) {
	b.win.Store(nil)
	b.base.used = instant(w.Start(w.Head() + 1))
	if slot, ok := w.NewestAnswered(); ok {
		b.base.answered = max(b.base.answered, instant(w.Start(slot+1)))
	}
	begun, e := w.Close()
	b.base.begun += begun
	b.base.ended = b.base.ended.Plus(e)
}
