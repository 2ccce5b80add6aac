package replay

import (
	"cmp"
	"slices"
	"time"

	"github.com/recloser/recloser/breaker"
)

// recovery is for how long after an outage a service counts as recovering.
const recovery = 30 * time.Second

// maxLog is how many openings a score tells one by one.
const maxLog = 1000

// tally adds up what happens in a run.
type tally struct {
	sum     Score
	vain    time.Duration
	waited  time.Duration
	lost    time.Duration
	outages []outageTally // by their begin
	gone    int           // so many of the first are over, and what came after them too
}

// outageTally is what has come of one outage.
type outageTally struct {
	Outage
	failures int // until it was caught
	caught   time.Duration
	back     time.Duration // when the first attempt since was answered that began then
	isCaught bool
	isBack   bool
	attempts int // in the recovery
	requests int
}

func (t *tally) start(outages []Outage) {
	for _, o := range outages {
		t.outages = append(t.outages, outageTally{Outage: o})
	}
	slices.SortStableFunc(t.outages, func(a, b outageTally) int { return cmp.Compare(a.From, b.From) })
}

// during calls f with the outages that are one for a, or that a may be the first
// after.
func (t *tally) during(a *Attempt, now time.Duration, f func(o *outageTally, over bool)) {
	for t.gone < len(t.outages) && t.outages[t.gone].isBack && now > t.outages[t.gone].To+recovery {
		t.gone++
	}
	for i := t.gone; i < len(t.outages) && t.outages[i].From <= now; i++ {
		if o := &t.outages[i]; o.hits(a) {
			f(o, now >= o.To)
		}
	}
}

func (t *tally) arrived(q Request) {
	t.sum.Requests++
	if t.gone < len(t.outages) && t.outages[t.gone].From <= q.At {
		t.during(&Attempt{Request: q}, q.At, func(o *outageTally, over bool) {
			if over && q.At < o.To+recovery {
				o.requests++
			}
		})
	}
}

func (t *tally) began(f *flight) {
	t.sum.Attempts++
	if f.probe {
		t.sum.Probes++
	}
	if f.answer.Guessed {
		t.sum.Guessed++
	}
	a := &f.attempt
	if t.gone >= len(t.outages) || t.outages[t.gone].From > a.Begin {
		return
	}
	t.during(a, a.Begin, func(o *outageTally, over bool) {
		good := f.answer.Class == breaker.Answer
		switch {
		case !over && !good:
			t.sum.Wasted++
		case over && good && !o.isBack:
			o.isBack, o.back = true, a.Begin
		}
		if over && a.Begin < o.To+recovery {
			o.attempts++
		}
	})
}

// failed is told of an attempt when it ends so.
func (t *tally) failed(f *flight) {
	t.sum.Failed++
	t.vain += f.answer.Took
	if f.answer.Class == breaker.Quota {
		t.sum.Limited++
	}
	a := &f.attempt
	if t.gone < len(t.outages) && t.outages[t.gone].From <= a.Begin {
		t.during(a, a.Begin, func(o *outageTally, over bool) {
			if !over && !o.isCaught {
				o.failures++
			}
		})
	}
}

func (t *tally) refused(f *flight, would Chance) {
	a := &f.attempt
	t.sum.Refused++
	t.sum.RefusedGood += would.Answered
	t.during(a, a.Begin, func(o *outageTally, over bool) {
		if !over && !o.isCaught {
			o.isCaught, o.caught = true, a.Begin
		}
	})
	if f.failed == 0 {
		t.sum.RefusedAtOnce++
	} else {
		t.sum.WaitedThenFailed++
	}
	t.unanswered(a, a.Begin)
}

func (t *tally) answered(f *flight, now time.Duration) {
	if f.failed == 0 {
		t.sum.Answered++
	} else {
		t.sum.AfterRetry++
	}
	t.waited += now - f.attempt.At
}

func (t *tally) gaveUp(f *flight, now time.Duration) {
	t.sum.WaitedThenFailed++
	t.unanswered(&f.attempt, now)
}

func (t *tally) unanswered(a *Attempt, now time.Duration) {
	t.waited += now - a.At
	t.lost += now - a.At
}

// score is the sum of all.
func (t *tally) score(all []Admission) Score {
	s := t.sum
	s.SecondsWaited, s.SecondsInVain, s.SecondsFailed = t.waited.Seconds(), t.lost.Seconds(), t.vain.Seconds()
	s.Outages = len(t.outages)
	t.ofOutages(&s)
	for _, a := range all {
		openings := a.Openings()
		s.Openings += len(openings)
		s.Log = append(s.Log, openings...)
	}
	slices.SortStableFunc(s.Log, func(a, b Opening) int { return cmp.Compare(a.At, b.At) })
	s.Log = s.Log[:min(len(s.Log), maxLog)]
	return s
}

func (t *tally) ofOutages(s *Score) {
	var attempts, requests int
	for i := range t.outages {
		o := &t.outages[i]
		if o.isCaught {
			s.Caught++
			s.DetectSeconds += (o.caught - o.From).Seconds()
			s.DetectFailures += float64(o.failures)
		}
		if o.isBack {
			s.Back++
			s.ReturnSeconds += (o.back - o.To).Seconds()
		}
		attempts, requests = attempts+o.attempts, requests+o.requests
	}
	s.DetectSeconds /= float64(max(s.Caught, 1))
	s.DetectFailures /= float64(max(s.Caught, 1))
	s.ReturnSeconds /= float64(max(s.Back, 1))
	s.RecoveryLoad = float64(attempts) / float64(max(requests, 1))
}
