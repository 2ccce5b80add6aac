package gate

import (
	"testing"
	"time"
)

func TestWithdrawTakesNoLockOfACalmGate(t *testing.T) {
	g, err := NewAt(time.Now(), "key", "gpt", Config{})
	if err != nil {
		t.Fatal(err)
	}
	g.mu.Lock() // else it would wait for ever
	defer g.mu.Unlock()
	g.Withdraw(time.Now())
	g.WithdrawAt(time.Now(), time.Time{})
}

// A report finds out before it takes the lock what headers want; by then rates
// may have been switched off.
func TestNoRateHoldsForAReportThatHasBegun(t *testing.T) {
	for _, cfg := range []Config{{NoRate: true}, {NoSlowdown: true}} {
		g, err := NewAt(time.Now(), "key", "gpt", Config{})
		if err != nil {
			t.Fatal(err)
		}
		g.asked.add(0, 1000)
		g.replace(0, newSettings(cfg))
		if g.slow(0, 1, 0); g.law.rate != 0 {
			t.Errorf("%+v: rate %v", cfg, g.law.rate)
		}
	}
}
