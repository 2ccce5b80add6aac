package replay

import "time"

// Oracle is the policy that knows the service's state, though not the luck of an
// attempt: it sends if and only if that pays. The others are measured against it.
func Oracle(c Costs) Policy {
	return Policy{
		Name: "oracle", About: "knows the chance of an attempt sent now, and sends where that pays",
		New: func(p Process) (Admission, error) { return oracle{p.World, c}, nil },
	}
}

type oracle struct {
	world World
	costs Costs
}

func (o oracle) Admit(_ int, a *Attempt) Verdict {
	return Verdict{Refused: !o.costs.pays(o.world.Chance(a))}
}

func (oracle) Content(time.Duration, int) {}

func (oracle) End(time.Duration, int, *Attempt, *Answer) {}

func (oracle) Openings() []Opening { return nil }
