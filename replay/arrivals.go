package replay

import (
	"math"
	"math/rand/v2"
	"time"
)

// arrivals are the requests of a scenario, which come whatever is answered.
type arrivals struct {
	s    *Scenario
	rand *rand.Rand
	at   float64 // seconds
	id   uint64
}

func newArrivals(s *Scenario, seed uint64) arrivals {
	return arrivals{s: s, rand: rand.New(rand.NewPCG(seed, 1))}
}

func (a *arrivals) next() (Request, bool) {
	rate := a.s.Rate
	if a.s.Wave > 0 {
		rate *= 1 + a.s.Wave*math.Sin(2*math.Pi*a.at/a.s.Length.Seconds())
	}
	a.at += a.gap() / rate
	at := time.Duration(a.at * float64(time.Second))
	if at >= a.s.Length {
		return Request{}, false
	}
	a.id++
	return Request{At: at, ID: a.id, Model: a.rand.IntN(a.s.Models), Replica: a.rand.IntN(a.s.Replicas)}, true
}

// gap is a random one of mean 1: of the gamma distribution, of which the
// exponential is the one without bursts.
func (a *arrivals) gap() float64 {
	if a.s.Burst == 1 {
		return a.rand.ExpFloat64()
	}
	shape := 1 / (a.s.Burst * a.s.Burst)
	return a.gamma(shape) / shape
}

// gamma draws by the method of Marsaglia and Tsang (2000).
func (a *arrivals) gamma(shape float64) float64 {
	if shape < 1 {
		return a.gamma(shape+1) * math.Pow(1-a.rand.Float64(), 1/shape)
	}
	d := shape - 1./3
	c := 1 / math.Sqrt(9*d)
	for {
		x := a.rand.NormFloat64()
		v := (1 + c*x) * (1 + c*x) * (1 + c*x)
		if v > 0 && math.Log(1-a.rand.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
