package report_test

import (
	"math"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
)

// small is a day that can be reckoned by hand, at one host with two models, a and b.
//
// Outages (from the first failure): host 02:00-02:30; a 02:20-02:50 (observed from
// nothing but its own events), a 10:00-10:30 with a probe that failed, b from 23:00
// on, forced open 12:00-13:00. The process did not run 20:00-22:00.
func small() report.Input {
	const m = time.Minute
	in := report.Input{From: at(0), To: at(24 * time.Hour), SLO: 0.9}

	// Before noon: 100 calls of a, 90 answered, 5 of them by a retry. The other ten
	// got 3 service, 2 timeout, 1 rate limit, 1 quota, 2 caller, 1 cancelled; 10 more
	// were refused. 120 attempts: 90 good, 12 service, 3 overload, 5 timeout, 6 rate
	// limit, 1 quota, 2 caller, 1 cancelled. 20 retries.
	bad := report.Cell{Circuit: "h/a", Start: at(10 * time.Hour), Span: time.Hour}
	bad.Calls = report.Kinds{fault.Success: 90, fault.Service: 3, fault.Timeout: 2, fault.RateLimit: 1,
		fault.Quota: 1, fault.Caller: 2, fault.Cancelled: 1}
	bad.Attempts = report.Kinds{fault.Success: 90, fault.Service: 12, fault.Overload: 3, fault.Timeout: 5,
		fault.RateLimit: 6, fault.Quota: 1, fault.Caller: 2, fault.Cancelled: 1}
	bad.Refused, bad.Retries, bad.ByRetry, bad.SavedTokens = 10, 20, 5, 4000
	for range 90 {
		bad.Latency.Add(2 * time.Second)
	}

	// In the afternoon: 100 calls of a, all answered, one attempt each.
	good := report.Cell{Circuit: "h/a", Start: at(15 * time.Hour), Span: time.Hour}
	good.Calls = report.Kinds{fault.Success: 100}
	good.Attempts = report.Kinds{fault.Success: 100}
	good.InputTokens, good.OutputTokens = 1000, 300
	for range 100 {
		good.Latency.Add(time.Second)
	}

	// b answers 9 of 10, one by a fallback.
	b := report.Cell{Circuit: "h/b", Start: at(23 * time.Hour), Span: time.Hour}
	b.Calls = report.Kinds{fault.Success: 9, fault.Overload: 1}
	b.Attempts = report.Kinds{fault.Success: 8, fault.Overload: 2}
	b.Fallbacks, b.ByFallback = 1, 1

	before, after := bad, good // neither is in the span
	before.Start, after.Start = at(-time.Hour), at(24*time.Hour)

	in.Cells = []report.Cell{before, bad, good, b, after}
	forced := turn(12*time.Hour, "h/b", "closed", "closed")
	forced.Mode = "forced-open"
	in.Events = []report.Event{
		turn(-5*time.Hour, "h/b", "half-open", "closed"),
		opening(2*time.Hour+m, "h", "5 × refused", m),
		opening(2*time.Hour+22*m, "h/a", "5 × timeout", 2*m),
		turn(2*time.Hour+30*m, "h", "half-open", "closed"),
		turn(2*time.Hour+50*m, "h/a", "half-open", "closed"),
		opening(10*time.Hour+3*m, "h/a", "5 × 503", 3*m),
		turn(10*time.Hour+10*m, "h/a", "open", "half-open"),
		turn(10*time.Hour+11*m, "h/a", "half-open", "open"),
		turn(10*time.Hour+29*m, "h/a", "open", "half-open"),
		turn(10*time.Hour+30*m, "h/a", "half-open", "closed"),
		forced,
		turn(13*time.Hour, "h/b", "closed", "closed"),
		{At: at(20 * time.Hour), Kind: report.StopEvent},
		{At: at(22 * time.Hour), Kind: report.StartEvent},
		turn(23*time.Hour, "h/b", "closed", "open"), // nobody knows since when
	}
	return in
}

// near compares figures; want < 0 is for null.
func near[T ~float64](t *testing.T, what string, got *T, want float64) {
	t.Helper()
	switch {
	case got == nil && want < 0:
	case got == nil || want < 0 || math.Abs(float64(*got)-want) > 1e-6:
		t.Errorf("%s: %v, want %v (below 0: null)", what, deref(got), want)
	}
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestFiguresOfCalls(t *testing.T) {
	r := report.Make(small())
	same(t, "circuits", len(r.Circuits), 3)
	h, a, b := r.Circuits[0], r.Circuits[1], r.Circuits[2]

	near(t, "host", h.Users, -1)
	near(t, "host", h.Upstream, -1)

	// a: 190 attempts good; 12+3+5 = 20 failures of the upstream.
	near(t, "a by the upstream", a.Upstream, 190.0/210)
	// 190 answered of 200+10 calls less 2 mistakes and 1 cancelled.
	near(t, "a for users", a.Users, 190.0/207)
	near(t, "b by the upstream", b.Upstream, 8.0/10)
	near(t, "b for users", b.Users, 9.0/10)
	near(t, "all by the upstream", r.Total.Upstream, 198.0/220)
	near(t, "all for users", r.Total.Users, 199.0/217)

	// In the one cell of a with failures, 100 calls made 20 retries: 10 refused calls
	// would have made 10 + 10 × 20/100 attempts.
	same(t, "saved by a", a.Saved, report.Saved{Calls: 10, Attempts: 12, Tokens: 4000})
	same(t, "saved", r.Total.Saved, report.Saved{Calls: 10, Attempts: 12, Tokens: 4000})
	same(t, "by retry", r.Total.ByRetry, 5)
	same(t, "by fallback", r.Total.ByFallback, 1)
	same(t, "tokens in", r.Total.InputTokens, 1000)
	same(t, "tokens out", r.Total.OutputTokens, 300)

	// 217 calls count; a tenth may fail, and 18 did.
	near(t, "allowed", &r.Total.Budget.Allowed, 21.7)
	same(t, "used", r.Total.Budget.Used, 18)
	near(t, "left", &r.Total.Budget.Left, 3.7)
	near(t, "burn", r.Total.Budget.Burn, 0.829493) // 18/21.7
	if h.Budget != nil {
		t.Error("a budget without a call")
	}

	// 190 answers: the 95th, at the half, took 1 s; the 181st 2 s. Within 1/64.
	if p := *r.Total.Latency.P50; math.Abs(float64(p)-1) > 1.0/64 {
		t.Error("p50", p)
	}
	if p := *r.Total.Latency.P95; math.Abs(float64(p)-2) > 2.0/64 {
		t.Error("p95", p)
	}
	same(t, "first content", r.Total.FirstContent, report.Distribution{})
}

func TestFiguresOfOutages(t *testing.T) {
	r := report.Make(small())
	const h = 3600.0

	same(t, "gaps", len(r.Gaps), 1)
	same(t, "gap", r.Gaps[0], report.Gap{From: at(20 * time.Hour), To: at(22 * time.Hour), Length: 2 * h, Stopped: true})
	same(t, "recorded", r.Recorded, 22*h)

	host, a, b, all := r.Circuits[0].Outages, r.Circuits[1].Outages, r.Circuits[2].Outages, r.Total.Outages
	same(t, "host", host.Count, 1)
	same(t, "host down", host.Down, h/2)
	near(t, "host MTTR", host.MTTR, h/2)
	near(t, "host found", host.Detect, 60)

	// a: 02:20-02:50 and 10:00-10:30. With the host, 02:00-02:50 and 10:00-10:30.
	same(t, "a", a.Count, 2)
	same(t, "a down", a.Down, 1*h)
	same(t, "a down with the host", a.DownWithHost, 80*60)
	near(t, "a MTTR", a.MTTR, h/2)
	near(t, "a MTBF", a.MTBF, (22-1)*h/2)
	near(t, "a found", a.Detect, 150) // 2 and 3 min
	near(t, "a up", a.Up, 0.954545455)

	// b: an hour so far; it has not recovered, and its start is not known.
	same(t, "b ongoing", b.Ongoing, 1)
	same(t, "b ended", b.Ended, 0)
	same(t, "b down", b.Down, 1*h)
	near(t, "b MTTR", b.MTTR, -1)
	near(t, "b found", b.Detect, -1)
	near(t, "b longest", b.Longest, 1*h)

	// In all: 02:00-02:50 (two circuits), 10:00-10:30, 23:00-24:00.
	same(t, "all", all.Count, 3)
	same(t, "all ended", all.Ended, 2)
	same(t, "all down", all.Down, 140*60)
	near(t, "all MTTR", all.MTTR, 40*60) // of 50 and 30 min
	near(t, "all median", all.Median, 40*60)
	near(t, "all MTBF", all.MTBF, (22*60-140)*60/3.0)
	near(t, "all found", all.Detect, 120) // 1 and 3 min
	near(t, "all up", all.Up, 0.893939394)

	same(t, "outages", len(r.Outages), 4)
	o := r.Outages[2]
	same(t, "start", o.Start, at(10*time.Hour))
	same(t, "opened", o.Opened, at(10*time.Hour+3*time.Minute))
	same(t, "end", *o.End, at(10*time.Hour+30*time.Minute))
	same(t, "cause", o.Cause, "5 × 503")
	same(t, "probes failed", o.Reopened, 1)
	near(t, "found", o.Detect, 180)
	same(t, "recovered", o.Recovered, true)
	same(t, "ongoing", r.Outages[3].Ongoing, true)

	same(t, "planned", len(r.Planned), 1)
	near(t, "planned", r.Planned[0].Length, 1*h)
}

func TestCellsOnTheEdgesOfTheSpan(t *testing.T) {
	cell := func(start, span time.Duration) report.Cell {
		c := report.Cell{Circuit: "c", Start: at(start), Span: span}
		c.Calls[fault.Success] = 1
		return c
	}
	for _, row := range []struct {
		start, span time.Duration
		counts      bool
	}{
		{-time.Hour, time.Hour, false},
		{-40 * time.Minute, time.Hour, false},
		{-30 * time.Minute, time.Hour, true},
		{0, time.Hour, true},
		{23 * time.Hour, 24 * time.Hour, true}, // not over yet
		{24 * time.Hour, time.Hour, false},
	} {
		r := report.Make(report.Input{From: at(0), To: at(24 * time.Hour), Cells: []report.Cell{cell(row.start, row.span)}})
		if got := r.Total.Calls.Success == 1; got != row.counts {
			t.Errorf("%v for %v: %v", row.start, row.span, got)
		}
	}
}

func TestBudgetWithoutMeaning(t *testing.T) {
	in := small()
	for _, slo := range []float64{0, -1, 1.5, math.NaN(), math.Inf(1)} {
		in.SLO = slo
		if r := report.Make(in); r.Total.Budget != nil || r.SLO != 0 {
			t.Errorf("SLO %v: %v", slo, r.Total.Budget)
		}
	}
	in.SLO = 1
	b := report.Make(in).Total.Budget
	if b.Allowed != 0 || b.Burn != nil || b.Left != -18 {
		t.Errorf("SLO 1: %+v", b)
	}
}
