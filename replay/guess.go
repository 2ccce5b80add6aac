package replay

import (
	"math"
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
)

// Guess is how attempts fare that are not on record. The state of the service at a
// moment is taken from the attempts that were made around it at the same model: the
// 16 nearest in time, none of them further off than 10 minutes, and if there is none
// the nearest of all. An attempt that is guessed is answered with the chance that
// they were, and then is like one of them, drawn at random.
//
// So few attempts do not tell the chance exactly. The bounds of its 90 % interval
// (Wilson, 1927) are what the optimistic and the pessimistic guess take: the truth
// lies between what both come to, as far as the state of the service did not depend
// on the calls themselves.
//
// With a limit of rate it does: what one attempt does not use is there for another.
// So where there were 429s around, the service has the answers to give that it gave
// in the trace, and that the policy did not use because it refused a call or held it
// back: for a minute, as it is likely; for ten; or not at all. With such an answer
// left over, an attempt is answered, also if a 429 is on record; without, one that is
// guessed gets a 429.
type Guess uint8

// The guesses.
const (
	Likely Guess = iota
	Optimistic
	Pessimistic
)

const (
	near  = 16
	reach = 10 * time.Minute
	// same is how far an attempt may be from one on record to be that.
	same = time.Second
)

// typical are the times of a model where nothing is told.
type typical struct{ answer, failure time.Duration }

// guessTimes gives the rows without a latency the median of those that end alike, of
// their model or of all; and if there is none, what the scenarios have.
func (t *Trace) guessTimes() {
	known := make([][2][]time.Duration, len(t.models)+1)
	for i := range t.rows {
		r := &t.rows[i]
		if r.took < 0 {
			t.facts.NoLatency++
			continue
		}
		for _, m := range []int{int(r.model), len(t.models)} {
			of := &known[m][kindOfTime(r)]
			*of = append(*of, r.took)
		}
	}
	all := typical{
		median(known[len(t.models)][0], Scenario{}.withDefaults().Median), median(known[len(t.models)][1], failsIn),
	}
	for m := range t.models {
		t.typical = append(t.typical, typical{median(known[m][0], all.answer), median(known[m][1], all.failure)})
	}
	for i := range t.rows {
		if r := &t.rows[i]; r.took < 0 {
			r.took = t.typical[r.model].answer
			if kindOfTime(r) == 1 {
				r.took = t.typical[r.model].failure
			}
		}
	}
}

func kindOfTime(r *row) int {
	if r.class == breaker.Answer {
		return 0
	}
	return 1
}

func median(times []time.Duration, none time.Duration) time.Duration {
	if len(times) == 0 {
		return none
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// around are the rows from which the state of a model at an instant is taken.
func (t *Trace) around(model int, at time.Duration) []int32 {
	all := t.ofModel[model]
	low, _ := slices.BinarySearchFunc(all, at, func(i int32, at time.Duration) int {
		if t.rows[i].begin < at {
			return -1
		}
		return 1
	})
	high := low // all[low:high] is what has been chosen
	for high-low < min(near, len(all)) {
		before, after := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
		if low > 0 {
			before = at - t.rows[all[low-1]].begin
		}
		if high < len(all) {
			after = t.rows[all[high]].begin - at
		}
		if high > low && min(before, after) > reach {
			break
		}
		if before < after {
			low--
		} else {
			high++
		}
	}
	return all[low:high]
}

// works counts those that did, and how long the others took, on average.
func (t *Trace) works(rows []int32) (n int, fails time.Duration) {
	for _, i := range rows {
		if t.rows[i].works() {
			n++
		} else {
			fails += t.rows[i].took
		}
	}
	return n, fails / time.Duration(max(len(rows)-n, 1))
}

// chance is what a guess takes n of all to mean.
func (g Guess) chance(n, all int) float64 {
	if all == 0 {
		return 1
	}
	const z = 1.645
	p, m := float64(n)/float64(all), float64(all)
	middle := p + z*z/(2*m)
	width := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	switch g {
	case Optimistic:
		return (middle + width) / (1 + z*z/m)
	case Pessimistic:
		return (middle - width) / (1 + z*z/m)
	default:
		return (float64(n) + 0.5) / (m + 1)
	}
}
