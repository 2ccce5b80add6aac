package replay

import (
	"fmt"
	"math"
	"time"
)

// Random is a scenario drawn by a seed: half an hour with a few phases of all
// kinds.
func Random(seed uint64) Scenario {
	l := newLuck(seed, 1<<40, 0)
	s := Scenario{
		Name: fmt.Sprintf("random-%d", seed), About: "drawn by a seed", Length: 30 * time.Minute,
		Rate: l.between(0.3, 30), Burst: 1 + 2*l.unit(), Replicas: 1 + int(16*l.unit()),
		Base: l.between(0.001, 0.03), Median: time.Duration(l.between(0.4, 8) * 1e9), Deadline: time.Duration(l.between(10, 60) * 1e9),
	}
	for at := l.pause(); ; at += l.pause() {
		p := s.phase(&l, at)
		if p.To > s.Length {
			return s
		}
		s.Phases = append(s.Phases, p)
		at = p.To
	}
}

// between draws from a range, evenly on a logarithmic scale.
func (l *luck) between(least, most float64) float64 {
	return least * math.Pow(most/least, l.unit())
}

// pause is the time between two phases.
func (l *luck) pause() time.Duration { return time.Duration(l.between(25, 330) * 1e9) }

// phase draws a phase that begins at an instant.
func (s *Scenario) phase(l *luck, at time.Duration) Phase {
	p := Phase{From: at, To: at + time.Duration(l.between(3, 900)*1e9)}
	if l.unit() < 0.2 {
		p.Model = 1
	}
	switch kind := int(5 * l.unit()); kind {
	case 0:
		p.Fail = 1
	case 1:
		p.Fail = 0.9 + 0.1*l.unit()
	case 2:
		p.Fail = 0.05 + 0.5*l.unit()
	case 3:
		p.Hang = 1
	default:
		p.Limit = s.Rate * (0.2 + 0.6*l.unit())
	}
	return p
}
