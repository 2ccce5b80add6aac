package breaker_test

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/recloser/recloser/breaker"
)

// sketch is the adaptive policy in outline, and no more than that: it is here
// to show that the interface carries it (see ../shared/adaptive-policy.md for
// the numbers in brackets).
type sketch struct {
	F         float64 // learned failure rate (1.3)
	H         float64 // share of hangs among failures (1.3)
	X         float64 // seconds that failures take (1.3)
	answers   int64   // of View.Totals, already learned
	run       int     // failures of the present run, not yet learned
	quotas    int     // 429s in a row (1.5, 3)
	answersAt int64   // of View.Totals, when the last 429 came
	recovered time.Time
	ramp      float64
}

func newSketch() breaker.Policy { return &sketch{F: 0.01, X: 0.5} }

func (*sketch) Needs() breaker.Needs {
	return breaker.Needs{AnswerTimes: true, EveryCall: true, ResetTimeout: 2 * time.Minute}
}

func (p *sketch) Judge(v *breaker.View, e breaker.Event) (d breaker.Decision) {
	if e.Kind == breaker.Started {
		p.answers = v.Totals().Answered
	}
	p.learn(v)
	switch e.Kind {
	case breaker.Recorded:
		p.recorded(v, e, &d)
	case breaker.Started, breaker.Turned, breaker.Late, breaker.Content, breaker.Merged:
	case breaker.ProbeBegan:
		d.NextProbe = p.wait(v)
		d.Hold = 2 * time.Second
		if p.H < 0.2 {
			d.Survive = max(time.Second, time.Duration(4*p.X*float64(time.Second)))
		}
	case breaker.Reclosed:
		p.ramp, p.recovered = 2, v.Now()
	case breaker.Opened:
		p.ramp = 0
		d.NextProbe = p.wait(v)
	case breaker.StartedOver:
		p.run, p.ramp, p.recovered = 0, 0, v.Now()
	case breaker.ParentChanged:
		p.run, p.ramp, p.recovered = 0, 0, v.Now()
		return breaker.Decision{Reclose: true}
	}
	if state, _ := v.State(); state == breaker.Closed {
		p.surprise(v, &d)
	}
	p.run = p.count(v)
	d.Ramp = p.ramp
	d.Attend = p.run > 0 || p.ramp > 0
	return d
}

func (p *sketch) learn(v *breaker.View) {
	now := v.Totals().Answered
	p.F *= math.Pow(0.99, float64(now-p.answers))
	p.answers = now
}

func (p *sketch) recorded(v *breaker.View, e breaker.Event, d *breaker.Decision) {
	switch e.Class {
	case breaker.Answer:
		for range p.run {
			p.F += 0.01 * (1 - p.F)
		}
		if p.ramp > 0 {
			p.ramp += 2
		}
		if _, mean, _ := v.AnswerTimes(0.5); p.ramp > 2+mean.Seconds()*10 {
			p.ramp = 0
		}
	case breaker.QuickFailure, breaker.Hang:
		hang := 0.0
		if e.Class == breaker.Hang {
			hang = 1
		}
		p.H += 0.1 * (hang - p.H)
		p.X += 0.3 * (e.Took.Seconds() - p.X)
		p.ramp /= 2
		d.NextProbe = p.wait(v)
	case breaker.Quota:
		if p.answersAt != p.answers {
			p.quotas, p.answersAt = 0, p.answers
		}
		p.quotas++
		if e.Probe {
			d.Reclose = true
		} else if p.quotas >= 10 {
			d.Trip, d.Reason = true, "nothing but 429"
		}
	case breaker.Nothing:
	}
}

// count is the run: failures of calls that began after the newest answered one,
// and since the last recovery.
func (p *sketch) count(v *breaker.View) (k int) {
	answered := v.NewestAnswered()
	models := map[string]int{}
	for _, f := range v.Failures() {
		if !f.Begin.Before(answered) && f.Begin.After(p.recovered) && v.Now().Sub(f.Begin) < 5*time.Minute {
			models[f.Child]++
			k++
		}
	}
	if v.Children(5*time.Minute) >= 2 && len(models) == 1 { // one model does not open its host
		k = min(k, 1)
	}
	return k
}

func (p *sketch) surprise(v *breaker.View, d *breaker.Decision) {
	k, s := p.count(v), 0
	if n, _, p95 := v.AnswerTimes(0.95); n >= 20 {
		s = v.StalledFor(4 * p95)
	}
	if (float64(k)+float64(s)/2)*math.Log(1/min(max(p.F, 0.01), 0.6)) >= math.Log(1e7) {
		d.Trip, d.Reason = true, "surprise"
		d.Evidence = breaker.Evidence{Stalled: s, Note: fmt.Sprintf("%d failures in a row at a failure rate of %.2f", k, p.F)}
	}
}

// wait is the square root law (1.6), at ten calls a second.
func (p *sketch) wait(v *breaker.View) time.Duration {
	t := 0.0
	if n, first := v.Openings(); n > 0 {
		t = v.Now().Sub(first).Seconds()
	}
	return time.Duration(math.Sqrt(0.5*(t+3)/(0.5*10)) * float64(time.Second))
}

func (p *sketch) Why(v *breaker.View) string {
	if n := p.count(v); n > 0 {
		return fmt.Sprintf("watching %d failures", n)
	}
	return ""
}

func (p *sketch) MarshalJSON() ([]byte, error) {
	type state sketch
	return json.Marshal((*state)(p))
}

func (p *sketch) UnmarshalJSON(data []byte) error {
	type state sketch
	return json.Unmarshal(data, (*state)(p))
}
