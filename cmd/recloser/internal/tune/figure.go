package tune

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Figure is a mean with its standard error, by the blocks of the traces; 0 if there is
// only one.
type Figure struct {
	Mean  float64 `json:"mean"`
	Error float64 `json:"standard_error"`
}

// figure is the regret of a measure.
func (m *measure) figure() Figure {
	n := float64(len(m.excess))
	var sum, squares float64
	for _, x := range m.excess {
		sum += x
	}
	for _, x := range m.excess {
		squares += (x - sum/n) * (x - sum/n)
	}
	per := 1000 / float64(max(m.requests, 1))
	if n < 2 {
		return Figure{Mean: tidied(per * sum)}
	}
	return Figure{tidied(per * sum), tidied(per * math.Sqrt(squares*n/(n-1)))}
}

// tidied leaves off what depends on the order of sums.
func tidied(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// Gain is by how much less is lost, of 1000 requests, with the bounds of its 90 %
// interval.
type Gain struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// resamples are how often blocks are drawn anew.
const resamples = 2000

// gain is that of b over a, which have been played on the same parts: the bootstrap
// over their blocks, pair by pair.
func gain(a, b *measure, seed uint64) Gain {
	luck := rand.New(rand.NewPCG(seed, 2))
	per := 1000 / float64(max(a.requests, 1))
	sums := make([]float64, resamples)
	for i := range sums {
		for range a.excess {
			j := luck.IntN(len(a.excess))
			sums[i] += per * (a.excess[j] - b.excess[j])
		}
	}
	slices.Sort(sums)
	return Gain{tidied(a.regret() - b.regret()), tidied(sums[resamples/20]), tidied(sums[resamples-resamples/20-1])}
}
