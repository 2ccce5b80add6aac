package gate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/gate"
)

func TestHowLongARateLimitCloses(t *testing.T) {
	minute := func(limit, remaining int64, reset time.Duration) gate.Limit {
		return gate.Limit{Limit: limit, Remaining: remaining, Reset: reset}
	}
	for _, row := range []struct {
		name string
		r    gate.Report
		want time.Duration
	}{
		{"Retry-After", gate.Report{RetryAfter: 20 * time.Second}, 20 * time.Second},
		{"Retry-After in milliseconds", gate.Report{RetryAfter: 120 * time.Millisecond}, 120 * time.Millisecond},
		{"Retry-After before the headers", gate.Report{RetryAfter: 2 * time.Second, Requests: minute(60, 0, time.Minute)}, 2 * time.Second},
		{"Retry-After, capped", gate.Report{RetryAfter: time.Hour}, time.Minute},
		{"one request of 500 a minute", gate.Report{Requests: minute(500, 0, time.Minute)}, 120 * time.Millisecond},
		{"one request of 200 a day", gate.Report{Requests: minute(200, 0, 24*time.Hour)}, time.Minute},
		{"one request, half used", gate.Report{Requests: minute(60, 30, 30*time.Second)}, time.Second},
		{"tokens for this call, not all of them", gate.Report{Tokens: minute(30_000, 0, time.Minute), Needed: 1500}, 3 * time.Second},
		{"tokens, some remain", gate.Report{Tokens: minute(30_000, 6000, 48*time.Second), Needed: 1500}, 3 * time.Second},
		{"tokens, more than all", gate.Report{Tokens: minute(30_000, 0, 30*time.Second), Needed: 90_000}, 30 * time.Second},
		{"the slower of both: tokens", gate.Report{Requests: minute(500, 0, time.Minute), Tokens: minute(30_000, 0, time.Minute), Needed: 5000}, 10 * time.Second},
		{"the slower of both: requests", gate.Report{Requests: minute(6, 0, time.Minute), Tokens: minute(30_000, 0, time.Minute), Needed: 500}, 10 * time.Second},
		{"tokens, need unknown: a guess", gate.Report{Tokens: minute(30_000, 0, time.Minute)}, time.Second},
		{"nothing said: a guess", gate.Report{}, time.Second},
		{"nothing used: a guess", gate.Report{Requests: minute(60, 60, time.Minute)}, time.Second},
		{"remaining unknown: a guess", gate.Report{Requests: minute(60, -1, time.Minute)}, time.Second},
		{"reset unknown: a guess", gate.Report{Requests: minute(60, 0, 0)}, time.Second},
		{"limit unknown: a guess", gate.Report{Requests: minute(0, 0, time.Minute)}, time.Second},
		{"a negative wait: a guess", gate.Report{RetryAfter: -time.Second}, time.Second},
		{"a wait of 292 years", gate.Report{RetryAfter: 1<<63 - 1}, time.Minute},
		{"numbers without sense", gate.Report{Requests: minute(1<<63-1, 1<<63-2, 1<<63-1), Needed: -5}, time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, gate.Config{})
			row.r.Kind = gate.RateLimit
			r.report(row.r)
			if got := r.closedFor(); got < row.want || got > row.want+time.Microsecond {
				t.Fatalf("closed for %v, want %v", got, row.want)
			}
			r.wait(r.closedFor() - 1)
			if got := r.refusal().Until.Sub(r.clock); got != 1 {
				t.Errorf("the rest of the time is %v, want 1ns", got)
			}
			r.wait(1)
			r.allow()
		})
	}
}

func TestClosedForAtMostMaxClosedThoughNobodyLooks(t *testing.T) {
	r := newRig(t, gate.Config{MaxClosed: 30 * time.Second})
	r.limited(time.Hour)
	r.wait(30 * time.Second)
	r.allow()
}

func TestReportNeverShortensAWait(t *testing.T) {
	for _, kind := range []gate.Kind{gate.RateLimit, gate.Overload, gate.Answer, gate.Nothing} {
		r := newRig(t, gate.Config{})
		r.limited(30 * time.Second)
		r.wait(time.Second)
		r.report(gate.Report{Kind: kind, RetryAfter: 2 * time.Second})
		if got := r.closedFor(); got != 29*time.Second {
			t.Errorf("kind %d: closed for %v, want 29s", kind, got)
		}
	}
}

func TestGuessesGrowWithEachCallThatFindsTheGateOpen(t *testing.T) {
	r := newRig(t, gate.Config{NoRate: true})
	begun := r.clock
	guess := func() time.Duration {
		r.report(gate.Report{Kind: gate.RateLimit, Begun: begun})
		return r.closedFor()
	}
	for range 20 { // those that were out together are one sign
		if got := guess(); got != time.Second {
			t.Fatalf("closed for %v, want 1s", got)
		}
	}
	for _, seconds := range []int{2, 4, 8, 16, 32, 60, 60} {
		r.wait(r.closedFor())
		begun = r.clock
		if got, want := guess(), time.Duration(seconds)*time.Second; got != want {
			t.Fatalf("closed for %v, want %v", got, want)
		}
	}
	r.wait(r.closedFor())
	r.report(gate.Report{Kind: gate.Answer, Begun: start()}) // from before: it says nothing
	begun = r.clock
	if got := guess(); got != time.Minute {
		t.Errorf("after an old answer: closed for %v, want 1m0s", got)
	}
	r.wait(r.closedFor())
	begun = r.clock
	r.report(gate.Report{Kind: gate.Answer, Begun: begun})
	if got := guess(); got != time.Second {
		t.Errorf("after an answer: closed for %v, want 1s", got)
	}
}

// What the service did before a quiet minute is no reason to wait for long.
func TestGuessesBeginAnewAfterAQuietTime(t *testing.T) {
	r := newRig(t, gate.Config{NoRate: true})
	for range 6 {
		r.report(gate.Report{Kind: gate.RateLimit, Begun: r.clock})
		r.wait(r.closedFor())
	}
	r.wait(2 * time.Minute)
	r.allow()
	r.report(gate.Report{Kind: gate.RateLimit, Begun: r.clock})
	if got := r.closedFor(); got != time.Second {
		t.Errorf("closed for %v, want 1s", got)
	}
}

// The limit starts from what the gate itself has seen answered.
func TestGateMeasuresAnswersAndDemand(t *testing.T) {
	r := newRig(t, gate.Config{})
	for i := range 500 {
		r.to(float64(i) / 5)
		r.allow()
		r.report(gate.Report{Kind: gate.Answer, Begun: r.clock})
	}
	if m := r.g.MetricsAt(r.clock); !near(m.Answered, 5, 0.2) || !near(m.Asked, 5, 0.2) {
		t.Errorf("5 a second are measured as %.2f answered, %.2f asked", m.Answered, m.Asked)
	}
	r.limited(time.Millisecond)
	r.limited(time.Millisecond)
	if m := r.g.MetricsAt(r.clock); !near(m.Rate, 4.5, 0.2) {
		t.Errorf("rate is %.2f, want 0.9 of 5", m.Rate)
	}
	for i := range 300 { // more is asked for, but refused
		r.to(100 + float64(i)/20)
		r.g.AllowAt(r.clock)
	}
	if m := r.g.MetricsAt(r.clock); m.Asked < 10 {
		t.Errorf("refused calls are asked for too: %.2f", m.Asked)
	}
}

func TestOnlyTheRateAllows(t *testing.T) {
	r := newRig(t, gate.Config{})
	r.limited(5 * time.Second)
	r.limited(5 * time.Second)
	r.to(5)
	r.allow() // the service takes one then
	for range 20 {
		r.refusal() // else nobody asks, and the limit is lifted
	}
	e := r.refusal()
	if e.State != gate.Limited || e.Why != gate.NotNow {
		t.Errorf("got %+v", e)
	}
	if got, ok := r.g.ReadyInAt(r.clock); got != e.Until.Sub(r.clock) || !ok {
		t.Errorf("ready in %v, %v, but told %v", got, ok, e.Until.Sub(r.clock))
	}
	for tries := 0; r.readyIn() > 0; tries++ { // later than told, as the demand fades
		if r.wait(r.readyIn()); tries == 20 {
			t.Fatal("not ready at the times that were told")
		}
	}
	r.allow()
	r.refusal()
}

func TestReadyIn(t *testing.T) {
	r := newRig(t, gate.Config{})
	is := func(want time.Duration) {
		t.Helper()
		before := r.g.MetricsAt(r.clock)
		for range 3 {
			if got := r.readyIn(); got != want {
				t.Fatalf("%v: ready in %v, want %v", r.clock.Sub(start()), got, want)
			}
		}
		if m := r.g.MetricsAt(r.clock); m != before {
			t.Errorf("to look has changed something: %+v, was %+v", m, before)
		}
	}
	is(0)
	r.limited(10 * time.Second)
	is(10 * time.Second)
	r.wait(9 * time.Second)
	is(time.Second)
	r.wait(time.Second - 1)
	is(time.Millisecond) // at least
	r.wait(1)
	is(0)
	r.allow()
	r.limited(5 * time.Second)
	r.limited(5 * time.Second)
	r.wait(5 * time.Second)
	r.allow()
	tk, _ := r.g.WaitAt(r.clock, time.Time{})
	if first, _ := tk.TurnAt(r.clock); r.readyIn() < first+time.Second { // who is in line gets the first token
		t.Errorf("ready in %v, though somebody waits who is in %v", r.readyIn(), first)
	}
	tk.LeaveAt(r.clock)
	r.report(gate.Report{Kind: gate.Quota})
	for range 2 { // a test is not for just any call
		if d, ok := r.g.ReadyInAt(r.clock); ok || d != 0 {
			t.Errorf("parked: ready in %v", d)
		}
		r.wait(time.Hour)
	}
	r.allow()
}

func TestNoRateOnlyClosesAndOpens(t *testing.T) {
	r := newRig(t, gate.Config{NoRate: true})
	for range 5 {
		r.limited(time.Second)
		r.report(gate.Report{Kind: gate.Overload})
	}
	r.wait(time.Second)
	r.is(gate.Open)
	for range 1000 {
		r.allow()
	}
}

func TestSecondOverloadLimits(t *testing.T) {
	overload := func(r *rig) { r.report(gate.Report{Kind: gate.Overload}) }
	hit := func(r *rig) { r.report(gate.Report{Kind: gate.RateLimit, RetryAfter: time.Millisecond}) }
	type row struct {
		at      float64
		do      func(*rig)
		limited bool
	}
	for name, rows := range map[string][]row{
		"the first does nothing":         {{0, overload, false}},
		"a second within 60 s limits":    {{0, overload, false}, {60, overload, true}},
		"after 60 s it is a first":       {{0, overload, false}, {60.001, overload, false}, {61, overload, true}},
		"a 429 counts as the first":      {{0, hit, false}, {30, overload, true}},
		"and an overload as one for 429": {{0, overload, false}, {30, hit, true}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, gate.Config{})
			for _, row := range rows {
				r.to(row.at)
				row.do(r)
				if m := r.g.MetricsAt(r.clock); (m.Rate > 0) != row.limited {
					t.Fatalf("at %v s: rate %v", row.at, m.Rate)
				}
			}
		})
	}
}

func TestLimitOfAnOverloadBeginsWithOneCall(t *testing.T) {
	r := newRig(t, gate.Config{})
	for i := range 500 {
		r.to(float64(i) / 5)
		r.allow()
		r.report(gate.Report{Kind: gate.Answer, Begun: r.clock})
	}
	r.report(gate.Report{Kind: gate.Overload})
	r.is(gate.Open)
	r.allow()
	r.report(gate.Report{Kind: gate.Overload})
	r.is(gate.Limited)
	began := r.g.MetricsAt(r.clock).Rate
	if !near(began, 4.5, 0.2) {
		t.Errorf("rate is %.2f, want 0.9 of 5", began)
	}
	r.allow()
	r.refusal()
	r.wait(time.Second)
	r.report(gate.Report{Kind: gate.Overload, RetryAfter: 3 * time.Second})
	if m := r.g.MetricsAt(r.clock); !near(m.Rate, 0.85*began, 1e-6) || r.closedFor() != 3*time.Second {
		t.Errorf("a further one: rate %.3f, was %.3f, closed for %v", m.Rate, began, r.closedFor())
	}
}

func TestOverloadClosesOnlyIfAsked(t *testing.T) {
	r := newRig(t, gate.Config{})
	r.report(gate.Report{Kind: gate.Overload})
	r.is(gate.Open)
	r.allow()
	r.report(gate.Report{Kind: gate.Overload, RetryAfter: 3 * time.Second})
	r.is(gate.Closed)
	if got := r.closedFor(); got != 3*time.Second {
		t.Errorf("closed for %v", got)
	}
}

func TestSlowsDownBeforeTheWall(t *testing.T) {
	few := gate.Limit{Limit: 60, Remaining: 3, Reset: 57 * time.Second} // one comes back a second
	for _, row := range []struct {
		name string
		cfg  gate.Config
		r    gate.Report
		rate float64
	}{
		{"few requests remain", gate.Config{}, gate.Report{Requests: few}, 1},
		{"enough remain", gate.Config{}, gate.Report{Requests: gate.Limit{Limit: 60, Remaining: 6, Reset: 54 * time.Second}}, 0},
		{"few tokens", gate.Config{}, gate.Report{Tokens: gate.Limit{Limit: 6000, Remaining: 100, Reset: 59 * time.Second}, Needed: 50}, 2},
		{"few tokens, need unknown", gate.Config{}, gate.Report{Tokens: gate.Limit{Limit: 6000, Remaining: 100, Reset: 59 * time.Second}}, 0},
		{"the slower of both", gate.Config{}, gate.Report{Requests: few, Tokens: gate.Limit{Limit: 6000, Remaining: 0, Reset: time.Minute}, Needed: 200}, 0.5},
		{"more is allowed than asked for", gate.Config{}, gate.Report{Requests: gate.Limit{Limit: 6000, Remaining: 3, Reset: time.Minute}}, 0},
		{"switched off", gate.Config{NoSlowdown: true}, gate.Report{Requests: few}, 0},
		{"no rates at all", gate.Config{NoRate: true}, gate.Report{Requests: few}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, row.cfg)
			for i := range 500 {
				r.to(float64(i) / 5)
				r.report(gate.Report{Kind: gate.Answer})
			}
			row.r.Kind = gate.Answer
			r.report(row.r)
			if m := r.g.MetricsAt(r.clock); !near(m.Rate, row.rate, 0.03) || (m.State == gate.Limited) != (row.rate > 0) {
				t.Fatalf("%v, rate %.3f, want %.3f", m.State, m.Rate, row.rate)
			}
			if row.rate == 0 {
				r.allow()
				return
			}
			for range 60 { // it grows again, if nothing speaks against it
				r.wait(time.Second)
				r.g.AllowAt(r.clock)
			}
			r.is(gate.Open)
		})
	}
}

func TestExhaustedQuotaParksTheKey(t *testing.T) {
	r := newRig(t, gate.Config{})
	quota := func(begun time.Time) { r.report(gate.Report{Kind: gate.Quota, Begun: begun}) }
	sent := r.clock
	r.wait(time.Second)
	quota(sent)
	quota(sent) // sent before, so no further sign
	r.is(gate.Parked)
	e := r.refusal()
	if !errors.Is(e, gate.ErrClosed) || !errors.Is(e, gate.ErrParked) || e.Why != gate.KeyParked {
		t.Errorf("got %+v", e)
	}
	if _, err := r.g.WaitAt(r.clock, time.Time{}); !errors.Is(err, gate.ErrParked) {
		t.Errorf("waits for money: %v", err)
	}
	r.report(gate.Report{Kind: gate.Answer, Begun: sent}) // of a call from before
	r.is(gate.Parked)
	for _, minutes := range []int{5, 10, 20, 40, 60, 60} {
		every := time.Duration(minutes) * time.Minute
		if got := r.g.MetricsAt(r.clock).Until.Sub(r.clock); got != every {
			t.Fatalf("the next test is in %v, want %v", got, every)
		}
		r.wait(every - 1)
		r.refusal()
		r.wait(1)
		r.allow()
		if e := r.refusal(); e.RetryInAt(r.clock) < time.Second {
			t.Errorf("while a test is out, told %v", e.RetryInAt(r.clock))
		}
		quota(r.clock)
	}
	if m := r.g.MetricsAt(r.clock); m.Tests != 6 || m.Quotas != 8 {
		t.Errorf("metrics %+v", m)
	}
	r.wait(time.Hour)
	r.allow()
	r.report(gate.Report{Kind: gate.Nothing, Begun: r.clock}) // the caller left: its place is free
	r.allow()
	r.refusal()
	r.wait(time.Minute) // lost: so is its place
	r.allow()
	r.report(gate.Report{Kind: gate.Answer, Begun: r.clock})
	r.is(gate.Open)
	for range 100 {
		r.allow()
	}
}

// The gate says what the key is parked for, at last.
func TestRefusedKeyIsParked(t *testing.T) {
	r := newRig(t, gate.Config{})
	is := func(why gate.Reason, words string, quotas, badKeys int64) {
		t.Helper()
		e := r.refusal()
		if !errors.Is(e, gate.ErrParked) || e.ParkedFor != why || e.Error() != `gate: key 2c70e12b7a06, model "gpt" is parked, `+words {
			t.Errorf("got %+v: %v", e, e)
		}
		if m := r.g.MetricsAt(r.clock); m.ParkedFor != why || m.Quotas != quotas || m.BadKeys != badKeys {
			t.Errorf("metrics %+v", m)
		}
	}
	r.report(gate.Report{Kind: gate.BadKey})
	is(gate.KeyRefused, "the service does not take the key", 0, 1)
	r.wait(5 * time.Minute)
	r.allow()
	r.report(gate.Report{Kind: gate.Quota, Begun: r.clock})
	is(gate.OutOfQuota, "its quota is exhausted", 1, 1)
	r.wait(time.Minute)
	r.report(gate.Report{Kind: gate.BadKey, Begun: start()}) // from before
	is(gate.OutOfQuota, "its quota is exhausted", 1, 2)
	r.wait(10 * time.Minute)
	r.allow()
	r.report(gate.Report{Kind: gate.Answer, Begun: r.clock})
	r.is(gate.Open)
	if m := r.g.MetricsAt(r.clock); m.ParkedFor != "" {
		t.Errorf("metrics %+v", m)
	}
	if len(r.seen) != 2 || r.seen[0].Reason != gate.KeyRefused {
		t.Errorf("seen %v", r.seen)
	}
	r.limited(time.Second)
	if e := r.refusal(); e.ParkedFor != "" || errors.Is(e, gate.ErrParked) {
		t.Errorf("got %+v", e)
	}
}

// A snapshot from before there was a reason.
func TestRestoredWithoutAReasonIsOutOfQuota(t *testing.T) {
	r := newRig(t, gate.Config{})
	if err := r.g.RestoreAt(r.clock, gate.Snapshot{Metrics: gate.Metrics{State: gate.Parked, Until: after(60)}, At: start(), ParkedSince: start()}); err != nil {
		t.Fatal(err)
	}
	if e := r.refusal(); e.ParkedFor != gate.OutOfQuota {
		t.Errorf("got %+v", e)
	}
}

func TestResetOpensAParkedKey(t *testing.T) {
	r := newRig(t, gate.Config{})
	r.report(gate.Report{Kind: gate.Quota})
	r.limited(time.Minute)
	r.g.ResetAt(r.clock)
	r.is(gate.Open)
	r.allow()
	if m := r.g.MetricsAt(r.clock); m.Quotas != 1 || m.RateLimits != 1 {
		t.Errorf("the figures are gone: %+v", m)
	}
}

func TestTransitionsInOrderWithReasons(t *testing.T) {
	r := newRig(t, gate.Config{})
	r.limited(2 * time.Second)
	r.wait(2 * time.Second)
	r.allow()
	r.limited(time.Second)
	r.wait(time.Second)
	r.g.AllowAt(r.clock)
	r.report(gate.Report{Kind: gate.Quota})
	r.wait(5 * time.Minute)
	r.allow()
	r.report(gate.Report{Kind: gate.Answer})
	r.wait(time.Minute)
	r.allow()
	var got []string
	for _, tr := range r.seen {
		got = append(got, strings.TrimPrefix(tr.String(), "key 2c70e12b7a06, model gpt: "))
	}
	want := []string{
		"open to closed: rate limit, for 2s",
		"closed to open: wait over",
		"open to closed: rate limit, for 1s, 1 calls/s",
		"closed to limited: wait over, 1 calls/s",
		"limited to parked: quota exhausted, for 5m0s, 1 calls/s",
		"parked to open: test call answered",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestObserverMayUseTheGateAndPanic(t *testing.T) {
	var r *rig
	var seen []gate.State
	r = newRig(t, gate.Config{OnTransition: func(tr gate.Transition) {
		seen = append(seen, tr.To)
		if tr.To == gate.Closed {
			r.g.ResetAt(r.clock)
			panic("boom")
		}
	}})
	r.limited(time.Minute)
	r.allow()
	if m := r.g.MetricsAt(r.clock); m.ObserverPanics != 1 || len(seen) != 2 || seen[1] != gate.Open {
		t.Errorf("seen %v, metrics %+v", seen, m)
	}
}

func TestErrorsSayWhat(t *testing.T) {
	r := newRig(t, gate.Config{MaxWaiting: 1})
	r.limited(10 * time.Second)
	is := func(e error, want string) {
		t.Helper()
		if !errors.Is(e, gate.ErrClosed) || errors.Is(e, gate.ErrParked) {
			t.Errorf("%v is not ErrClosed alone", e)
		}
		if want = `gate: key 2c70e12b7a06, model "gpt" ` + want; e.Error() != want {
			t.Errorf("got  %s\nwant %s", e, want)
		}
	}
	is(r.refusal(), "is closed by a rate limit")
	_, err := r.g.WaitAt(r.clock, r.clock.Add(9*time.Second))
	is(err, "is closed by a rate limit: the caller would have to wait too long")
	r.g.WaitAt(r.clock, time.Time{})
	_, err = r.g.WaitAt(r.clock, time.Time{})
	is(err, "is closed by a rate limit: the line is full")
	e := r.refusal()
	if !e.RateLimited() {
		t.Error("a closed gate's refusal is none of a rate limit")
	}
	if in := e.RetryInAt(r.clock); in < e.Until.Sub(r.clock) || in > e.Until.Sub(r.clock)*12/10 {
		t.Errorf("told %v, for %v", in, e.Until.Sub(r.clock))
	}
	if e.RetryInAt(e.Until.Add(1)) != 0 {
		t.Error("waits for what has passed")
	}
	r = newRig(t, gate.Config{})
	r.report(gate.Report{Kind: gate.Quota})
	if r.refusal().RateLimited() {
		t.Error("a parked key's refusal is one of a rate limit")
	}
	if got := r.refusal().Error(); got != `gate: key 2c70e12b7a06, model "gpt" is parked, its quota is exhausted` {
		t.Error(got)
	}
}

func TestClockThatIsSetBackDoesNoHarm(t *testing.T) {
	r := newRig(t, gate.Config{})
	r.to(7200)
	r.limited(time.Second)
	r.limited(time.Minute)
	r.to(0)
	if got := r.closedFor(); got > time.Minute {
		t.Errorf("closed for %v", got)
	}
	r.to(60)
	for range 60 {
		r.wait(time.Second)
		r.g.AllowAt(r.clock)
	}
	r.is(gate.Open) // it was limited, and has been lifted as the demand was met
	if m := r.g.MetricsAt(r.clock); m.Asked < 0.9 {
		t.Errorf("it stands still: %+v", m)
	}
}

func TestBadConfigNamesField(t *testing.T) {
	_, err := gate.New("key", "gpt", gate.Config{MaxClosed: -1, MaxWait: 48 * time.Hour, MaxWaiting: -2})
	want := "gate: MaxClosed is -1ns: use 1ms to 24h0m0s, or 0 for 1m0s\n" +
		"gate: MaxWait is 48h0m0s: use 1ms to 24h0m0s, or 0 for 30s\n" +
		"gate: MaxWaiting is -2: use 1 to 1000000, 0 for 100, or Off"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	for _, cfg := range []gate.Config{{FirstGuess: 2 * time.Minute}, {Retest: 2 * time.Hour}} {
		_, err := gate.New("key", "gpt", cfg)
		if e, ok := errors.AsType[*gate.ConfigError](err); !ok || !strings.Contains(e.Range, "at most Max") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	for _, cfg := range []gate.Config{{MaxClosed: 100 * time.Millisecond}, {MaxRetest: time.Minute}, {MaxWaiting: gate.Off}} {
		if _, err := gate.New("key", "gpt", cfg); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

func TestKeyIsNeverShown(t *testing.T) {
	const secret = "sk-proj-very-secret"
	g, err := gate.NewAt(start(), secret, "gpt", gate.Config{OnTransition: func(tr gate.Transition) {
		if strings.Contains(tr.String()+tr.Label, secret) {
			t.Error("in a transition")
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	g.ReportAt(start(), gate.Report{Kind: gate.RateLimit})
	if len(g.Label()) != 12 || strings.Contains(g.Label(), "sk-") || strings.Contains(g.AllowAt(start()).Error(), secret) {
		t.Errorf("label %q, error %v", g.Label(), g.AllowAt(start()))
	}
}
