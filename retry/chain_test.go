package retry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/retry"
)

// service is what a course meets: for each target what an attempt there comes to,
// in the order of the attempts, the last for all that follow.
//
//	ok       it is answered
//	503      it fails, and could be repeated anywhere
//	401      it fails in a way that another target can help, but no repetition
//	400      it fails for good
//	503/2s   the service asks to wait
//	open     nothing is let through
//	open/5s  nothing is let through for so long
type service struct {
	now     time.Time
	targets [][]string
	made    []int
	spent   int
	budget  int // how many retries there are at most
}

func (s *service) ReadyIn(target int) time.Duration {
	outcome, wait := s.next(target)
	switch {
	case outcome != "open":
		return 0
	case wait == 0:
		return -1
	}
	return wait
}

func (s *service) Spend(int) bool {
	s.spent++
	return s.spent <= s.budget
}

func (s *service) next(target int) (outcome string, wait time.Duration) {
	all := s.targets[target]
	outcome, after, _ := strings.Cut(all[min(s.made[target], len(all)-1)], "/")
	wait, _ = time.ParseDuration(after)
	return outcome, wait
}

// run makes a call and tells its way: "0 503, 1 ok".
func (s *service) run(t *testing.T, cfg retry.Config, call retry.Call) string {
	t.Helper()
	cfg.Strategy = retry.Fixed
	call.Targets = len(s.targets)
	s.now, s.made = noon(), make([]int, len(s.targets))
	course := plan(t, cfg).Begin(call)
	var way []string
	step := retry.Step{Again: true}
	for range 200 {
		outcome, wait := s.next(step.Target)
		s.made[step.Target]++
		told := fmt.Sprint(step.Target, " ", outcome)
		if step.Wait > 0 {
			told = fmt.Sprint(step.Wait.Round(100*time.Millisecond), " ", told)
		}
		way = append(way, told)
		switch outcome {
		case "open":
			if wait == 0 {
				wait = -1
			}
			step = course.Refused(s.now, retry.Refusal{In: wait}, s)
		default:
			step = course.Ended(s.now, retry.Attempt{
				Failed: outcome != "ok", Retryable: outcome == "503", Elsewhere: outcome == "503" || outcome == "401", RetryAfter: wait,
			}, s)
		}
		if !step.Again {
			if step.Why != retry.Done {
				way = append(way, string(step.Why))
			}
			return strings.Join(way, ", ")
		}
		s.now = s.now.Add(step.Wait)
	}
	return strings.Join(way, ", ") + ", and so on"
}

func chain(targets ...string) [][]string {
	var all [][]string
	for _, one := range targets {
		all = append(all, strings.Fields(one))
	}
	return all
}

func TestChain(t *testing.T) {
	safe, patient := retry.Call{Safe: true}, retry.Call{Safe: true, Patient: true}
	for _, row := range []struct {
		name    string
		targets [][]string
		call    retry.Call
		want    string
	}{
		{"the first answers", chain("ok", "ok"), safe, "0 ok"},
		{"the next at once", chain("503", "ok"), safe, "0 503, 1 ok"},
		{"an open circuit is passed over", chain("open", "ok"), safe, "0 open, 1 ok"},
		{"all are tried", chain("503", "401", "open", "503", "ok"), safe, "0 503, 1 401, 2 open, 3 503, 4 ok"},
		{"back off when none is left", chain("503 ok", "503"), safe, "0 503, 1 503, 500ms 0 ok"},
		{"not where trying again does not help", chain("401", "503 ok"), safe, "0 401, 1 503, 500ms 1 ok"},
		{"nor where it was refused", chain("open", "503 ok"), safe, "0 open, 1 503, 500ms 1 ok"},
		{"first where the wait is shorter", chain("503/3s ok", "503/1s ok"), safe, "0 503, 1 503, 1.2s 1 ok"},
		{"a wait that is too long is none", chain("503/11s ok", "503 503 ok"), safe, "0 503, 1 503, 500ms 1 503, 500ms 1 ok"},
		{"retries are counted, targets are not", chain("503", "503", "503"), safe,
			"0 503, 1 503, 2 503, 500ms 0 503, 500ms 0 503, no retries left"},
		{"the caller's mistake ends it", chain("400", "ok"), safe, "0 400, trying again would not help"},
		{"also elsewhere", chain("503", "400"), safe, "0 503, 1 400, trying again would not help"},
		{"none helps", chain("401", "401"), safe, "0 401, 1 401, trying again would not help"},
		{"once is once", chain("503", "ok"), retry.Call{Safe: true, Once: true}, "0 503, no retries left"},
		{"but what was refused was not made", chain("open", "ok"), retry.Call{Safe: true, Once: true}, "0 open, 1 ok"},
		{"not safe to repeat anywhere", chain("503", "ok"), retry.Call{}, "0 503, not safe to repeat"},
		{"all are open", chain("open/2s", "open"), safe, "0 open, 1 open, no target lets it through"},
		{"patience", chain("open/5s ok", "open/2s ok"), patient, "0 open, 1 open, 2s 1 ok"},
		{"patience, and then the others", chain("open/5s ok", "open/2s open/2s"), patient, "0 open, 1 open, 2s 1 open, 0 ok"},
		{"patience has its bound", chain("open/3s"), patient, "0 open, 3s 0 open, 3s 0 open, 3s 0 open, the wait would be too long"},
		{"patience knows of no time", chain("open", "open"), patient, "0 open, 1 open, no target lets it through"},
		{"patience after a failure", chain("401", "open/2s ok"), patient, "0 401, 1 open, 2s 1 ok"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &service{targets: row.targets, budget: 10}
			if got := s.run(t, retry.Config{}, row.call); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestPatienceHeedsTheDeadline(t *testing.T) {
	s := &service{targets: chain("open/2s")}
	call := retry.Call{Safe: true, Patient: true, Deadline: noon().Add(2 * time.Second)}
	if got, want := s.run(t, retry.Config{}, call), "0 open, the caller's deadline comes first"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEachTargetHasItsBudget(t *testing.T) {
	s := &service{targets: chain("503 ok", "503 ok")}
	if got, want := s.run(t, retry.Config{}, retry.Call{Safe: true}), "0 503, 1 503, the retry budget is spent"; got != want || s.spent != 2 {
		t.Errorf("got %s after asking %d times, want %s after 2", got, s.spent, want)
	}
}

// Before a gate with a line nobody has to back off: the line does it.
func TestHeldTargetIsTriedAtOnce(t *testing.T) {
	c := plan(t, retry.Config{}).Begin(retry.Call{Safe: true})
	a := failed
	a.RetryAfter, a.Held = 20*time.Second, true
	if step := c.Ended(noon(), a, closed); !step.Again || step.Wait != 0 || !step.Retry || !step.Line {
		t.Errorf("got %+v", step)
	}
}

func TestLine(t *testing.T) {
	begin := func(targets int) retry.Course {
		return plan(t, retry.Config{}).Begin(retry.Call{Safe: true, Targets: targets})
	}
	line := func(in time.Duration) retry.Refusal { return retry.Refusal{In: in, Line: true} }
	none := retry.Refusal{In: time.Second}

	c := begin(1)
	if step := c.First(); !step.Line {
		t.Errorf("of one target: %+v", step)
	}
	c = begin(3)
	if step := c.First(); step.Line || step.Target != 0 {
		t.Errorf("of several: %+v", step)
	}
	if step := c.Refused(noon(), line(5*time.Second), closed); step.Line || step.Target != 1 {
		t.Errorf("another is left: %+v", step)
	}
	if step := c.Refused(noon(), line(2*time.Second), closed); step.Line || step.Target != 2 {
		t.Errorf("another is left: %+v", step)
	}
	if step := c.Refused(noon(), none, closed); !step.Line || step.Target != 1 || step.Wait != 0 {
		t.Errorf("none is left: %+v, want the shorter line", step)
	}
	if step := c.Refused(noon(), none, closed); !step.Line || step.Target != 0 {
		t.Errorf("that line was full: %+v, want the other", step)
	}
	if step := c.Refused(noon(), none, closed); step.Again || step.Why != retry.NotAdmitted {
		t.Errorf("both were full: %+v", step)
	}
}

// Where a retry could help soon, nobody waits in a long line elsewhere.
func TestRetryComesBeforeTheLineOfAnother(t *testing.T) {
	c := plan(t, retry.Config{Strategy: retry.Fixed}).Begin(retry.Call{Safe: true, Targets: 2})
	a := failed
	a.Elsewhere = true
	if step := c.Ended(noon(), a, closed); step.Target != 1 || step.Line {
		t.Fatalf("got %+v", step)
	}
	step := c.Refused(noon(), retry.Refusal{In: 29 * time.Second, Line: true}, closed)
	if want := (retry.Step{Again: true, Wait: 500 * time.Millisecond, Retry: true, Line: true}); step != want {
		t.Errorf("got %+v, want %+v", step, want)
	}
}

// later is a target that lets calls through in a while.
type later time.Duration

func (l later) ReadyIn(int) time.Duration { return time.Duration(l) }
func (later) Spend(int) bool              { return true }

func TestBackOffWaitsForTheTarget(t *testing.T) {
	for in, want := range map[time.Duration]retry.Step{
		0:                {Again: true, Wait: 500 * time.Millisecond, Retry: true, Line: true},
		3 * time.Second:  {Again: true, Wait: 3 * time.Second, Retry: true, Line: true},
		10 * time.Second: {Again: true, Wait: 10 * time.Second, Retry: true, Line: true},
		11 * time.Second: {Why: retry.TooLong},
		-1:               {Why: retry.NotAdmitted},
	} {
		c := plan(t, retry.Config{Strategy: retry.Fixed}).Begin(retry.Call{Safe: true})
		step := c.Ended(noon(), failed, later(in))
		if step.Wait > want.Wait && step.Wait <= min(want.Wait*6/5, 10*time.Second) {
			step.Wait = want.Wait // those who were told the same come back apart
		}
		if step != want {
			t.Errorf("ready in %v: got %+v, want %+v", in, step, want)
		}
	}
}

func TestCourseOfOneTargetDoesNotAllocate(t *testing.T) {
	p := plan(t, retry.Config{})
	if n := testing.AllocsPerRun(100, func() {
		c := p.Begin(retry.Call{Safe: true})
		c.Ended(noon(), retry.Attempt{}, closed)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestManyTargetsWithoutBudget(t *testing.T) {
	var all []string
	for range 70 {
		all = append(all, "503")
	}
	s := &service{targets: chain(all...)}
	if got := s.run(t, retry.Config{}, retry.Call{Safe: true}); s.made[69] != 1 || !strings.HasSuffix(got, string(retry.OverBudget)) {
		t.Errorf("got %s", got)
	}
}

func TestStrategyThatPanics(t *testing.T) {
	c := plan(t, retry.Config{Strategy: func(retry.Turn) time.Duration { panic("x") }}).Begin(retry.Call{Safe: true})
	if step := c.Ended(noon(), failed, closed); !step.Again || step.Wait > 500*time.Millisecond {
		t.Errorf("got %+v", step)
	}
}
