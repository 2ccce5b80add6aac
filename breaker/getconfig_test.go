package breaker_test

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// Config is what goes, with the defaults, also after a change.
func TestConfigInForce(t *testing.T) {
	b, err := breaker.New("c", breaker.Config{BaseTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if c := b.Config(); c.FailureThreshold != 5 || c.BaseTimeout != 2*time.Second || c.ResetTimeout != 30*time.Second || c.Probes != 1 {
		t.Errorf("%+v", c)
	}
	if err := b.SetConfig(breaker.Config{FailureThreshold: 3}); err != nil {
		t.Fatal(err)
	}
	if c := b.Config(); c.FailureThreshold != 3 || c.BaseTimeout != time.Second {
		t.Errorf("%+v", c)
	}
}
