package replay

import (
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// TestOutagesThatAreOverCostNothing: a policy that refuses everything is never back, and
// must not look at all outages of a long trace for each attempt.
func TestOutagesThatAreOverCostNothing(t *testing.T) {
	const n = 5000
	var all []Outage
	for i := range n {
		from := time.Duration(i) * time.Minute
		all = append(all, Outage{from, from + 10*time.Second, i % 2, Any})
	}
	var x tally
	x.start(all)
	at := func(at time.Duration, model int) *flight {
		return &flight{attempt: Attempt{Request: Request{At: at, Model: model}, Begin: at}}
	}
	for i := range n {
		x.refused(at(time.Duration(i)*time.Minute+5*time.Second, i%2), Chance{})
		if len(x.near) > 2 {
			t.Fatalf("%d outages are looked at in minute %d", len(x.near), i)
		}
	}
	end := n * time.Minute
	answered := at(end, 0)
	answered.answer.Class = breaker.Answer
	x.began(answered)
	var s Score
	x.ofOutages(&s)
	if s.Caught != n || s.DetectSeconds != 5 || s.Back != n/2 {
		t.Errorf("%+v", s)
	}
	if o := &x.outages[0]; !o.isBack || o.back != end || x.outages[1].isBack {
		t.Errorf("%+v, %+v", o, x.outages[1])
	}
	// Who began in an outage and fails long after it is one of its failures no more.
	x.failed(at(5*time.Second, 1))
	if x.sum.Failed != 1 || x.outages[1].failures != 0 {
		t.Errorf("%+v", x.outages[1])
	}
}
