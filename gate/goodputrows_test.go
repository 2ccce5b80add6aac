package gate

import (
	"fmt"
	"slices"
	"time"
)

// These are the rows of TestGoodputTable: buckets, callers, and what is demanded.

// bucketKind is a limit of the service.
type bucketKind struct {
	name        string
	burst, rate float64 // in calls, or tokens
	cost        int64   // tokens of a call; 0: the bucket holds calls
	seconds     float64 // of the run
	changes     float64 // the rate becomes so many times as high in the middle
	penalty     float64 // what a call takes that is refused, down to what comes in a second
}

func bucketKinds() []bucketKind {
	return []bucketKind{
		{name: "1 in 20 s", burst: 1, rate: 0.05, seconds: 400},
		{name: "1 in 2 s", burst: 1, rate: 0.5, seconds: 120},
		{name: "5/s", burst: 5, rate: 5, seconds: 120},
		{name: "11/s, 2 s of tokens", burst: 2000, rate: 1000, cost: 90, seconds: 120},
		{name: "minute of 1000 calls", burst: 1000, rate: 1000. / 60, seconds: 120},
		{name: "unlimited", burst: 1e9, rate: 1e9, seconds: 60},
	}
}

// clientKind is who calls.
type clientKind struct {
	name   string
	n      int     // that call again when they have been answered; 0: arrivals at random
	load   float64 // arrivals, as a part of what is allowed
	atOnce bool    // they do not wait in line, but come again when told
}

type simRow struct {
	bucketKind
	hints   string
	clients clientKind
	delay   time.Duration
	sharers int // so many gates, each with its part of the clients; 0: one
}

func (r simRow) String() string {
	name := fmt.Sprintf("%s | %s | %s | %v", r.name, r.hints, r.clients.name, r.delay)
	if r.changes > 0 {
		name += fmt.Sprintf(" | ×%v", r.changes)
	}
	if r.sharers > 0 {
		name += fmt.Sprintf(" | %d gates", r.sharers)
	}
	return name
}

func simRows() []simRow {
	var rows []simRow
	hints := []string{"all", "seconds", "ms", "headers", "bare"}
	closed := []clientKind{{name: "5 in line", n: 5}, {name: "25 in line", n: 25}, {name: "100 in line", n: 100}}
	for _, b := range bucketKinds() {
		clients := slices.Clone(closed)
		if b.name != "unlimited" {
			clients = append(clients, clientKind{name: "5 at once", n: 5, atOnce: true}, clientKind{name: "25 at once", n: 25, atOnce: true},
				clientKind{name: "100 at once", n: 100, atOnce: true},
				clientKind{name: "Poisson 0.5", load: 0.5}, clientKind{name: "Poisson 0.95", load: 0.95}, clientKind{name: "Poisson 2", load: 2})
		} else {
			clients = clients[:1]
		}
		for _, h := range hints {
			for _, c := range clients {
				rows = append(rows, simRow{b, h, c, 20 * time.Millisecond, 0})
			}
			if b.name == "unlimited" {
				continue
			}
			for _, d := range []time.Duration{0, 50 * time.Millisecond, 500 * time.Millisecond} {
				rows = append(rows, simRow{b, h, closed[1], d, 0})
			}
			for _, by := range []float64{0.5, 2} {
				changed := b
				if b.rate < 0.1 {
					changed.seconds *= 2
				}
				changed.changes = by
				rows = append(rows, simRow{changed, h, closed[1], 20 * time.Millisecond, 0})
			}
		}
	}
	return append(rows, sharedRows()...)
}

// sharedRows are those in which several processes use up one bucket, none of which
// knows of the others. It may be that what is refused uses it up, too.
func sharedRows() []simRow {
	var rows []simRow
	for _, b := range []bucketKind{
		{name: "5/s", burst: 5, rate: 5, seconds: 120},
		{name: "5/s, refusals count", burst: 20, rate: 5, seconds: 120, penalty: 0.5},
		{name: "minute of 1000 calls", burst: 1000, rate: 1000. / 60, seconds: 120},
	} {
		for _, h := range []string{"all", "seconds", "headers", "bare"} {
			for _, c := range []clientKind{{name: "48 in line", n: 48}, {name: "48 at once", n: 48, atOnce: true}, {name: "Poisson 2", load: 2}} {
				for _, n := range []int{4, 16} {
					rows = append(rows, simRow{b, h, c, 20 * time.Millisecond, n})
				}
			}
		}
	}
	return rows
}

// least is what is demanded of a row: how much of what is allowed is answered, from
// the first moment on, and how many attempts may be wasted. Where several clients
// begin at once, all but one may be refused before anything can be known.
func (r simResult) least() (goodput float64, wasted int) {
	if r.sharers > 0 {
		return r.leastShared()
	}
	goodput = 0.95
	told := r.hints == "all" || r.hints == "headers" || r.hints == "ms"
	switch slow := r.rate < 1; {
	case r.changes > 1: // it is found after the time of 16 calls, or 30 s
		goodput = 0.7
	case r.clients.load > 0 && r.clients.load < 1 && slow: // a caller who would have to wait for more than 30 s leaves
		goodput = 0.5
	case r.rate < 0.1 && !told && r.hints != "seconds": // each time it is found by doubling
		goodput = 0.6
	case slow && r.delay > 100*time.Millisecond: // each unit is asked for late
		goodput = 0.75
	case slow && !told: // each 429 costs up to a second, whether rounded up to or guessed
		goodput = 0.8
	case !told && r.burst <= 5, r.hints == "ms" && r.delay >= 50*time.Millisecond:
		goodput = 0.9
	}
	wasted = max(r.bare/20, r.clients.n+5)
	switch {
	case r.clients.n == 0: // callers who are few and do not come again waste little by themselves
		wasted = max(r.bare/5, r.bare/20+25)
	case r.delay > 100*time.Millisecond: // many are on their way
		wasted = max(r.bare*7/100, r.clients.n+5)
	}
	if !told && r.rate < 0.1 {
		wasted = max(wasted, r.clients.n+40)
	}
	return goodput, wasted
}

// leastShared is least for a bucket that others use up, too: each gate has to find its
// part for itself, and to be refused for that. If that uses up the bucket, they get
// less of it.
func (r simResult) leastShared() (goodput float64, wasted int) {
	few := r.sharers <= 4
	switch {
	case r.penalty == 0:
		goodput = 0.95
	case few:
		goodput = 0.85
	default:
		goodput = 0.65
	}
	if few {
		return goodput, max(r.bare*8/100, 2*r.clients.n+10)
	}
	return goodput, r.bare * 3 / 10
}
