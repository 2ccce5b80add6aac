package demo

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/openaitest"
	"github.com/recloser/recloser/replay"
)

// A terminal can show so many calls a second, on average, of each crowd: a recorded
// rate that is less or more is scaled to that.
const (
	leastCalls = 2
	mostCalls  = 8
	mostAtOnce = 20  // in a second
	rarest     = 0.5 // likewise, so that something goes on
)

// scriptOf is the course of an incident.
func scriptOf(in *incident) script {
	return script{
		phases: in.phases(), calls: mostCalls, grace: 10 * time.Second,
		about: in.words(), plays: in, arrivals: in.arrivals,
	}
}

// A phase lasts for so many steps at least: what is shorter belongs to the one before.
const leastSteps = 4

// phases tell how the service is, in steps of half a second, or a hundredth of all.
func (in *incident) phases() []phase {
	var all []phase
	level, each := -1, max(min(time.Second/2, in.lasting()/100), time.Millisecond)
	shortest := leastSteps * each
	for at := time.Duration(0); at < in.lasting(); at += each {
		step := min(each, in.lasting()-at)
		now, words := in.state(in.at(at + step/2))
		if n := len(all); n > 0 && (now == level || all[n-1].lasting < shortest) {
			all[n-1].lasting += step
			continue
		}
		level = now
		p := phase{lasting: step, words: words}
		if level > 0 {
			p.fault = openaitest.Down{} // any will do: it is not healthy
		}
		all = append(all, p)
	}
	return all
}

// state is how the service is at an instant: 0 well, 1 partly, 2 down; and in words.
func (in *incident) state(at time.Duration) (level int, words string) {
	rows := in.around(at)
	bad, causes, most := 0, map[string]int{}, ""
	for i := range rows {
		if r := &rows[i]; r.bad() {
			bad++
			c := causeOf(&r.answer)
			if causes[c]++; causes[c] > causes[most] {
				most = c
			}
		}
	}
	switch share := 100 * bad / len(rows); {
	case share < 10:
		return 0, "healthy: answers its calls"
	case share < 80:
		return 1, fmt.Sprintf("failing in part: %d %% of the calls, mostly %s", share, most)
	default:
		return 2, fmt.Sprintf("down: %d %% of the calls fail, mostly %s", share, most)
	}
}

// causeOf is a failure in a few words.
func causeOf(r *replay.Answer) string {
	switch {
	case r.Class == breaker.Hang:
		return "time-outs"
	case r.Status == 0:
		return "without an answer"
	}
	return "with " + strconv.Itoa(r.Status)
}

// rates are the calls in each second of the run, of each crowd.
func (in *incident) rates() []float64 {
	seconds := int(in.lasting()/time.Second) + 1
	all, sum := make([]float64, seconds), 0.
	for i := range in.rows {
		if r := &in.rows[i]; r.at >= in.from && r.at < in.to {
			all[min(int(float64(r.at-in.from)/in.speed/float64(time.Second)), seconds-1)]++
			sum++
		}
	}
	mean := sum / in.lasting().Seconds()
	scale := min(max(mean, leastCalls), mostCalls) / mean
	for i := range all {
		all[i] = min(max(all[i]*scale, rarest), mostAtOnce)
	}
	return all
}

// arrivals yields when users call: as often as on record, scaled, and after its end as
// at the least. It never ends.
func (in *incident) arrivals(seed uint64) iter.Seq2[int, time.Duration] {
	rates := in.rates()
	return func(yield func(int, time.Duration) bool) {
		luck := rand.New(rand.NewPCG(seed, 0))
		n, owed := 0, 0.
		for second := 0; ; second++ {
			rate := float64(leastCalls)
			if second < len(rates) {
				rate = rates[second]
			}
			calls := int(owed + rate)
			owed += rate - float64(calls)
			for i := range calls {
				at := (float64(second) + (float64(i)+luck.Float64())/float64(calls)) * float64(time.Second)
				if !yield(n, time.Duration(at)) {
					return
				}
				n++
			}
		}
	}
}
