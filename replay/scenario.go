package replay

import (
	"fmt"
	"math"
	"time"
)

// Scenario describes a made-up service and those who call it. The zero value of a
// field is the one that most scenarios have, as it says.
type Scenario struct {
	Name  string
	About string

	Length   time.Duration // in which requests arrive; 20 min
	Rate     float64       // requests a second, of all; 12
	Burst    float64       // coefficient of variation of the gaps between them; 1: they come at random
	Wave     float64       // the rate swings by that part, once in Length; 0
	Replicas int           // 4
	Models   int           // 4
	Keyed    bool          // peers have a circuit for each model, and not one for all

	Median   time.Duration // of answers; 1.2 s
	Sigma    float64       // of their logarithm; 0.6
	Deadline time.Duration // of attempts; 30 s
	Base     float64       // part of the attempts that fails anyway; 0.01, negative: none

	Phases []Phase
	Exact  bool   // they end when they say; otherwise each a little earlier or later
	Crowd  *Crowd // the service is a few workers with a queue; nil: it has no capacity to exceed
}

// Phase is a time in which the service is not well. What has begun before is not
// touched by it.
type Phase struct {
	From, To time.Duration
	Model    int // that it is of, counted from 1; 0: all
	Replica  int // likewise

	Fail  float64 // part of the attempts that fails at once; 1: it is down
	Hang  float64 // part that is not answered before the deadline
	Limit float64 // attempts a second beyond which there is a 429; 0: any
	Burst float64 // attempts that are there at first; 20
}

// failsIn is how long it takes to fail.
const failsIn = 300 * time.Millisecond

// withDefaults fills in what is zero.
func (s Scenario) withDefaults() Scenario {
	set(&s.Length, 20*time.Minute)
	set(&s.Rate, 12)
	set(&s.Burst, 1)
	set(&s.Replicas, 4)
	set(&s.Models, 4)
	set(&s.Median, 1200*time.Millisecond)
	set(&s.Sigma, 0.6)
	set(&s.Deadline, 30*time.Second)
	set(&s.Base, 0.01)
	s.Base = max(s.Base, 0)
	return s
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// shift is by how much of its length the end of a phase is moved at most, earlier
// or later, so that no policy's timer fits it by accident.
const shift = 0.15

// drawn is the scenario as one seed has it.
func (s Scenario) drawn(seed uint64) Scenario {
	s = s.withDefaults()
	phases := make([]Phase, len(s.Phases))
	for i, p := range s.Phases {
		l := newLuck(seed, uint64(i), -1)
		if !s.Exact {
			p.To += time.Duration(float64(p.To-p.From) * shift * (2*l.unit() - 1))
		}
		set(&p.Burst, 20)
		phases[i] = p
	}
	s.Phases = phases
	return s
}

// Stage is the scenario with the luck of one seed.
func (s Scenario) Stage(seed uint64) Stage {
	s = s.drawn(seed)
	st := Stage{
		World: func() World { return newGenerated(s, seed) }, Replicas: s.Replicas, Client: SpecClient(), Seed: seed,
		Outages: s.outages(),
	}
	for m := range s.Models {
		st.Models = append(st.Models, fmt.Sprintf("model-%d", m+1))
	}
	return st
}

// outages are the phases in which sending does not pay.
func (s *Scenario) outages() []Outage {
	var all []Outage
	for _, p := range s.Phases {
		x := Chance{Answered: (1 - p.Fail - p.Hang) * (1 - s.Base), Fails: failsIn}
		if p.Hang > 0 {
			x.Fails = s.Deadline
		}
		if !SpecCosts().pays(x) {
			all = append(all, Outage{p.From, p.To, p.Model - 1, p.Replica - 1})
		}
	}
	return all
}

// answerTime is how long an answer takes.
func (s *Scenario) answerTime(l *luck) time.Duration {
	return time.Duration(float64(s.Median) * math.Exp(s.Sigma*l.normal()))
}

// inTime is the chance of an answer before the deadline.
func (s *Scenario) inTime(deadline time.Duration) float64 {
	z := math.Log(float64(deadline)/float64(s.Median)) / s.Sigma
	return 0.5 * math.Erfc(-z/math.Sqrt2)
}
