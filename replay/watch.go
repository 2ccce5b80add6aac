package replay

import (
	"time"

	"github.com/recloser/recloser/breaker"
)

// maxMoments bounds a series: what comes later is in its last moment.
const maxMoments = 1024

// Series is what happened in a run, by time. It is filled by the run of the policy that
// [Watch] returns, once.
type Series struct {
	Step    time.Duration // of each moment; more than zero
	Moments []Moment
}

// Moment is what happened in one step.
type Moment struct {
	// What became of the requests that arrived in it. Those that are none of the
	// first four have waited and then failed, or have not ended yet.
	Requests   int
	Answered   int // by the first attempt
	AfterRetry int
	Refused    int // before any attempt

	// What became of the attempts that were asked for in it.
	Held int // refused
	Good int // made, and answered
	Bad  int // made, and failed

	// Works is the chance of an answer that the requests had on average, when they
	// arrived.
	Works float64
}

// Failed is how many requests have waited and then failed, once the run is over.
func (m *Moment) Failed() int { return m.Requests - m.Answered - m.AfterRetry - m.Refused }

// Watch is the policy, with what it does and what comes of it written down in s.
func Watch(p Policy, s *Series) Policy {
	return Policy{Name: p.Name, About: p.About, New: func(of Process) (Admission, error) {
		a, err := p.New(of)
		return &watched{a, of.World, s}, err
	}}
}

// watched is an Admission that is watched. The processes of a run share the series.
type watched struct {
	Admission

	world  World
	series *Series
}

// moment is the one of an instant.
func (s *Series) moment(at time.Duration) *Moment {
	i := int(min(max(at, 0)/s.Step, maxMoments-1))
	for i >= len(s.Moments) {
		s.Moments = append(s.Moments, Moment{})
	}
	return &s.Moments[i]
}

func (w *watched) Admit(slot int, a *Attempt) Verdict {
	if a.N == 0 && a.Begin == a.At { // who stands in line comes later once more
		m := w.series.moment(a.At)
		m.Requests++
		m.Works += (w.world.Chance(a).Answered - m.Works) / float64(m.Requests)
	}
	v := w.Admission.Admit(slot, a)
	if v.Refused {
		w.series.moment(a.Begin).Held++
		if a.N == 0 {
			w.series.moment(a.At).Refused++
		}
	}
	return v
}

func (w *watched) End(now time.Duration, slot int, a *Attempt, r *Answer) {
	w.Admission.End(now, slot, a, r)
	if r.Class != breaker.Answer && r.Class != breaker.Nothing {
		w.series.moment(a.Begin).Bad++
		return
	}
	w.series.moment(a.Begin).Good++
	if m := w.series.moment(a.At); a.N == 0 {
		m.Answered++
	} else {
		m.AfterRetry++
	}
}
