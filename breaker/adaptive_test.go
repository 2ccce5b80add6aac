package breaker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
)

// adaptive is a rig with an adaptive policy that knows what is given, as in
// the state that it saves.
func newAdaptive(t *testing.T, knows string, cfg breaker.Config) *rig {
	t.Helper()
	if cfg.NewPolicy == nil {
		cfg.NewPolicy = breaker.Adaptive(breaker.AdaptiveConfig{})
	}
	r := newRig(t, cfg)
	if knows != "" {
		r.know(knows)
	}
	return r
}

// know gives the policy, beside what it has learned, what it would have learned.
func (r *rig) know(what string) {
	r.Helper()
	s := r.b.SnapshotAt(r.clock)
	state := map[string]any{}
	for _, text := range []string{string(s.Policy), what} {
		if err := json.Unmarshal([]byte(text), &state); err != nil {
			r.Fatal(err)
		}
	}
	s.Policy, _ = json.Marshal(state)
	if err := r.b.RestoreAt(r.clock, s); err != nil {
		r.Fatal(err)
	}
}

// knows returns what the policy has learned.
func (r *rig) knows() (k struct {
	Usual, Recent, Took, Hangs, Ramp float64
	Outage, Recovered                time.Time
	Probes, Quotas                   int
}) {
	r.Helper()
	if err := json.Unmarshal(r.b.SnapshotAt(r.clock).Policy, &k); err != nil {
		r.Fatal(err)
	}
	return k
}

// fail makes a call that fails after a while.
func (r *rig) fail(after time.Duration) {
	r.Helper()
	p := r.allow()
	r.wait(after)
	p.RecordResultAt(r.clock, breaker.Result{Outcome: breaker.Failure, Cause: "503"})
}

// answer makes a call that is answered after a while.
func (r *rig) answer(after time.Duration) {
	r.Helper()
	p := r.allow()
	r.wait(after)
	p.RecordAt(r.clock, breaker.Success)
}

// end records a call of a class that is no plain success or failure.
func (r *rig) end(p *breaker.Permit, class breaker.Class) {
	outcome := breaker.Ignored
	if class == breaker.Hang {
		outcome = breaker.Failure
	}
	p.RecordResultAt(r.clock, breaker.Result{Outcome: outcome, Class: class})
}

func TestAdaptiveOpensOnAnUnlikelyRun(t *testing.T) {
	for _, row := range []struct {
		usual float64
		want  int
	}{{0, 4}, {0.003, 4}, {0.01, 4}, {0.05, 6}, {0.1, 7}, {0.2, 11}, {0.3, 14}, {0.5, 24}, {0.6, 32}, {0.9, 32}} {
		r := newAdaptive(t, fmt.Sprintf(`{"Usual":%v}`, row.usual), breaker.Config{NewPolicy: breaker.Adaptive(
			breaker.AdaptiveConfig{WaitingCost: breaker.Off, FailureCost: 0.1})}) // rule 2 has to wait
		n := 0
		for ; r.b.State() == breaker.Closed && n < 50; n++ {
			r.fail(time.Millisecond)
		}
		if n != row.want {
			t.Errorf("a usual failure rate of %v: opens after %d failures, want %d", row.usual, n, row.want)
		}
	}
}

func TestAdaptiveOddsChangeTheRun(t *testing.T) {
	for odds, want := range map[float64]int{1e5: 3, 1e6: 3, 1e9: 5} {
		r := newAdaptive(t, "", breaker.Config{NewPolicy: breaker.Adaptive(breaker.AdaptiveConfig{Odds: odds})})
		n := 0
		for ; r.b.State() == breaker.Closed; n++ {
			r.fail(time.Millisecond)
		}
		if n != want {
			t.Errorf("odds of %v: opens after %d failures, want %d", odds, n, want)
		}
	}
}

func TestAdaptiveOpensOnStalledCallsAlone(t *testing.T) {
	for _, row := range []struct {
		out  int
		want breaker.State
	}{{6, breaker.Closed}, {7, breaker.Open}} {
		r := newAdaptive(t, "", breaker.Config{})
		for range 20 {
			r.answer(time.Second)
		}
		r.wait(time.Second)
		for range row.out {
			r.allow()
		}
		r.wait(3 * time.Second)
		r.allow()
		r.is(breaker.Closed) // they are not older than four times what answers take
		r.wait(3 * time.Second)
		_, _ = r.b.AllowAt(r.clock)
		if got := r.b.State(); got != row.want {
			t.Errorf("%d calls stalled: %v, want %v", row.out, got, row.want)
		}
	}
}

// Answers that take longer than the window remembers slots hang no more than others:
// bursts of calls, each answered after 90 s, and long pauses between them.
func TestAdaptiveLeavesAnswersOfMinutesAlone(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	for range 6 {
		var out []*breaker.Permit
		begin := r.clock
		for range 30 {
			out = append(out, r.allow())
			r.wait(3 * time.Second)
		}
		for i, p := range out {
			r.clock = begin.Add(time.Duration(i)*3*time.Second + 90*time.Second)
			r.allow().RecordAt(r.clock, breaker.Ignored) // who asks finds what hangs
			p.RecordAt(r.clock, breaker.Success)
		}
		r.wait(20 * time.Minute)
	}
}

// A process that begins before a service that hangs does not wait for deadlines.
func TestAdaptiveOpensOnStalledCallsFromTheStart(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	for range 10 {
		r.allow()
	}
	r.wait(110 * time.Second)
	r.allow()
	r.is(breaker.Closed)
	r.wait(20 * time.Second)
	_, _ = r.b.AllowAt(r.clock)
	r.is(breaker.Open)

	r = newAdaptive(t, "", breaker.Config{})
	for range 10 {
		r.allow()
	}
	r.wait(110 * time.Second)
	r.answer(time.Second) // it does answer, if slowly
	r.wait(110 * time.Second)
	r.allow()
	r.is(breaker.Closed)
}

// Nothing is stalled as long as nobody knows how long answers take, if there are any.
func TestAdaptiveKnowsNoStallBeforeTwentyAnswers(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	for range 19 {
		r.answer(time.Second)
	}
	r.wait(time.Second)
	for range 50 {
		r.allow()
	}
	r.wait(time.Minute)
	r.allow()
	r.is(breaker.Closed)
}

func TestAdaptiveJudgesInTheOrderOfStarts(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	var old []*breaker.Permit
	for range 10 {
		old = append(old, r.allow())
	}
	r.wait(time.Second)
	r.answer(100 * time.Millisecond)
	for _, p := range old { // they say nothing about a service that has answered since
		r.end(p, breaker.Hang)
	}
	r.is(breaker.Closed)
	if k := r.knows(); k.Usual < 0.09 || k.Usual > 0.11 {
		t.Errorf("ten failures make a usual rate of %v", k.Usual)
	}
	r.know(`{"Usual":0.01}`)
	early := r.allow()
	r.wait(time.Second)
	for range 3 {
		r.fail(time.Millisecond)
	}
	early.RecordAt(r.clock, breaker.Success) // it does not end the run
	r.fail(time.Millisecond)
	r.is(breaker.Open)
}

func TestAdaptiveCountsSurvivorsAsAnswers(t *testing.T) {
	for _, row := range []struct {
		hangs float64
		want  breaker.State
	}{{0, breaker.Closed}, {0.5, breaker.Open}} {
		r := newAdaptive(t, fmt.Sprintf(`{"Hangs":%v,"Took":0.1}`, row.hangs), breaker.Config{})
		for range 3 {
			r.fail(0)
		}
		r.wait(time.Second)
		long := r.allow() // out for longer than failures take: it probably lives
		r.wait(900 * time.Millisecond)
		r.fail(0)
		if got := r.b.State(); got != row.want {
			t.Errorf("share of hangs %v: %v, want %v", row.hangs, got, row.want)
		}
		if row.want == breaker.Closed { // it fails after all, and hides the others no longer
			r.end(long, breaker.Hang)
			r.is(breaker.Open)
		}
	}
}

func TestAdaptiveStopsWhatDoesNotPay(t *testing.T) {
	for _, row := range []struct {
		took float64
		want float64
	}{{0.3, 0.896}, {30, 0.64}, {60, 0.508}} {
		// just below and just above: the next failure adds a twentieth of the rest
		below, above := (row.want-0.005-0.05)/0.95, (row.want+0.005-0.05)/0.95
		for g, want := range map[float64]breaker.State{below: breaker.Closed, above: breaker.Open} {
			r := newAdaptive(t, fmt.Sprintf(`{"Usual":0.6,"Recent":%v,"Took":%v}`, g, row.took), breaker.Config{})
			p := r.allow()
			r.wait(seconds(row.took))
			r.end(p, breaker.Hang)
			if got := r.b.State(); got != want {
				t.Errorf("failures of %v s, %v of late: %v, want %v", row.took, g, got, want)
			}
			if want == breaker.Open && r.opening().Reason != breaker.NotWorthIt {
				t.Errorf("opened by %v", r.opening().Reason)
			}
		}
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestAdaptiveOpensOnNothingButQuota(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	for range 9 {
		r.end(r.allow(), breaker.Quota)
	}
	r.call(breaker.Success)
	for range 9 {
		r.end(r.allow(), breaker.Quota)
	}
	r.is(breaker.Closed)
	r.allow().RecordResultAt(r.clock, breaker.Result{Outcome: breaker.Ignored, Class: breaker.Quota, RetryAfter: time.Minute})
	r.is(breaker.Open)
	if tr := r.opening(); tr.Reason != breaker.OnlyQuota || tr.Until.Sub(tr.At) != time.Minute {
		t.Errorf("%+v", tr)
	}
	for range 3 { // another 429 is no answer now
		r.untilDue()
		r.end(r.allow(), breaker.Quota)
		r.is(breaker.Open)
	}
	r.untilDue()
	r.call(breaker.Success)
	r.is(breaker.Closed)
}

func TestAdaptiveTakesQuotaForAnAnswerToAProbe(t *testing.T) {
	r := newAdaptive(t, "", breaker.Config{})
	r.openByFailures()
	r.untilDue()
	r.end(r.allow(), breaker.Quota)
	r.is(breaker.Closed)
}

func (r *rig) openByFailures() {
	r.Helper()
	for i := 0; i < 40 && r.b.State() == breaker.Closed; i++ {
		r.fail(0)
	}
	r.is(breaker.Open)
}

// The law: twelve calls a second are probed after 0.5 s, 2.3 s when it has lasted
// for a minute, 7 s after ten minutes; one call a minute after 13 s. All within
// 15 %, and 0.25 to 120 s.
func TestAdaptiveProbesByTheSquareRootLaw(t *testing.T) {
	for _, row := range []struct {
		perSecond float64
		lasted    time.Duration
		want      float64
	}{
		{12, 0, 0.5}, {12, time.Minute, 2.3}, {12, 10 * time.Minute, 7.1},
		{1.0 / 60, 0, 13.4}, {1.0 / 60, time.Hour, 120}, {1000, 0, 0.25},
	} {
		seen := map[time.Duration]bool{}
		for seed := range uint64(40) {
			r := newAdaptive(t, "", breaker.Config{Seed: seed + 1, NewPolicy: breaker.Adaptive(
				breaker.AdaptiveConfig{WaitingCost: breaker.Off}), ResetTimeout: time.Hour})
			outage, _ := r.clock.Add(-row.lasted).MarshalText()
			r.know(fmt.Sprintf(`{"Usual":0.6,"Recent":1,"Outage":%q,"Demand":{"Sum":%v,"Weight":1}}`, outage, row.perSecond))
			r.fail(0)
			r.is(breaker.Open)
			period := r.b.Metrics().Until.Sub(r.clock)
			r.between(fmt.Sprint(row), period, seconds(0.84*row.want), seconds(1.16*row.want))
			seen[period] = true
		}
		if len(seen) < 30 {
			t.Errorf("%v: only %d different waits", row, len(seen))
		}
	}
}

func TestAdaptiveConfigIsValidated(t *testing.T) {
	good := []breaker.AdaptiveConfig{
		{}, {WaitingCost: breaker.Off, QuotaRun: breaker.Off},
		{Odds: 1e5, FailureCost: 1, WaitingCost: 0.05, MaxProbeWait: time.Second, QuotaRun: 3},
	}
	for _, cfg := range good {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	bad := map[string]breaker.AdaptiveConfig{
		"Odds": {Odds: 1}, "FailureCost": {FailureCost: -1}, "WaitingCost": {WaitingCost: math.NaN()},
		"MaxProbeWait": {MaxProbeWait: time.Millisecond}, "QuotaRun": {QuotaRun: -2},
	}
	for field, cfg := range bad {
		_, err := breaker.New("db", breaker.Config{NewPolicy: breaker.Adaptive(cfg)})
		wrong, ok := errors.AsType[*breaker.ConfigError](err)
		if !ok || wrong.Field != "AdaptiveConfig."+field || strings.Count(err.Error(), "\n") != 0 {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAdaptiveLongestOpenPeriod(t *testing.T) {
	for cfg, want := range map[breaker.AdaptiveConfig]time.Duration{{}: 120 * time.Second, {MaxProbeWait: time.Minute}: time.Minute} {
		r := newAdaptive(t, "", breaker.Config{NewPolicy: breaker.Adaptive(cfg)})
		if got := r.b.Config().ResetTimeout; got != want {
			t.Errorf("%+v: %v, want %v", cfg, got, want)
		}
	}
	r := newAdaptive(t, "", breaker.Config{ResetTimeout: 10 * time.Second})
	if got := r.b.Config().ResetTimeout; got != 10*time.Second {
		t.Errorf("what is set is %v", got)
	}
}
