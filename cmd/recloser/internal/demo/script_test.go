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

// The open periods are 1, 2, 4 and 8 s and up to 1 s more of each. The latest
// reclose must leave some calm, also if a test call takes 2 s to fail.
func TestUsualScriptLeavesTimeToRecover(t *testing.T) {
	s := usualScript()
	trip := s.begin(1) + 2*time.Second
	if latest := trip + (1+2+4+8+4+2+1)*time.Second; latest > s.lasting()-5*time.Second {
		t.Errorf("the circuit may recover only at %v of %v", latest, s.lasting())
	}
	if earliest := s.begin(1) + (1+2+4+8+2)*time.Second; earliest < s.recovery() {
		t.Errorf("the fourth test may go out at %v, before the recovery at %v", earliest, s.recovery())
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
