package config

import (
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
)

// TestPolicyThatIsSelected: by name, or by a setting that only one has.
func TestPolicyThatIsSelected(t *testing.T) {
	tests := []struct {
		flags, file     string
		policy, because string
		reset           time.Duration // of the circuit o/m, whose overrides say "m"
		of              guard.Policy  // that circuit's
	}{
		{"", "", "adaptive", "default", 2 * time.Minute, guard.Adaptive},
		{"policy=adaptive", "", "adaptive", "--policy", 2 * time.Minute, guard.Adaptive},
		{"policy=classic", "", "classic", "--policy", 30 * time.Second, guard.Classic},
		{"failure-threshold=3", "", "classic", "--failure-threshold is 3", 30 * time.Second, guard.Classic},
		{"slow-after=3s", "", "classic", "--slow-after is 3s", 30 * time.Second, guard.Classic},
		{"", "breaker: {failure_rate: 0.5}", "classic", "recloser.yaml:1: breaker.failure_rate is 0.5", 30 * time.Second, guard.Classic},
		{"stall-after=1m probes=2 reset-timeout=40s", "", "adaptive", "default", 40 * time.Second, guard.Adaptive},
		{"policy=classic reset-timeout=40s", "", "classic", "--policy", 40 * time.Second, guard.Classic},
		{"", "overrides: [{models: [m], breaker: {failure_threshold: 2}}]", "adaptive", "default", 30 * time.Second, guard.Classic},
		{"", "overrides: [{models: [m], breaker: {policy: classic}}]", "adaptive", "default", 30 * time.Second, guard.Classic},
		{"failure-threshold=3", "overrides: [{models: [m], breaker: {policy: adaptive}}]", "classic", "--failure-threshold is 3", 2 * time.Minute, guard.Adaptive},
		{"failure-threshold=3 adaptive-odds=1000", "overrides: [{models: [m], breaker: {policy: adaptive}}]", "classic", "--failure-threshold is 3", 2 * time.Minute, guard.Adaptive},
		{"policy=adaptive", "overrides: [{models: [m], breaker: {policy: classic, failure_threshold: 2}}]", "adaptive", "--policy", 30 * time.Second, guard.Classic},
	}
	for _, tt := range tests {
		c, err := readText(t, strings.Fields(tt.flags), nil, tt.file)
		if err != nil {
			t.Errorf("%s, %s: %v", tt.flags, tt.file, err)
			continue
		}
		policy, because := c.Policy()
		if because = because[strings.LastIndex(because, "/")+1:]; policy != tt.policy || because != tt.because {
			t.Errorf("%s, %s: %s because of %s", tt.flags, tt.file, policy, because)
		}
		g, err := guard.New(nil, c.Guard)
		if err != nil {
			t.Fatal(err)
		}
		b := g.Circuits().Child("o", "m")
		if reset := b.Config().ResetTimeout; reset != tt.reset || g.Policy(b) != tt.of {
			t.Errorf("%s, %s: %s, for %v at most", tt.flags, tt.file, g.Policy(b), reset)
		}
		if above := g.Policy(g.Circuits().Get("o")); above.String() != tt.policy {
			t.Errorf("%s, %s: the upstream's is %s", tt.flags, tt.file, above)
		}
	}
}

// TestClassicIsWhatItWas: who gives thresholds has the settings of both in guard.
func TestClassicIsWhatItWas(t *testing.T) {
	c, err := load([]string{"failure-threshold=3"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := c.Guard.Breaker
	if b.FailureThreshold != 3 || b.RateWindow != 10*time.Second || b.ProbeLease != 30*time.Second || c.Guard.Adaptive != (breaker.AdaptiveConfig{}) {
		t.Errorf("%+v", b)
	}
	if reset := c.Settings.Get("reset-timeout").Text; reset != "30s" {
		t.Error(reset)
	}
}
