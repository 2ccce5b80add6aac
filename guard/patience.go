package guard

import (
	"strings"
	"time"

	"github.com/recloser/recloser/breaker"
)

// tune gives the circuit of a model the patience that overrides ask for: how long
// a call may hang before it counts while it hangs. Where calls of one circuit ask
// for several, the most patient ones decide. The upstream's circuit, and the one
// that models share for which there is no room, stay as they are.
func (g *Guard) tune(b *breaker.Breaker, model string, stall time.Duration) {
	if stall == g.rules.plain.stallAfter || !strings.HasSuffix(b.Name(), "/"+model) {
		return
	}
	old, known := g.patience.LoadOrStore(b, stall)
	for known && morePatient(stall, old.(time.Duration)) {
		if g.patience.CompareAndSwap(b, old, stall) {
			known = false
			break
		}
		old, _ = g.patience.Load(b)
	}
	if known {
		return
	}
	cfg := g.cfg.Breaker
	cfg.StallAfter = stall
	_ = b.SetConfig(cfg) // New has looked at all of it but for this, which may be anything
}

// morePatient compares limits, of which 0 is none.
func morePatient(a, b time.Duration) bool { return b != 0 && (a == 0 || a > b) }
