package demo

import (
	"time"

	"github.com/recloser/recloser/breaker"
)

// snapshot is all that the live view shows of one moment.
type snapshot struct {
	elapsed, lasting time.Duration
	phase            phase
	state            breaker.State
	nextTest         time.Duration // of an open circuit
	with, without    figures
	seconds          []second
	dashboard        string // its address; empty: there is none
}

// figures are those of one crowd: its books and the stand-in's.
type figures struct {
	books
	reached int64 // attempts that reached the service
	inVain  int64 // of these, while it was failing
}

// figures reads both books.
func (s *show) figures(l *lane) figures {
	counts := s.service.Counts().ByClient[l.client.label]
	f := figures{books: l.now(), reached: counts.Attempts}
	for name, n := range counts.ByFault {
		if name != "healthy" {
			f.inVain += n
		}
	}
	return f
}

// snapshot describes the present moment.
func (s *show) snapshot() snapshot {
	now := time.Now()
	elapsed := now.Sub(s.began)
	script := s.opts.script
	out := snapshot{
		elapsed: elapsed, lasting: script.lasting(), phase: script.phases[script.at(elapsed)],
		with: s.figures(s.with), without: s.figures(s.without), dashboard: s.adminURL,
	}
	at := s.circuits.now()
	out.state = at.state
	if at.state == breaker.Open {
		out.nextTest = max(0, at.until.Sub(now))
	}
	s.history.note(elapsed, out.with.reached, out.without.reached)
	out.seconds = s.history.latest(shownSeconds, s.began, &s.circuits)
	return out
}

// shownSeconds is how far the bars of the live view go back.
const shownSeconds = 40
