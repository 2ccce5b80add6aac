package integration

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"go.uber.org/goleak"

	"github.com/recloser/recloser/breaker"
)

// The breaker of TestBreakerIsLinearizable: its open periods are all of one
// length, since the first reaches ResetTimeout, and a lease may end before its
// probe does.
const (
	linearThreshold = 2
	linearPeriod    = 4 * time.Millisecond
	linearLease     = 3 * time.Millisecond
)

// Histories are short, so that the checker ends, and many. All instants of one
// are in one quarter of a second, so that every success ends a run of failures.
const (
	linearRounds  = 12_000
	linearClients = 4
	linearOps     = 12 // of each client
	linearStep    = time.Millisecond
)

// linearOp is what is asked of the breaker, the input of an operation.
type linearOp struct {
	kind    opKind
	at      time.Duration // of the logical clock
	permit  int           // which one: numbers are given by the asking client
	outcome breaker.Outcome
}

type opKind uint8

const (
	opAllow opKind = iota
	opRecord
	opProgress
	opState   // without the lock
	opMetrics // under the lock
)

// linearAnswer is what came of it, the output. Unset is what a kind does not say.
type linearAnswer struct {
	admitted, probe bool
	state           breaker.State
	failures        int
	openings        int
	failed          int64
	probeOut        bool
}

// linearState is the classic breaker, written as plainly as can be.
type linearState struct {
	state      breaker.State
	generation int // counts the states; a permit is of one
	failures   int // in a row
	openings   int // in a row
	failed     int64
	until      time.Duration // of the open period, or of the lease
	lease      int           // of the probe; 0: none is out
	leases     int
	permits    [linearClients * linearOps]linearPermit
}

// linearPermit is one that is not recorded yet.
type linearPermit struct{ generation, lease int }

// step does op, and tells what the answer must have been.
func (s linearState) step(op linearOp) (linearState, linearAnswer) {
	switch op.kind {
	case opAllow:
		return s.allow(op)
	case opRecord:
		p := s.permits[op.permit]
		s.permits[op.permit] = linearPermit{}
		return s.record(op, p), linearAnswer{}
	case opProgress:
		p := &s.permits[op.permit]
		if p.lease != 0 && p.generation == s.generation {
			s = s.reclose()
			s.permits[op.permit].generation = s.generation
		}
		s.permits[op.permit].lease = 0
	case opState:
		return s, linearAnswer{state: s.state}
	case opMetrics:
		return s, linearAnswer{
			state: s.state, failures: s.failures, openings: s.openings,
			failed: s.failed, probeOut: s.lease != 0,
		}
	}
	return s, linearAnswer{}
}

func (s linearState) allow(op linearOp) (linearState, linearAnswer) {
	switch {
	case s.state == breaker.Closed:
		s.permits[op.permit] = linearPermit{generation: s.generation}
		return s, linearAnswer{admitted: true}
	case s.state == breaker.Open && op.at < s.until,
		s.state == breaker.HalfOpen && s.lease != 0 && op.at < s.until:
		return s, linearAnswer{}
	case s.state == breaker.Open:
		s.state = breaker.HalfOpen
		s.generation++
	}
	s.leases++
	s.lease, s.until = s.leases, op.at+linearLease
	s.permits[op.permit] = linearPermit{s.generation, s.lease}
	return s, linearAnswer{admitted: true, probe: true}
}

func (s linearState) record(op linearOp, p linearPermit) linearState {
	if op.outcome == breaker.Failure {
		s.failed++
	}
	if p.generation != s.generation {
		return s
	}
	switch op.outcome {
	case breaker.Success:
		if s.state == breaker.HalfOpen {
			return s.reclose()
		}
		s.failures = 0
	case breaker.Failure:
		s.failures++
		if s.state == breaker.HalfOpen || s.failures >= linearThreshold {
			return s.open(op.at)
		}
	case breaker.Ignored:
		if s.state == breaker.HalfOpen && s.lease == p.lease {
			s.lease = 0
		}
	}
	return s
}

func (s linearState) open(at time.Duration) linearState {
	s.state, s.lease, s.until = breaker.Open, 0, at+linearPeriod
	s.generation++
	s.openings++
	return s
}

func (s linearState) reclose() linearState {
	s.state, s.lease, s.until, s.failures, s.openings = breaker.Closed, 0, 0, 0, 0
	s.generation++
	return s
}

func linearModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return linearState{generation: 1} },
		Step: func(state, input, output any) (bool, any) {
			next, want := state.(linearState).step(input.(linearOp))
			return want == output.(linearAnswer), next
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
	}
}

// linearRun is one breaker and those who use it at once.
type linearRun struct {
	b     *breaker.Breaker
	epoch time.Time
	clock atomic.Int64 // logical, what the breaker is told
	order atomic.Int64 // of calls and returns, what the checker is told
	late  atomic.Int64 // clients that are not there yet
}

func newLinearRun(t *testing.T) *linearRun {
	t.Helper()
	r := &linearRun{epoch: time.Now()}
	b, err := breaker.NewAt(r.epoch, "linear", breaker.Config{
		FailureThreshold: linearThreshold, ProbeLease: linearLease,
		BaseTimeout: linearPeriod, ResetTimeout: linearPeriod,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.b = b
	return r
}

// history has all clients work at once, and returns what they did.
func (r *linearRun) history(seed uint64) []porcupine.Operation {
	var done sync.WaitGroup
	all := make([][]porcupine.Operation, linearClients)
	r.late.Store(linearClients)
	for id := range linearClients {
		done.Go(func() {
			c := &linearClient{run: r, id: id, rand: rand.New(rand.NewPCG(seed, uint64(id)))}
			for r.late.Add(-1); r.late.Load() > 0; {
				runtime.Gosched()
			}
			for range linearOps {
				c.next()
			}
			all[id] = c.history
		})
	}
	done.Wait()
	var history []porcupine.Operation
	for _, ops := range all {
		history = append(history, ops...)
	}
	return history
}

// linearClient asks for permits and records them in its own order.
type linearClient struct {
	run     *linearRun
	id      int
	rand    *rand.Rand
	asked   int
	permits []heldPermit
	history []porcupine.Operation
}

type heldPermit struct {
	number int
	permit *breaker.Permit
}

func (c *linearClient) next() {
	if c.rand.IntN(4) == 0 {
		runtime.Gosched() // there are fewer processors than clients
	}
	held := len(c.permits)
	switch dice := c.rand.IntN(10); {
	case dice == 0:
		c.do(linearOp{kind: opState})
	case dice == 1:
		c.do(linearOp{kind: opMetrics})
	case held > 0 && dice == 2:
		c.do(linearOp{kind: opProgress, permit: c.rand.IntN(held)})
	case held > 0 && dice < 7:
		outcome := breaker.Failure
		if d := c.rand.IntN(10); d < 4 {
			outcome = breaker.Success
		} else if d == 4 {
			outcome = breaker.Ignored
		}
		c.do(linearOp{kind: opRecord, permit: c.rand.IntN(held), outcome: outcome})
	default:
		c.do(linearOp{kind: opAllow})
	}
}

// do carries out an operation, the permit of which is yet an index of those held.
func (c *linearClient) do(op linearOp) {
	r := c.run
	op.at = time.Duration(r.clock.Add(c.rand.Int64N(int64(linearStep))))
	now := r.epoch.Add(op.at)
	var held heldPermit
	index := op.permit
	switch op.kind {
	case opAllow:
		op.permit = c.id*linearOps + c.asked
		c.asked++
	case opRecord, opProgress:
		held = c.permits[index]
		op.permit = held.number
	case opState, opMetrics:
	}
	var got linearAnswer
	called := r.order.Add(1)
	switch op.kind {
	case opAllow:
		p, err := r.b.AllowAt(now)
		got.admitted, got.probe = err == nil, p.Probe()
		held = heldPermit{op.permit, &p}
	case opRecord:
		held.permit.RecordAt(now, op.outcome)
	case opProgress:
		held.permit.ProgressAt(now)
	case opState:
		got.state = r.b.State()
	case opMetrics:
		m := r.b.Metrics()
		got = linearAnswer{
			state: m.State, failures: m.ConsecutiveFailures, openings: m.Openings,
			failed: m.FailedCalls, probeOut: m.Probes > 0,
		}
	}
	returned := r.order.Add(1)
	if got.admitted {
		c.permits = append(c.permits, held)
	}
	if op.kind == opRecord {
		c.permits = append(c.permits[:index], c.permits[index+1:]...)
	}
	c.history = append(c.history, porcupine.Operation{
		ClientId: c.id, Input: op, Call: called, Output: got, Return: returned,
	})
}

// TestBreakerIsLinearizable shows that whatever several goroutines see of one
// breaker could have been seen if their calls had come one after the other, each
// at some moment between its begin and its end, also where they take no lock: a
// calm circuit's calls and successes, refusals, and State. Of what there is to
// see, only TotalCalls and RefusedCalls are left out: they are counted a moment
// after the decision.
func TestBreakerIsLinearizable(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var seen linearSeen
	rounds := linearRounds
	if raceEnabled {
		rounds /= 3
	}
	for round := range rounds {
		history := newLinearRun(t).history(uint64(round))
		seen.add(history)
		switch result := porcupine.CheckOperationsTimeout(linearModel(), history, time.Minute); result {
		case porcupine.Illegal:
			t.Fatalf("round %d cannot be put into an order:\n%s", round, describe(history))
		case porcupine.Unknown:
			t.Fatalf("round %d: not decided in a minute", round)
		case porcupine.Ok:
		}
	}
	if seen.probes < rounds || seen.refused < rounds || seen.reclosed < rounds/10 || seen.overlaps < rounds {
		t.Errorf("too little happened: %+v", seen)
	}
	t.Logf("%+v", seen)
}

// linearSeen counts what makes histories worth checking.
type linearSeen struct{ probes, refused, reclosed, overlaps int }

func (s *linearSeen) add(history []porcupine.Operation) {
	for i, op := range history {
		got := op.Output.(linearAnswer)
		switch op.Input.(linearOp).kind {
		case opAllow:
			if got.probe {
				s.probes++
			}
			if !got.admitted {
				s.refused++
			}
		case opMetrics:
			if got.state == breaker.Closed && got.failed >= linearThreshold && got.failures == 0 {
				s.reclosed++
			}
		case opRecord, opProgress, opState:
		}
		for _, other := range history[:i] {
			if op.Call < other.Return && other.Call < op.Return {
				s.overlaps++
			}
		}
	}
}

func describe(history []porcupine.Operation) string {
	text := ""
	for _, op := range history {
		text += fmt.Sprintf("%3d–%3d client %d: %+v: %+v\n", op.Call, op.Return, op.ClientId, op.Input, op.Output)
	}
	return text
}

// TestLinearModelRefusesWrongHistories shows that the check has teeth: what a
// broken breaker would have answered is no history of the model.
func TestLinearModelRefusesWrongHistories(t *testing.T) {
	const late = linearPeriod + 10*time.Microsecond
	allow := func(permit int, at time.Duration) linearOp { return linearOp{kind: opAllow, permit: permit, at: at} }
	record := func(permit int, at time.Duration, o breaker.Outcome) linearOp {
		return linearOp{kind: opRecord, permit: permit, at: at, outcome: o}
	}
	state := linearOp{kind: opState}
	admitted, probe, refused, none := linearAnswer{admitted: true}, linearAnswer{admitted: true, probe: true}, linearAnswer{}, linearAnswer{}
	type event struct {
		op  linearOp
		got linearAnswer
	}
	// Three calls are admitted, two of them fail, so that it opens at 2.
	opened := []event{
		{allow(0, 0), admitted}, {allow(1, 0), admitted}, {allow(2, 0), admitted},
		{record(0, 1, breaker.Failure), none}, {record(1, 2, breaker.Failure), none},
	}
	tests := []struct {
		name string
		then []event
		want porcupine.CheckResult
	}{
		{"refused while open", []event{{allow(3, 3), refused}}, porcupine.Ok},
		{"let through while open", []event{{allow(3, 3), admitted}}, porcupine.Illegal},
		{"one probe", []event{{allow(3, late), probe}, {allow(4, late), refused}}, porcupine.Ok},
		{"two probes", []event{{allow(3, late), probe}, {allow(4, late), probe}}, porcupine.Illegal},
		{"a probe too early", []event{{allow(3, 3), probe}}, porcupine.Illegal},
		{"a late success does not close", []event{{allow(3, late), probe}, {record(2, late, breaker.Success), none}, {allow(4, late), refused}}, porcupine.Ok},
		{"a late success closes", []event{{allow(3, late), probe}, {record(2, late, breaker.Success), none}, {allow(4, late), admitted}}, porcupine.Illegal},
		{"a late failure reopens", []event{
			{allow(3, late), probe}, {record(2, late, breaker.Failure), none}, {state, linearAnswer{state: breaker.Open}},
		}, porcupine.Illegal},
		{"a late failure counts", []event{
			{allow(3, late), probe}, {record(3, late, breaker.Success), none}, {record(2, late, breaker.Failure), none},
			{linearOp{kind: opMetrics}, linearAnswer{failures: 1, failed: 3}},
		}, porcupine.Illegal},
		{"does not open", []event{{state, linearAnswer{state: breaker.Closed}}}, porcupine.Illegal},
		{"the lease ends", []event{{allow(3, late), probe}, {allow(4, late+linearLease), probe}}, porcupine.Ok},
	}
	for _, tt := range tests {
		var history []porcupine.Operation
		for i, e := range slices.Concat(opened, tt.then) {
			history = append(history, porcupine.Operation{Input: e.op, Output: e.got, Call: int64(2 * i), Return: int64(2*i + 1)})
		}
		if got := porcupine.CheckOperationsTimeout(linearModel(), history, time.Minute); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
