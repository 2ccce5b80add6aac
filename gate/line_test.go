package gate_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/gate"
)

// live is a gate that reads the clock of a synctest bubble.
func live(t *testing.T, cfg gate.Config) *gate.Gate {
	t.Helper()
	g, err := gate.New("key", "gpt", cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := live(t, gate.Config{MaxWait: time.Hour})
		begin := time.Now()
		g.Report(gate.Report{Kind: gate.RateLimit, RetryAfter: 5 * time.Second})
		var mu sync.Mutex
		var order []int
		var waits []time.Duration
		for i := range 50 {
			go func() {
				if err := g.Wait(t.Context()); err != nil {
					t.Errorf("caller %d: %v", i, err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
				waits = append(waits, time.Since(begin))
			}()
			synctest.Wait()
		}
		if m := g.Metrics(); m.Waiting != 50 {
			t.Fatalf("%d wait", m.Waiting)
		}
		if err := g.Allow(); !errors.Is(err, gate.ErrClosed) {
			t.Error("somebody pushed in")
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for i, who := range order {
			if who != i {
				t.Fatalf("order %v", order)
			}
		}
		if len(order) != 50 || waits[0] != 5*time.Second {
			t.Fatalf("%d were let through, the first after %v", len(order), waits[0])
		}
		// A gate that has never seen an answer begins at one call in 10 s, and grows
		// with the demand, never by more than one call at once.
		for i := 1; i < 50; i++ {
			if waits[i] <= waits[i-1] {
				t.Errorf("callers %d and %d went together at %v", i-1, i, waits[i])
			}
		}
	})
}

func TestCallerLeavesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := live(t, gate.Config{})
		g.Report(gate.Report{Kind: gate.RateLimit, RetryAfter: 5 * time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		go func() { ended <- g.Wait(ctx) }()
		synctest.Wait()
		go func() { ended <- g.Wait(t.Context()) }()
		synctest.Wait()
		time.Sleep(time.Second)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if m := g.Metrics(); m.Waiting != 1 {
			t.Errorf("%d wait", m.Waiting)
		}
		begin := time.Now()
		if err := <-ended; err != nil || time.Since(begin) != 4*time.Second {
			t.Errorf("who was behind: %v after %v", err, time.Since(begin))
		}
		if err := g.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("waits although its context is done: %v", err)
		}
	})
}

func TestDeadlineThatComesFirstIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := live(t, gate.Config{})
		g.Report(gate.Report{Kind: gate.RateLimit, RetryAfter: 5 * time.Second})
		begin := time.Now()
		wait := func(d time.Duration) (*gate.ClosedError, time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			asked := time.Now()
			err := g.Wait(ctx)
			closed, _ := errors.AsType[*gate.ClosedError](err)
			if err != nil && closed == nil {
				t.Fatalf("got %v", err)
			}
			return closed, time.Since(asked)
		}
		if e, took := wait(4999 * time.Millisecond); e == nil || e.Why != gate.DeadlineFirst || took != 0 || !e.Until.Equal(begin.Add(5*time.Second)) {
			t.Errorf("got %+v after %v", e, took)
		}
		if m := g.Metrics(); m.Rate != 0 {
			t.Errorf("who does not wait has limited the rate to %v", m.Rate)
		}
		if e, took := wait(5 * time.Second); e != nil || took != 5*time.Second {
			t.Errorf("got %+v after %v", e, took)
		}
	})
}

// The gate is closed for longer while somebody waits: whom that makes too late is
// told at once, and the others go on waiting.
func TestLongerWaitIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := live(t, gate.Config{MaxWait: time.Hour})
		g.Report(gate.Report{Kind: gate.RateLimit, RetryAfter: 5 * time.Second})
		type end struct {
			who  string
			err  error
			when time.Duration
		}
		begin, ends := time.Now(), make(chan end, 2)
		for who, d := range map[string]time.Duration{"patient": time.Minute, "hurried": 20 * time.Second} {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), d)
				defer cancel()
				err := g.Wait(ctx)
				ends <- end{who, err, time.Since(begin)}
			}()
		}
		synctest.Wait()
		time.Sleep(2 * time.Second)
		g.Report(gate.Report{Kind: gate.RateLimit, RetryAfter: 30 * time.Second})
		if e := <-ends; e.who != "hurried" || !errors.Is(e.err, gate.ErrClosed) || e.when != 2*time.Second {
			t.Errorf("got %+v", e)
		}
		if e := <-ends; e.who != "patient" || e.err != nil || e.when != 32*time.Second {
			t.Errorf("got %+v", e)
		}
	})
}

func TestParkingEmptiesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := live(t, gate.Config{})
		g.Report(gate.Report{Kind: gate.RateLimit, RetryAfter: 5 * time.Second})
		ends := make(chan error, 3)
		for range 3 {
			go func() { ends <- g.Wait(t.Context()) }()
		}
		synctest.Wait()
		g.Report(gate.Report{Kind: gate.Quota})
		synctest.Wait()
		for range 3 {
			if err := <-ends; !errors.Is(err, gate.ErrParked) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestResetLetsTheLineGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := live(t, gate.Config{MaxWait: time.Hour})
		g.Report(gate.Report{Kind: gate.RateLimit, RetryAfter: 25 * time.Second})
		ends := make(chan error, 3)
		for range 3 {
			go func() { ends <- g.Wait(t.Context()) }()
			synctest.Wait()
		}
		begin := time.Now()
		g.Reset()
		for range 3 {
			if err := <-ends; err != nil {
				t.Error(err)
			}
		}
		if time.Since(begin) != 0 {
			t.Errorf("it took %v", time.Since(begin))
		}
	})
}

func TestLineIsBounded(t *testing.T) {
	for _, row := range []struct{ set, room int }{{0, 100}, {3, 3}, {gate.Off, 0}} {
		r := newRig(t, gate.Config{MaxWaiting: row.set, MaxWait: 24 * time.Hour})
		r.limited(time.Second)
		for i := range row.room {
			if tk, err := r.g.WaitAt(r.clock, time.Time{}); tk == nil || err != nil {
				t.Fatalf("MaxWaiting %d: place %d: %v", row.set, i, err)
			}
		}
		_, err := r.g.WaitAt(r.clock, time.Time{})
		if e := r.refused(err); e.Why != gate.LineFull {
			t.Errorf("MaxWaiting %d: %v", row.set, e)
		}
	}
}

func TestMaxWaitHoldsWhateverTheDeadline(t *testing.T) {
	r := newRig(t, gate.Config{MaxWait: 5 * time.Second})
	r.limited(5001 * time.Millisecond)
	_, err := r.g.WaitAt(r.clock, time.Time{})
	if e := r.refused(err); e.Why != gate.DeadlineFirst {
		t.Errorf("got %v", e)
	}
}

func TestTicketIsUsedUpOnce(t *testing.T) {
	r := newRig(t, gate.Config{})
	r.limited(time.Second)
	first, _ := r.g.WaitAt(r.clock, time.Time{})
	second, _ := r.g.WaitAt(r.clock, time.Time{})
	if wait, err := first.TurnAt(r.clock); wait != time.Second || err != nil {
		t.Errorf("got %v, %v", wait, err)
	}
	r.wait(time.Second)
	if wait, err := second.TurnAt(r.clock); wait <= 0 || err != nil {
		t.Errorf("the second before the first: %v, %v", wait, err)
	}
	if wait, err := first.TurnAt(r.clock); wait != 0 || err != nil {
		t.Errorf("got %v, %v", wait, err)
	}
	if _, err := first.TurnAt(r.clock); err == nil {
		t.Error("let through twice")
	}
	second.LeaveAt(r.clock)
	second.LeaveAt(r.clock)
	if m := r.g.MetricsAt(r.clock); m.Waiting != 0 {
		t.Errorf("%d wait", m.Waiting)
	}
}

func TestNobodyPushesIn(t *testing.T) {
	r := newRig(t, gate.Config{})
	r.limited(time.Second)
	first, _ := r.g.WaitAt(r.clock, time.Time{})
	r.wait(time.Second) // it is the first's turn, who has not noticed yet
	if r.readyIn() == 0 {
		t.Error("ready for others")
	}
	r.refusal()
	if late, _ := r.g.WaitAt(r.clock, time.Time{}); late == nil {
		t.Error("a later one went before the first")
	}
	if wait, err := first.TurnAt(r.clock); wait != 0 || err != nil {
		t.Errorf("the first: %v, %v", wait, err)
	}
}

// Under a limit, whatever callers do, no more are let through than the rate
// gives; those who wait leave in the order in which they came.
func TestManyCallersGetExactlyTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := live(t, gate.Config{MaxWaiting: 1000, MaxWait: time.Hour})
		s := g.Snapshot()
		s.Rate, s.Tokens, s.Hit, s.Cut = 4, 0, time.Now(), time.Now()
		s.Asked, s.Answered = 0, 4
		if err := g.Restore(s); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		var mu sync.Mutex
		var passed, left int
		highest := 0. // rate
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i%4 == 3 {
					time.AfterFunc(time.Second, cancel)
				}
				err := g.Wait(ctx)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					passed++
				} else {
					left++
				}
				// Never more than at the highest rate there has been.
				highest = max(highest, g.Metrics().Rate)
				if most := highest*time.Since(begin).Seconds() + 1; float64(passed) > most {
					t.Errorf("%d passed after %v, at most %.1f may", passed, time.Since(begin), most)
				}
			})
		}
		all.Wait()
		if passed+left != 200 || passed < 150 || g.Metrics().Waiting != 0 {
			t.Errorf("%d passed, %d left, %d wait", passed, left, g.Metrics().Waiting)
		}
	})
}

// Under real concurrency the test is the race detector's, and that nobody is lost.
func TestConcurrentUse(t *testing.T) {
	g := live(t, gate.Config{MaxClosed: 2 * time.Millisecond, FirstGuess: time.Millisecond, MaxWaiting: 8, MaxWait: 50 * time.Millisecond, Retest: time.Millisecond, MaxRetest: time.Millisecond})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 300 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(j%5)*time.Millisecond)
				err := g.Wait(ctx)
				if i%2 == 0 {
					err = g.Allow()
				}
				cancel()
				if err == nil && j%7 == 0 {
					g.Withdraw(time.Now())
				} else if err == nil {
					g.Report(gate.Report{Kind: gate.Kind(j % 6), Begun: time.Now()})
				}
				_ = fmt.Sprint(g.State(), g.Metrics())
				_, _ = g.ReadyIn()
				if j%50 == 0 {
					g.Reset()
				}
			}
		})
	}
	all.Wait()
	if m := g.Metrics(); m.Waiting != 0 {
		t.Errorf("%d still wait", m.Waiting)
	}
}
