package demo

import (
	"testing"
	"time"
)

func TestUsualScriptEndsInTime(t *testing.T) {
	s := usualScript()
	if d := s.lasting(); d < 35*time.Second || d > 45*time.Second {
		t.Errorf("it lasts %v; want 35 to 45 s", d)
	}
	slot := time.Duration(float64(time.Second) / s.calls)
	if d := s.lasting() + s.grace + slot + patience + settlement; d > longest {
		t.Errorf("by the script it may play for %v; it is cut off after %v", d, longest)
	}
	if d := longest + closing; d >= time.Minute {
		t.Errorf("it may last %v; want less than a minute", d)
	}
	if d := s.outage(); d < 15*time.Second || d > 20*time.Second {
		t.Errorf("the outage lasts %v; want 15 to 20 s", d)
	}
}

// After 17 s of outage the proxy's circuit probes every 2.3 s at most, with these
// calls. The latest reclose must leave some calm, also if a test call takes 2 s to
// fail.
func TestUsualScriptLeavesTimeToRecover(t *testing.T) {
	s := usualScript()
	if latest := s.recovery() + (23+20)*100*time.Millisecond; latest > s.lasting()-5*time.Second {
		t.Errorf("the circuit may recover only at %v of %v", latest, s.lasting())
	}
}

func TestPhasesAreThoseOfTheTimeline(t *testing.T) {
	s := usualScript()
	line := s.timeline()
	for at := time.Duration(0); at < time.Minute; at += 100 * time.Millisecond {
		served, _ := line.At(at)
		mine := s.phases[s.at(at)]
		if mine.healthy() != (served.Fault.Name() == "healthy") {
			t.Fatalf("at %v the view says %q, the stand-in does %q", at, mine.words, served.Fault.Name())
		}
	}
}
