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
