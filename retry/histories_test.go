package retry_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/retry"
)

// world is a random service, and the admission to it, with what a course has done
// there.
type world struct {
	luck    *rand.Rand
	call    retry.Call
	now     time.Time
	most    int             // retries of a call
	refuses int             // in so many of ten steps
	told    []time.Duration // what is told then
	been    map[int]bool    // where attempts were made
	way     []string

	attempts, retries, paid int
	failed                  bool // the last attempt could be repeated by nobody
	idle                    time.Duration
}

const longest = time.Second // that a call waits, and how long it is patient

func newWorld(t *testing.T, seed uint64) (*world, retry.Course) {
	t.Helper()
	luck := rand.New(rand.NewPCG(seed, 1))
	w := &world{luck: luck, now: noon(), been: map[int]bool{}}
	w.call = retry.Call{
		Safe: luck.IntN(4) > 0, Once: luck.IntN(5) == 0, Seed: seed, Targets: 1 + luck.IntN(4), Patient: luck.IntN(2) == 0,
	}
	if luck.IntN(20) == 0 {
		w.call.Targets = 32
	}
	if luck.IntN(3) == 0 {
		w.call.Deadline = w.now.Add(time.Duration(luck.IntN(2000)) * time.Millisecond)
	}
	p := plan(t, retry.Config{MaxRetries: []int{-1, 0, 5}[luck.IntN(3)], MaxWait: longest})
	w.most = p.MaxRetries()
	w.refuses = []int{0, 5, 9, 10}[luck.IntN(4)]
	w.told = [][]time.Duration{{-1, 0, 50 * time.Millisecond}, {0}, {time.Millisecond, 100 * time.Millisecond}}[luck.IntN(3)]
	return w, p.Begin(w.call)
}

func (w *world) ReadyIn(int) time.Duration {
	return time.Duration(w.luck.IntN(4)-1) * 100 * time.Millisecond
}

func (w *world) Spend(int) bool {
	if w.luck.IntN(3) == 0 {
		return false
	}
	w.paid++
	return true
}

// ending is how an attempt ends.
func (w *world) ending() retry.Attempt {
	yes := func(of int) bool { return w.luck.IntN(of) == 0 }
	return retry.Attempt{
		Failed: !yes(10), Retryable: yes(2), Elsewhere: yes(2), NotDone: yes(2), Probe: yes(5), Held: yes(3),
		RetryAfter: time.Duration(max(w.luck.IntN(8)-5, 0)) * 400 * time.Millisecond,
	}
}

// bound is how many steps a course may take: each target once, and once in its line,
// as often as patience lasts, which waits for 10 ms at least; and the retries.
func (w *world) bound() int { return 2*w.call.Targets*(1+int(longest/(10*time.Millisecond))) + w.most }

// take follows a step and says what comes next.
func (w *world) take(c *retry.Course, s retry.Step) retry.Step {
	w.now = w.now.Add(s.Wait)
	if !s.Retry {
		w.idle += s.Wait
	} else {
		w.retries++
	}
	w.way = append(w.way, fmt.Sprintf("%+v", s))
	if w.luck.IntN(10) < w.refuses {
		r := retry.Refusal{In: w.told[w.luck.IntN(len(w.told))], Line: !s.Line && w.luck.IntN(2) == 0}
		return c.Refused(w.now, r, w)
	}
	w.attempts++
	w.been[s.Target] = true
	end := w.ending()
	w.failed = end.Failed && !w.call.Safe && !end.NotDone
	return c.Ended(w.now, end, w)
}

// wrong says what is wrong about a step, or nothing.
func (w *world) wrong(s retry.Step) string {
	after := w.now.Add(s.Wait)
	switch {
	case !s.Again:
		return ""
	case len(w.way) > w.bound():
		return "it does not end"
	case s.Target < 0 || s.Target >= w.call.Targets:
		return "there is no such target"
	case s.Retry != w.been[s.Target]:
		return "a retry is an attempt where there was one, and no other"
	case w.attempts > 0 && (w.call.Once || w.failed):
		return "it must not be repeated"
	case w.paid != w.retries+count(s.Retry) || w.paid > w.most:
		return "each retry is paid for once, and there are no more than allowed"
	case s.Wait < 0 || s.Wait > longest || w.idle+s.Wait > longest && !s.Retry:
		return "it waits too long"
	case s.Wait > 0 && !w.call.Deadline.IsZero() && !after.Before(w.call.Deadline):
		return "the deadline comes first"
	}
	return ""
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Whatever happens to it, a course ends, and keeps to what its call may do.
func TestEveryCourseEnds(t *testing.T) {
	for seed := range uint64(3_000) {
		w, c := newWorld(t, seed)
		for s := c.First(); s.Again; s = w.take(&c, s) {
			if wrong := w.wrong(s); wrong != "" {
				t.Fatalf("seed %d: %s: %+v\n%+v\n%s", seed, wrong, s, w.call, strings.Join(w.way, "\n"))
			}
		}
		if w.paid != w.retries {
			t.Fatalf("seed %d: %d retries are paid for, %d were made\n%s", seed, w.paid, w.retries, strings.Join(w.way, "\n"))
		}
	}
}
