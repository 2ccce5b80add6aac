package replay

import (
	"reflect"
	"testing"
	"time"
)

// TestWatchingChangesNothing also demands that the series adds up to the score.
func TestWatchingChangesNothing(t *testing.T) {
	s := Scenarios()[1]
	s.Length, s.Rate, s.Phases = 2*time.Minute, 5, []Phase{{From: 30 * time.Second, To: 80 * time.Second, Fail: 1}}
	stage := s.Stage(7)
	for _, p := range append(Peers(false), Circuits{Gates: true, Patience: 10 * time.Second}.Policy("ours", ""), Oracle(SpecCosts())) {
		plain, err := Run(stage, p)
		if err != nil {
			t.Fatal(err)
		}
		series := &Series{Step: 5 * time.Second}
		score, err := Run(stage, Watch(p, series))
		if err != nil || !reflect.DeepEqual(plain, score) {
			t.Errorf("%s: %+v, watched %+v (%v)", p.Name, plain, score, err)
		}
		var sum Moment
		failed := 0
		for i := range series.Moments {
			m := &series.Moments[i]
			sum.Requests += m.Requests
			sum.Answered += m.Answered
			sum.AfterRetry += m.AfterRetry
			sum.Refused += m.Refused
			sum.Held += m.Held
			sum.Bad += m.Bad
			failed += m.Failed()
		}
		want := Moment{
			Requests: score.Requests, Answered: score.Answered, AfterRetry: score.AfterRetry,
			Refused: score.RefusedAtOnce, Held: score.Refused, Bad: score.Failed,
		}
		if sum != want || failed != score.WaitedThenFailed {
			t.Errorf("%s: %+v and %d failed, the score has %+v and %d", p.Name, sum, failed, want, score.WaitedThenFailed)
		}
		if works := series.Moments[10].Works; works > 0.1 {
			t.Errorf("%s: in the outage %v are answered", p.Name, works)
		}
	}
	last := &Series{Step: time.Second}
	if m := last.moment(24 * time.Hour); m != &last.Moments[maxMoments-1] {
		t.Error("a late instant is not in the last moment")
	}
}
