package tune

import (
	"math"
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/replay"
)

// part is a stretch of a trace.
type part struct {
	trace    *replay.Trace
	cuts     []time.Duration // of its blocks
	requests int
	length   time.Duration
	outages  int // of its models
}

// blocksOfPart is into how many blocks a part is divided, if it is calm enough: none
// ends within an outage, nor sooner than calmRow good answers after a failure, since
// all of a storm of 429s is one sample too.
const (
	blocksOfPart = 40
	calmRow      = 10
)

// newPart takes the attempts that began in [from, to).
func newPart(t *replay.Trace, from, to time.Duration) part {
	p := part{trace: t.Part(from, to)}
	f := p.trace.Facts()
	p.requests, p.length, p.outages = f.Requests, f.Length, len(f.Outages)
	each, n, calm := max(f.Records/blocksOfPart, 1), 0, 0
	var last time.Duration
	for a, r := range p.trace.Attempts() {
		if n++; n > each && calm >= calmRow && a.Begin > last && !within(f.Outages, a.Begin) {
			p.cuts, n = append(p.cuts, a.Begin), 1
		}
		last = a.Begin
		if calm++; r.Class != breaker.Answer && r.Class != breaker.Nothing {
			calm = 0
		}
	}
	return p
}

// within reports whether an instant is in an outage of any model, or right at its end.
func within(outages []replay.Outage, at time.Duration) bool {
	return slices.ContainsFunc(outages, func(o replay.Outage) bool { return at > o.From && at <= o.To })
}

// splitter knows where a trace could be divided: at the begin of an attempt. The end
// is to have such a share of the attempts.
type splitter struct {
	begins  []time.Duration
	outages []replay.Outage
	share   float64
}

// split divides a trace by time. It looks for the longest pause near where the share
// that is held out would begin, not within an outage, and so that both parts have an
// outage, if that is possible.
func split(t *replay.Trace, share float64) (train, held part, at time.Duration) {
	s := splitter{outages: t.Facts().Outages, share: share}
	for a := range t.Attempts() {
		s.begins = append(s.begins, a.Begin)
	}
	n := float64(len(s.begins))
	best, bestWorth := len(s.begins), -1.
	const nearest = 0.1
	for _, width := range []float64{nearest, 0.2, 0.5} { // further off only if that gives each part an outage
		low, high := int(n*(1-share*(1+width))), int(math.Ceil(n*(1-share*(1-width))))
		for i := max(low, 1); i <= min(high, len(s.begins)-1); i++ {
			worth := s.worth(i)
			if worth > bestWorth && (bestWorth < 0 || worth >= bothTroubled || width == nearest) {
				best, bestWorth = i, worth
			}
		}
		if bestWorth >= bothTroubled {
			break
		}
	}
	at = t.Facts().Length + 1
	if best < len(s.begins) {
		at = s.begins[best]
	}
	return newPart(t, 0, at), newPart(t, at, t.Facts().Length+1), at
}

// bothTroubled is what it is worth that both parts have an outage.
const bothTroubled = 2

// worth is how good it is to divide before the i-th attempt; less than zero: it
// cannot be.
func (s *splitter) worth(i int) float64 {
	at, pause := s.begins[i], s.begins[i]-s.begins[i-1]
	if pause <= 0 || within(s.outages, at) {
		return -1
	}
	worth := float64(pause) / float64(s.begins[len(s.begins)-1]+1)
	before := slices.ContainsFunc(s.outages, func(o replay.Outage) bool { return o.To < at })
	after := slices.ContainsFunc(s.outages, func(o replay.Outage) bool { return o.From >= at })
	if before && after {
		worth += bothTroubled
	}
	return worth
}
