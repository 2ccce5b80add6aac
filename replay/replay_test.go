package replay

import (
	"iter"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
)

func rows(all ...Record) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func trace(t *testing.T, cfg TraceConfig, all ...Record) *Trace {
	t.Helper()
	tr, err := ReadTrace(rows(all...), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func score(t *testing.T, s Stage, p Policy) Score {
	t.Helper()
	got, err := Run(s, p)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// tenSeconds is five failures in a row, then ten seconds: no luck is in it.
func tenSeconds() Policy {
	return Circuits{Breaker: breaker.Config{BaseTimeout: 10 * time.Second, ResetTimeout: 10 * time.Second}}.Policy("ten seconds", "")
}

// An attempt a second, each takes 0.1 s, those of the first 13 s fail. By hand: five
// fail, the circuit opens at 4.1 s, those of 5 s to 14 s are refused, of which
// two would have been answered, and the one of 15 s is the probe.
func TestTinyTrace(t *testing.T) {
	var all []Record
	for i := range 30 {
		r := Record{At: time.Duration(i) * second, Model: "m", Status: 200, Latency: 100 * time.Millisecond}
		if i < 13 {
			r.Kind, r.Status = fault.Service, 503
		}
		all = append(all, r)
	}
	got := score(t, trace(t, TraceConfig{}, all...).Stage(Likely, Client{}, 1), tenSeconds())
	want := Score{
		Requests: 30, Answered: 15, RefusedAtOnce: 10, WaitedThenFailed: 5, SecondsWaited: 2, SecondsInVain: 0.5, SecondsFailed: 0.5,
		Attempts: 20, Failed: 5, Wasted: 5, Probes: 1, Refused: 10, RefusedGood: 2, Outages: 1, Caught: 1, Back: 1, DetectSeconds: 5,
		DetectFailures: 5, ReturnSeconds: 2, RecoveryLoad: 15. / 17, Openings: 1,
		Log: []Opening{{4100 * time.Millisecond, "upstream/m", "5 consecutive failures (5 × 503)"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if loss := got.Loss(SpecCosts()); math.Abs(loss-16.26) > 1e-9 {
		t.Errorf("lost %v, want 15 + 5·0.25 + 0.5·0.02", loss)
	}
}

// The same rows, told by their ends and in another order, are the same trace.
func TestTraceIsReplayedByBegin(t *testing.T) {
	slow := Record{At: 10 * second, Model: "m", Latency: 9 * second}
	quick := Record{At: 3 * second, Model: "m", Latency: second}
	unknown := Record{At: 12 * second, Model: "m", Latency: Unknown}
	tr := trace(t, TraceConfig{Ended: true}, quick, slow, unknown)
	var begun []time.Duration
	w := tr.Stage(Likely, Client{}, 1).World()
	for r, ok := w.Next(); ok; r, ok = w.Next() {
		begun = append(begun, r.At)
	}
	// From 1 s on: those of 2 s, and of 12 s less the median of what is known.
	if want := []time.Duration{0, second, 2 * second}; !slices.Equal(begun, want) || tr.Facts().NoLatency != 1 {
		t.Errorf("begun at %v, want %v; %+v", begun, want, tr.Facts())
	}
}

// A call's retries are the client's. They find the record where it is.
func TestRecordsOfACallAreFolded(t *testing.T) {
	all := []Record{
		{At: 0, Model: "m", Kind: fault.Service, Status: 503, Latency: 200 * time.Millisecond, Call: "a"},
		{At: 700 * time.Millisecond, Model: "m", Status: 200, Latency: second, Call: "a"},
		{At: minute, Model: "m", Kind: fault.Service, Status: 503, Latency: second, Call: "b"},
		{At: 2 * minute, Model: "m", Kind: fault.Service, Status: 503, Latency: second},
		{At: 3 * minute, Model: "m", Status: 200, Latency: second},
	}
	s := score(t, trace(t, TraceConfig{}, all...).Stage(Likely, SpecClient(), 1), tenSeconds())
	if s.Requests != 4 || s.AfterRetry+s.WaitedThenFailed != 3 || s.AfterRetry == 0 || s.Attempts != s.Answered+s.AfterRetry+s.Failed {
		t.Errorf("%+v", s)
	}
	if s.Guessed == 0 || s.Guessed > 2 { // the retries of b, which are not on record
		t.Errorf("%d guessed", s.Guessed)
	}
}

func TestReadTracePassesErrorsOn(t *testing.T) {
	bad := func(yield func(Record, error) bool) { yield(Record{}, errTest) }
	if _, err := ReadTrace(bad, TraceConfig{}); err != errTest {
		t.Error(err)
	}
}

type testError struct{}

func (testError) Error() string { return "test" }

var errTest = testError{}

// An answer that the policy has not used is there for one other attempt.
func TestUnusedAnswersOfAQuota(t *testing.T) {
	var all []Record
	for i := range 40 {
		r := Record{At: time.Duration(i) * 5 * second, Model: "m", Status: 200, Latency: second}
		if i%2 == 1 {
			r.Kind, r.Status = fault.RateLimit, 429
		}
		all = append(all, r)
	}
	tr := trace(t, TraceConfig{}, all...)
	for guess, want := range map[Guess]breaker.Class{Likely: breaker.Answer, Pessimistic: breaker.Quota} {
		w := newRetold(tr, guess, 1)
		for i := range 10 {
			q, _ := w.Next()
			if a := (Attempt{Request: q, Begin: q.At, Limit: minute}); i == 4 {
				w.Would(&a) // it is refused
			} else if got := w.Send(&a).Class; i == 5 && got != want || i == 7 && got != breaker.Quota {
				t.Errorf("guess %d, attempt %d: %v", guess, i, got)
			}
		}
	}
}

func TestSameSeedSameScore(t *testing.T) {
	t.Parallel()
	for _, p := range production() {
		for _, s := range []Scenario{Scenarios()[7], Scenarios()[13], Random(3)} {
			s.Length = 8 * minute
			if a, b := score(t, s.Stage(5), p), score(t, s.Stage(5), p); !reflect.DeepEqual(a, b) {
				t.Errorf("%s, %s: %+v\nand then %+v", p.Name, s.Name, a, b)
			}
			if a, b := score(t, s.Stage(5), p), score(t, s.Stage(6), p); reflect.DeepEqual(a, b) {
				t.Errorf("%s, %s: another seed changes nothing", p.Name, s.Name)
			}
		}
	}
}

// listening notes how first attempts end.
type listening struct {
	World
	ends map[uint64]Answer
}

func (l listening) Send(a *Attempt) Answer {
	r := l.World.Send(a)
	if a.N == 0 {
		l.ends[a.ID] = r
	}
	return r
}

func TestPoliciesDoNotChangeTheLuckOfOthers(t *testing.T) {
	t.Parallel()
	heard := func(s Scenario, p Policy) map[uint64]Answer {
		stage, ends := s.Stage(9), map[uint64]Answer{}
		world := stage.World
		stage.World = func() World { return listening{world(), ends} }
		score(t, stage, p)
		return ends
	}
	for _, s := range []Scenario{Scenarios()[3], Scenarios()[4], Scenarios()[13]} {
		all, some := heard(s, Peers(false)[14]), heard(s, production()[1])
		if len(some) == 0 || len(some) > len(all) {
			t.Errorf("%s: %d of %d", s.Name, len(some), len(all))
		}
		for id, r := range some {
			if all[id] != r {
				t.Fatalf("%s: request %d ends with %+v, and with %+v if more is sent", s.Name, id, r, all[id])
			}
		}
	}
}

func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, s := range append(Scenarios(), Random(1), Random(2)) {
		for _, p := range append(production(), append(Peers(s.Keyed), Oracle(SpecCosts()))...) {
			s.Length = 6 * minute
			x := score(t, s.Stage(2), p)
			if x.Answered+x.AfterRetry+x.RefusedAtOnce+x.WaitedThenFailed != x.Requests || x.Requests == 0 {
				t.Errorf("%s, %s: requests: %+v", s.Name, p.Name, x)
			}
			if x.Answered+x.AfterRetry+x.Failed != x.Attempts || x.Wasted > x.Failed || x.Limited > x.Failed || x.Caught > x.Outages {
				t.Errorf("%s, %s: attempts: %+v", s.Name, p.Name, x)
			}
		}
	}
}

// Where the state of the service does not depend on the calls, nobody does better
// than who knows it, but for luck.
func TestNobodyBeatsTheOracle(t *testing.T) {
	t.Parallel()
	for _, c := range Columns(50, 2, 0) {
		switch c.Name {
		case "healthy", "outage", "brownout30", "grey95", "stall", "one-bad-node":
		default:
			continue
		}
		cells, err := c.Fill(SpecCosts(), append(production()[1:2], Peers(false)...))
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range cells {
			if cell.Regret.Mean < -0.5 {
				t.Errorf("%s, %s: a regret of %v", c.Name, cell.Policy, cell.Regret)
			}
		}
	}
}

// Two simple policies come to what the specification of the scorecard has for them.
func TestScenariosAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	want := map[string][2]float64{ // 5 in a row for 10 s; none
		"healthy": {6, 0}, "outage": {10, 367}, "short-outages": {30, 64}, "grey95": {10, 266}, "stall": {42, 362}, "long-calls": {47, 162},
		"rate-limit": {118, 553}, "one-model": {222, 92}, "one-model/keyed": {5, 92}, "flapping": {71, 158}, "metastable": {207, 1420},
		"low-traffic": {20, 135}, "one-bad-node": {2, 92}, "fleet16-diurnal": {29, 241},
	}
	for _, c := range Columns(1000, 5, 0) {
		figures, ok := want[c.Name]
		if !ok {
			continue
		}
		peers := Peers(c.Keyed)
		cells, err := c.Fill(SpecCosts(), []Policy{peers[0], peers[14]})
		if err != nil {
			t.Fatal(err)
		}
		for i, cell := range cells {
			if got, w := cell.Regret, figures[i]; math.Abs(got.Mean-w) > 3+0.1*w+2*got.Error {
				t.Errorf("%s, %s: %.1f ± %.1f, want %v", c.Name, cell.Policy, got.Mean, got.Error, w)
			}
		}
	}
}

func TestQueueIsInOrder(t *testing.T) {
	var q queue
	r := rand.New(rand.NewPCG(1, 1))
	var last event
	for i := range 10_000 {
		if i < 5000 || i%3 == 0 {
			q.push(last.at+time.Duration(r.IntN(50)), uint32(i))
			continue
		}
		e := q.pop()
		if e.before(last) {
			t.Fatalf("%+v after %+v", e, last)
		}
		last = e
	}
}

// A bucket of two, one a second: the third is told to come back, and takes half a
// token.
func TestBucketByHand(t *testing.T) {
	p := &Phase{Limit: 1, Burst: 2}
	b := &bucket{}
	for _, row := range []struct {
		at   float64
		want time.Duration
	}{{0, 0}, {0, 0}, {0, second}, {0, 2 * second}, {0, 2 * second}, {1, second}, {2.4, second}, {3.5, 0}} {
		if got := b.take(time.Duration(row.at*1e9), p); got != row.want {
			t.Errorf("at %v s: %v, want %v", row.at, got, row.want)
		}
	}
}

func TestCallsWaitInLine(t *testing.T) {
	s := Scenario{Length: 2 * minute, Models: 1, Replicas: 1, Phases: []Phase{{From: 20 * second, To: 2 * minute, Limit: 5}}}
	refusing := score(t, s.Stage(1), Circuits{Gates: true}.Policy("", ""))
	pacing := score(t, s.Stage(1), Circuits{Gates: true, Patience: 20 * time.Second}.Policy("", ""))
	if pacing.Answered+pacing.AfterRetry < refusing.Answered+refusing.AfterRetry || pacing.SecondsWaited < 2*refusing.SecondsWaited {
		t.Errorf("%+v\n%+v", pacing, refusing)
	}
}

func TestContentComesBeforeTheEnd(t *testing.T) {
	all := []Record{}
	for i := range 5 {
		all = append(all, Record{At: time.Duration(i) * 100 * time.Millisecond, Model: "m", Kind: fault.Service, Status: 503, Latency: time.Millisecond})
	}
	for i := range 3 { // the probe streams for a minute
		all = append(all, Record{At: time.Duration(20+10*i) * second, Model: "m", Status: 200, Latency: minute, Content: second})
	}
	if s := score(t, trace(t, TraceConfig{}, all...).Stage(Likely, Client{}, 1), tenSeconds()); s.Refused != 0 || s.Answered != 3 || s.Openings != 1 {
		t.Errorf("%+v", s)
	}
}

func TestWrongConfigurationIsAnError(t *testing.T) {
	bad := Circuits{Breaker: breaker.Config{FailureThreshold: -3}}.Policy("bad", "")
	if _, err := Run(Scenarios()[0].Stage(1), bad); err == nil {
		t.Error("no error")
	}
}

// One gate for all models shares what it finds out about the limit that they share.
func TestOneGateForAKeysLimit(t *testing.T) {
	s := Scenario{Length: 5 * minute, Models: 8, Replicas: 1, Rate: 6, Phases: []Phase{{From: minute, To: 5 * minute, Limit: 2}}}
	apart := score(t, s.Stage(1), Circuits{Gates: true}.Policy("", ""))
	shared := score(t, s.Stage(1), Circuits{OneGate: true}.Policy("", ""))
	if shared.Limited >= apart.Limited || shared.Answered+shared.AfterRetry <= apart.Answered+apart.AfterRetry {
		t.Errorf("%+v\n%+v", shared, apart)
	}
}
