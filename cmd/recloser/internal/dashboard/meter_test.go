package dashboard

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func noon() *clock { return &clock{at: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

func attempt(circuit string, k fault.Kind) guard.Event {
	return guard.Event{Type: guard.AttemptEnded, Circuit: circuit, Kind: k, Duration: time.Second, Content: 100 * time.Millisecond}
}

func refused(circuit string) guard.Event {
	return guard.Event{Type: guard.CallEnded, Asked: circuit, Refused: true}
}

func TestNothingIsLostWhenAllCountAtOnce(t *testing.T) {
	c := noon()
	l := NewLive(c.now)
	const callers, each = 16, 500
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			for n := range each {
				name := fmt.Sprintf("host/m%d", n%3)
				l.Observe(t.Context(), attempt(name, fault.Kind(i%2)))
				l.Observe(t.Context(), refused(name))
				if n%100 == 0 {
					l.meter.figures("host", c.now(), &sums{})
				}
			}
		})
	}
	all.Wait()
	var s sums
	got := l.meter.figures("host", c.now(), &s)
	if s.fine.attempts != callers*each || s.fine.bad != callers*each/2 || s.fine.out != callers*each || s.latency.Count() != callers*each/2 {
		t.Errorf("%+v", s.fine)
	}
	if m := &s.minutes[hourSlots-1]; m.Attempts[fault.Success]+m.Attempts[fault.Service] != callers*each || m.Refused != callers*each {
		t.Errorf("%+v", m)
	}
	if *got.FailureRate != 0.5 {
		t.Errorf("%v", *got.FailureRate)
	}
	if n := len(l.meter.family("host")); n != 4 {
		t.Errorf("%d circuits", n)
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	l := NewLive(nil)
	events := []guard.Event{attempt("host/m", fault.Success), attempt("host/m", fault.Service), refused("host/m"), {Type: guard.CallEnded, Asked: "host/m"}}
	ctx := t.Context()
	all := func() {
		for i := range events {
			l.Observe(ctx, events[i])
		}
	}
	all()
	if n := testing.AllocsPerRun(1000, all); n != 0 {
		t.Errorf("%v allocations for %d events", n, len(events))
	}
}

func BenchmarkObserve(b *testing.B) {
	l := NewLive(nil)
	e := attempt("host/m", fault.Success)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l.Observe(b.Context(), e)
		}
	})
}

func TestFigures(t *testing.T) {
	c := noon()
	l := NewLive(c.now)
	see := func(n int, e guard.Event) {
		for range n {
			l.Observe(t.Context(), e)
		}
	}
	figures := func() figures { return l.meter.figures("host/m", c.now(), &sums{}) }
	if f := figures(); f.Rate != 0 || f.FailureRate != nil || f.P50 != nil || f.active {
		t.Errorf("of nothing: %+v", f)
	}
	see(30, attempt("host/m", fault.Success))
	see(10, attempt("host/m", fault.Timeout))
	see(5, attempt("host/m", fault.Caller)) // says nothing about the service
	see(11, refused("host/m"))
	c.add(5 * time.Second) // the last minute is 55 s by now
	f := figures()
	if f.Rate != round(45.0/55) || f.RefusedRate != 0.2 || *f.FailureRate != 0.25 {
		t.Errorf("%+v %v", f, *f.FailureRate)
	}
	if *f.P50 < 0.98 || *f.P50 > 1.02 || *f.P99 != *f.P50 || *f.Content50 < 0.098 || *f.Content95 > 0.102 {
		t.Errorf("%v %v %v", *f.P50, *f.Content50, *f.Content95)
	}
	c.add(54 * time.Second)
	if f := figures(); f.Rate == 0 {
		t.Error("too early: it was 59 s ago")
	}
	c.add(2 * time.Second)
	if f := figures(); f.Rate != 0 || f.FailureRate != nil || f.P50 == nil || !f.active {
		t.Errorf("after a minute: %+v", f)
	}
	c.add(4 * time.Minute)
	if f := figures(); f.P50 != nil || !f.active {
		t.Errorf("after five minutes: %+v", f)
	}
	c.add(time.Hour)
	if f := figures(); f.active || f.ribbon != [hourSlots]string{} {
		t.Errorf("after an hour: %+v", f)
	}
	c.add(noon().at.Add(2 * time.Hour).Sub(c.at)) // to where all this began
	see(1, attempt("host/m", fault.Success))      // its slots are used again
	if f := figures(); f.P50 == nil || *f.P50 > 1.02 || f.ribbon[hourSlots-1] != "ok" {
		t.Errorf("%+v", f)
	}
}

func TestRibbon(t *testing.T) {
	c := noon()
	l := NewLive(c.now)
	minute := func(events ...guard.Event) {
		for _, e := range events {
			l.Observe(t.Context(), e)
		}
		c.add(time.Minute)
	}
	ok, fails, mine := attempt("host/m", fault.Success), attempt("host/m", fault.Service), attempt("host/m", fault.Caller)
	minute()
	minute(ok)
	minute(ok, ok, fails)
	minute(ok, fails, mine)
	minute(mine)
	minute(ok, refused("host/m"))
	at := func(from, to breaker.State, m breaker.Mode) {
		l.Transition(breaker.Transition{Name: "host/m", From: from, To: to, At: c.now(), Mode: m})
	}
	at(breaker.Closed, breaker.Open, breaker.Normal)
	minute()
	minute()
	at(breaker.Open, breaker.HalfOpen, breaker.Normal)
	at(breaker.HalfOpen, breaker.Closed, breaker.Normal)
	minute(ok)
	minute(ok)
	at(breaker.Closed, breaker.Closed, breaker.ForcedOpen)
	minute()
	f := l.meter.figures("host/m", c.now(), &sums{})
	want := []string{"", "ok", "some", "bad", "ok", "open", "open", "open", "open", "ok", "open", "open"}
	if got := f.ribbon[hourSlots-len(want):]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if up := l.meter.figures("host", c.now(), &sums{}); up.ribbon[hourSlots-1] != "" || up.ribbon[hourSlots-11] != "ok" {
		t.Errorf("above: %q", up.ribbon)
	}
	at(breaker.Closed, breaker.Closed, breaker.Normal)
	c.add(3 * time.Hour)
	at(breaker.Closed, breaker.Open, breaker.Normal)
	c.add(2 * time.Hour)
	f = l.meter.figures("host/m", c.now(), &sums{})
	for i, got := range f.ribbon {
		if got != "open" {
			t.Fatalf("open for two hours: minute %d is %q", i, got)
		}
	}
}

func TestClockThatGoesBack(t *testing.T) {
	c := noon()
	l := NewLive(c.now)
	for _, jump := range []time.Duration{0, time.Minute, -3 * time.Minute, -time.Hour, 2 * time.Hour, -100 * 365 * 24 * time.Hour} {
		c.add(jump)
		l.Observe(t.Context(), attempt("host/m", fault.Success))
		l.Transition(breaker.Transition{Name: "host/m", To: breaker.Open, At: c.now()})
		if f := l.meter.figures("host/m", c.now(), &sums{}); f.Rate <= 0 || f.P50 == nil {
			t.Errorf("%v: %+v", jump, f)
		}
	}
}

func TestSeed(t *testing.T) {
	c := noon()
	l := NewLive(c.now)
	cell := func(ago time.Duration, ok, failed int64) report.Cell {
		cell := report.Cell{Circuit: "host/m", Start: c.now().Add(-ago), Span: time.Minute}
		cell.Attempts[fault.Success], cell.Attempts[fault.Service] = ok, failed
		cell.Latency.Add(time.Second)
		return cell
	}
	event := func(ago time.Duration, to string) report.Event {
		return report.Event{Kind: report.CircuitEvent, Circuit: "host/m", At: c.now().Add(-ago), To: to}
	}
	l.Seed([]report.Cell{cell(2*time.Hour, 1, 1), cell(50*time.Minute, 1, 0), cell(2*time.Minute, 0, 1), cell(-time.Hour, 1, 1)},
		[]report.Event{event(24*time.Hour, "open"), event(58*time.Minute, "closed"), event(10*time.Minute, "open"), event(9*time.Minute, "half-open")})
	f := l.meter.figures("host/m", c.now(), &sums{})
	got := ""
	for _, one := range f.ribbon {
		got += (one + ".")[:1]
	}
	if want := "oo.......o.......................................ooooooooooo"; got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
	if f.P50 == nil || f.Rate != 0 {
		t.Errorf("%+v", f)
	}
	c.add(2 * time.Minute)
	f = l.meter.figures("host/m", c.now(), &sums{})
	if f.ribbon[hourSlots-1] != "" {
		t.Error("it is open only if restoring it says so")
	}
}
