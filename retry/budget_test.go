package retry_test

import (
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recloser/recloser/retry"
)

func budget(t testing.TB, cfg retry.BudgetConfig) *retry.Budget {
	t.Helper()
	b, err := retry.NewBudget(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBudgetStartsFullAndGainsATenthACall(t *testing.T) {
	b := budget(t, retry.BudgetConfig{})
	spend := func() (n int) {
		for b.Spend() {
			n++
		}
		return n
	}
	earn := func(n int) {
		for range n {
			b.Earn()
		}
	}
	if n := spend(); n != 10 {
		t.Errorf("%d retries at first, want 10", n)
	}
	for _, row := range []struct{ calls, retries int }{{9, 0}, {1, 1}, {25, 2}, {5, 1}, {99, 9}, {1, 1}, {1000, 10}} {
		if earn(row.calls); b.Left() > 10 {
			t.Errorf("%v saved up", b.Left())
		}
		if n := spend(); n != row.retries {
			t.Errorf("after %d calls %d retries, want %d", row.calls, n, row.retries)
		}
	}
	b.Refund()
	if b.Left() != 1 || !b.Spend() || b.Spend() {
		t.Errorf("one was given back, %v are left", b.Left())
	}
}

func TestBudgetsOwnShareAndSize(t *testing.T) {
	b := budget(t, retry.BudgetConfig{Share: 0.5, Most: 2})
	if !b.Spend() || !b.Spend() || b.Spend() {
		t.Error("want two to begin with")
	}
	if b.Earn(); b.Spend() {
		t.Error("half a retry was spent")
	}
	if b.Earn(); !b.Spend() {
		t.Error("two halves are none")
	}
}

func TestBudgetWithoutBound(t *testing.T) {
	b := budget(t, retry.BudgetConfig{Share: -1, Most: 1})
	for range 100 {
		if !b.Spend() {
			t.Fatal("a retry was refused")
		}
	}
	if b.Left() != 1 {
		t.Errorf("%v left", b.Left())
	}
}

func TestBadBudgetNamesFields(t *testing.T) {
	_, err := retry.NewBudget(retry.BudgetConfig{Share: 1.5, Most: -1})
	want := "retry: Share is 1.5: use above 0 to 1, 0 for 0.1, or a negative number for no bound\nretry: Most is -1: use 1 to 1000000, or 0 for 10"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := (retry.BudgetConfig{Share: math.NaN()}).Validate(); err == nil || !strings.Contains(err.Error(), "Share is NaN") {
		t.Errorf("got %v", err)
	}
}

func TestBudgetHoldsUnderConcurrency(t *testing.T) {
	b := budget(t, retry.BudgetConfig{})
	var retries atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5000 {
				b.Earn()
				for range 3 {
					if b.Spend() {
						retries.Add(1)
					}
				}
			}
		})
	}
	all.Wait()
	const most = 10 + 8*5000/10
	if n := retries.Load(); n > most || n < most-10 {
		t.Errorf("%d retries, want up to %d", n, most)
	}
}

func TestEachRetryIsSpentOnce(t *testing.T) {
	const most = 200_000
	b := budget(t, retry.BudgetConfig{Most: most})
	var retries atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for b.Spend() {
				retries.Add(1)
			}
		})
	}
	all.Wait()
	if n := retries.Load(); n != most {
		t.Errorf("%d retries of %d were spent", n, most)
	}
}

// refuser has no retry to give, and counts how often it is asked.
type refuser struct {
	admission
	asked int
}

func (r *refuser) Spend(int) bool { r.asked++; return false }

// budgeted is admission by a budget, if there is one.
type budgeted struct {
	admission
	b *retry.Budget
}

func (a budgeted) Spend(int) bool { return a.b == nil || a.b.Spend() }

func TestCourseAsksTheBudgetLast(t *testing.T) {
	for _, row := range []struct {
		name    string
		call    retry.Call
		change  func(*retry.Attempt)
		circuit admission
		want    retry.Reason
		asked   int
	}{
		{"nothing speaks against it", retry.Call{Safe: true}, func(*retry.Attempt) {}, closed, retry.OverBudget, 1},
		{"a success", retry.Call{Safe: true}, func(a *retry.Attempt) { a.Failed = false }, closed, retry.Done, 0},
		{"not safe", retry.Call{}, func(*retry.Attempt) {}, closed, retry.NotSafe, 0},
		{"open", retry.Call{Safe: true}, func(*retry.Attempt) {}, open, retry.NotAdmitted, 0},
		{"too long", retry.Call{Safe: true}, func(a *retry.Attempt) { a.RetryAfter = time.Hour }, closed, retry.TooLong, 0},
		{"too late", retry.Call{Safe: true, Deadline: noon()}, func(*retry.Attempt) {}, closed, retry.PastDeadline, 0},
		{"another target", retry.Call{Safe: true, Targets: 2}, func(a *retry.Attempt) { a.Elsewhere = true }, closed, "", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &refuser{admission: row.circuit}
			a := failed
			row.change(&a)
			c := plan(t, retry.Config{}).Begin(row.call)
			if step := c.Ended(noon(), a, r); step.Why != row.want || step.Again != (row.want == "") || r.asked != row.asked {
				t.Errorf("got %+v, asked %d times; want %q, %d", step, r.asked, row.want, row.asked)
			}
		})
	}
}

func TestDecorrelatedJitterGrowsFromTheLastWait(t *testing.T) {
	grown := 0
	for seed := range uint64(200) {
		c := plan(t, retry.Config{MaxRetries: 20, Strategy: retry.DecorrelatedJitter}).Begin(retry.Call{Safe: true, Seed: seed})
		last := 500 * time.Millisecond
		for range 20 {
			d := c.Ended(noon(), failed, closed).Wait
			if d < 500*time.Millisecond || d > min(3*last, 8*time.Second) {
				t.Fatalf("%v after %v", d, last)
			}
			if last = d; d == 8*time.Second {
				grown++
			}
		}
	}
	if grown < 200 {
		t.Errorf("only %d of 4000 waits have grown to MaxDelay", grown)
	}
}

// A strategy of one's own gets the retry's number and the last wait, and what
// makes no sense is not waited for.
func TestOwnStrategy(t *testing.T) {
	var seen []retry.Turn
	own := func(turn retry.Turn) time.Duration {
		seen = append(seen, turn)
		return []time.Duration{time.Second, -time.Hour, time.Hour}[turn.N-1]
	}
	c := plan(t, retry.Config{MaxRetries: 3, Strategy: own}).Begin(retry.Call{Safe: true})
	for _, want := range []time.Duration{time.Second, 0, 8 * time.Second} {
		if got := c.Ended(noon(), failed, closed).Wait; got != want {
			t.Errorf("waits %v, want %v", got, want)
		}
	}
	if len(seen) != 3 || seen[0].Last != 0 || seen[1].Last != time.Second || seen[1].Base != 500*time.Millisecond {
		t.Errorf("told %+v", seen)
	}
}

// A service is down for 20 s while 500 clients call it: how much do their retries
// add?
func TestRetryStormStaysWithinBudget(t *testing.T) {
	storm := func(b *retry.Budget) (calls, retries int) {
		type client struct {
			at     time.Duration
			course retry.Course
			again  bool
		}
		p := plan(t, retry.Config{})
		clients := make([]client, 500)
		for i := range clients {
			clients[i].at = time.Duration(i) * 2 * time.Millisecond
		}
		for {
			i := 0
			for j := range clients {
				if clients[j].at < clients[i].at {
					i = j
				}
			}
			c := &clients[i]
			if c.at > 20*time.Second {
				return calls, retries
			}
			if c.again {
				retries++
			} else {
				calls++
				if b != nil {
					b.Earn()
				}
				c.course = p.Begin(retry.Call{Safe: true, Seed: uint64(calls)})
			}
			step := c.course.Ended(noon().Add(c.at), failed, budgeted{closed, b})
			if c.again = step.Again; c.again {
				c.at += step.Wait
			} else {
				c.at += time.Second // and then it asks for something else
			}
		}
	}
	calls, retries := storm(budget(t, retry.BudgetConfig{}))
	bareCalls, bareRetries := storm(nil)
	t.Logf("with a budget %d retries of %d calls (%.1f %%), without %d of %d (%.0f %%)", retries, calls,
		100*float64(retries)/float64(calls), bareRetries, bareCalls, 100*float64(bareRetries)/float64(bareCalls))
	if most := 10 + calls/10; retries > most {
		t.Errorf("%d retries, at most %d", retries, most)
	}
}

func BenchmarkBudget(b *testing.B) {
	full, used := budget(b, retry.BudgetConfig{}), budget(b, retry.BudgetConfig{})
	b.Run("full", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				full.Earn()
			}
		})
	})
	b.Run("used", func(b *testing.B) { // calls that all fail
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				used.Earn()
				used.Spend()
			}
		})
	})
}
