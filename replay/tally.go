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
	begun   int           // so many of the first
	near    []int         // of these, which are not over, or have not been for long
	silent  map[where][]int
}

// where is what an outage is of. By it those are kept that have been over for long, and
// after which nothing was answered yet.
type where struct{ model, replica int }

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
	t.silent = make(map[where][]int)
	slices.SortStableFunc(t.outages, func(a, b outageTally) int { return cmp.Compare(a.From, b.From) })
}

// during calls f with the outages that are one for a, or that have just been. There may
// be very many that have been over for long: they cost nothing here.
func (t *tally) during(a *Attempt, f func(o *outageTally, over bool)) {
	if len(t.near) == 0 && (t.begun == len(t.outages) || t.outages[t.begun].From > a.Begin) {
		return
	}
	for t.begun < len(t.outages) && t.outages[t.begun].From <= a.Begin {
		t.near = append(t.near, t.begun)
		t.begun++
	}
	t.near = slices.DeleteFunc(t.near, func(i int) bool {
		o := &t.outages[i]
		past := a.Begin > o.To+recovery
		if past && !o.isBack {
			of := where{o.Model, o.Replica}
			t.silent[of] = append(t.silent[of], i)
		}
		return past
	})
	for _, i := range t.near {
		if o := &t.outages[i]; o.From <= a.Begin && o.hits(a) { // a may have begun long ago
			f(o, a.Begin >= o.To)
		}
	}
}

// back is told of an attempt that will be answered.
func (t *tally) back(a *Attempt) {
	if len(t.silent) == 0 {
		return
	}
	for _, of := range [...]where{{a.Model, a.Replica}, {a.Model, Any}, {Any, a.Replica}, {Any, Any}} {
		for _, i := range t.silent[of] {
			t.outages[i].isBack, t.outages[i].back = true, a.Begin
		}
		delete(t.silent, of)
	}
}

func (t *tally) arrived(q Request) {
	t.sum.Requests++
	t.during(&Attempt{Request: q, Begin: q.At}, func(o *outageTally, over bool) {
		if over && q.At < o.To+recovery {
			o.requests++
		}
	})
}

func (t *tally) began(f *flight) {
	t.sum.Attempts++
	if f.probe {
		t.sum.Probes++
	}
	if f.answer.Guessed {
		t.sum.Guessed++
	}
	a, good := &f.attempt, f.answer.Class == breaker.Answer
	t.during(a, func(o *outageTally, over bool) {
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
	if good {
		t.back(a)
	}
}

// failed is told of an attempt when it ends so.
func (t *tally) failed(f *flight) {
	t.sum.Failed++
	t.vain += f.answer.Took
	if f.answer.Class == breaker.Quota {
		t.sum.Limited++
	}
	t.during(&f.attempt, func(o *outageTally, over bool) {
		if !over && !o.isCaught {
			o.failures++
		}
	})
}

func (t *tally) refused(f *flight, would Chance) {
	a := &f.attempt
	t.sum.Refused++
	t.sum.RefusedGood += would.Answered
	t.during(a, func(o *outageTally, over bool) {
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
