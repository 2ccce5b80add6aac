package demo

import (
	"iter"
	"time"

	"github.com/recloser/recloser/openaitest"
)

// script is the course of a run.
type script struct {
	phases []phase
	calls  float64       // a second, of each crowd
	grace  time.Duration // how much longer it may last, if the circuit is late
	answer time.Duration // how long a healthy answer takes

	about    string                                          // what is played; empty: nothing recorded
	plays    openaitest.Fault                                // in place of the phases' faults; nil: those
	arrivals func(seed uint64) iter.Seq2[int, time.Duration] // in place of calls; nil: those
}

// phase is a stretch in which the service behaves in one way.
type phase struct {
	fault   openaitest.Fault // nil: healthy
	lasting time.Duration
	words   string // what the service does
}

func (p phase) healthy() bool { return p.fault == nil }

// usualScript is an outage as they often go: errors, then errors that come late,
// then broken connections. It lasts for about a dozen test calls of the proxy, and
// leaves time for the recovery.
func usualScript() script {
	down := openaitest.Down{}
	late := openaitest.All{openaitest.Slow{Headers: 2 * time.Second}, down}
	return script{
		phases: []phase{
			{nil, 5 * time.Second, "healthy: answers every call"},
			{down, 6 * time.Second, "down: answers with an error (503)"},
			{late, 5 * time.Second, "down and slow: errors after 2 s"},
			{openaitest.Reset{}, 6 * time.Second, "unreachable: breaks connections"},
			{nil, 16 * time.Second, "healthy again"},
		},
		calls:  6,
		grace:  7 * time.Second,
		answer: 250 * time.Millisecond,
	}
}

// fault is what the stand-in plays.
func (s script) fault() openaitest.Fault {
	if s.plays != nil {
		return s.plays
	}
	return s.timeline()
}

// users yields when they call.
func (s script) users(seed uint64) iter.Seq2[int, time.Duration] {
	if s.arrivals != nil {
		return s.arrivals(seed)
	}
	return arrivals(seed, s.calls)
}

// timeline is the script as the stand-in wants it. Its last phase has no end.
func (s script) timeline() openaitest.Timeline {
	var line openaitest.Timeline
	for i, p := range s.phases {
		next := openaitest.Phase{Fault: p.fault, For: p.lasting}
		if i == len(s.phases)-1 {
			next.For = 0
		}
		line.Phases = append(line.Phases, next)
	}
	return line
}

// lasting is the length of the run.
func (s script) lasting() time.Duration { return s.begin(len(s.phases)) }

// begin is when phase i begins.
func (s script) begin(i int) time.Duration {
	var sum time.Duration
	for _, p := range s.phases[:i] {
		sum += p.lasting
	}
	return sum
}

// at returns the number of the phase that runs at the given time.
func (s script) at(elapsed time.Duration) int {
	i := 0
	for i < len(s.phases)-1 && elapsed >= s.begin(i+1) {
		i++
	}
	return i
}

// recovery is when the service is healthy for good; the end, if it is not.
func (s script) recovery() time.Duration {
	last := len(s.phases) - 1
	if !s.phases[last].healthy() {
		return s.lasting()
	}
	return s.begin(last)
}

// outage is how long the service fails in all.
func (s script) outage() time.Duration {
	var sum time.Duration
	for _, p := range s.phases {
		if !p.healthy() {
			sum += p.lasting
		}
	}
	return sum
}
