package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/replay"
)

// rivals are policies of a few lines each, which do not change with the library.
func rivals() []replay.Policy {
	var some []replay.Policy
	for _, p := range replay.Peers(false) {
		if p.Name == "5-in-a-row" || p.Name == "none" {
			some = append(some, p)
		}
	}
	return some
}

// played runs a stage with the oracle and all rivals.
func played(t *testing.T, into *report.Played, stage replay.Stage, step time.Duration) {
	t.Helper()
	first := len(into.Oracle) == 0
	if first {
		into.Policies = make([][]replay.Score, len(rivals()))
		into.Series = make([]replay.Series, len(rivals())+1)
	}
	run := func(i int, p replay.Policy) replay.Score {
		if first {
			into.Series[i].Step = step
			p = replay.Watch(p, &into.Series[i])
		}
		s, err := replay.Run(stage, p)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	into.Oracle = append(into.Oracle, run(0, replay.Oracle(replay.SpecCosts())))
	for i, p := range rivals() {
		into.Policies[i] = append(into.Policies[i], run(i+1, p))
	}
}

// diary is a trace of two models, of which one is down for a while, and of calls with
// retries that some policies make at other times.
func diary(t *testing.T, name string) report.Played {
	t.Helper()
	records := func(yield func(replay.Record, error) bool) {
		for i := range 120 {
			r := replay.Record{
				At: time.Duration(i) * time.Second, Model: "small", Kind: fault.Success, Status: 200, Latency: time.Second,
				Call: string(rune('A'+i%60)) + name + string(rune('0'+i/60)),
			}
			if i%3 == 0 {
				r.Model = "<b>large</b>"
			}
			if i > 30 && i < 70 {
				r.Kind, r.Status, r.Latency = fault.Service, 503, replay.Unknown
			}
			if !yield(r, nil) {
				return
			}
		}
	}
	trace, err := replay.ReadTrace(records, replay.TraceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	facts := trace.Facts()
	p := report.Played{Name: name, Trace: &facts, Models: trace.Models(), Unsorted: 2, CallsTold: true}
	for _, g := range []replay.Guess{replay.Likely, replay.Optimistic, replay.Pessimistic} {
		played(t, &p, trace.Stage(g, replay.SpecClient(), 1), 5*time.Second)
	}
	return p
}

func replayed(t *testing.T) *report.Backtest {
	return report.MakeBacktest(report.BacktestInput{
		Title: "Replay", Seed: 1, Costs: replay.SpecCosts(), Policies: rivals(), Played: []report.Played{diary(t, "one.csv"), diary(t, "two.csv")},
	})
}

func simulated(t *testing.T, detail bool) *report.Backtest {
	t.Helper()
	var all []report.Played
	for _, name := range []string{"outage", "one-model", "low-traffic", "flapping", "stall", "bursty", "healthy", "grey95"} {
		s := replay.Scenario{Rate: 1, Length: 4 * time.Minute, Replicas: 1, Phases: []replay.Phase{{From: time.Minute, To: 2 * time.Minute, Fail: 1}}}
		p := report.Played{Name: name, About: "down for a minute"}
		for seed := range uint64(2) {
			played(t, &p, s.Stage(seed), 5*time.Second)
		}
		all = append(all, p)
	}
	return report.MakeBacktest(report.BacktestInput{
		Title: "Simulation", Seed: 0, Costs: replay.SpecCosts(), Policies: rivals(), Played: all, Table: true, Detail: detail,
	})
}

func TestBacktestsReadAsTheyDid(t *testing.T) {
	traces, scenarios := replayed(t), simulated(t, false)
	var b bytes.Buffer
	for _, one := range []struct {
		name  string
		write func() error
	}{
		{"replay.txt", func() error { return traces.WriteText(&b, 80, false) }},
		{"replay.json", func() error { return traces.WriteJSON(&b) }},
		{"replay.html", func() error { return traces.WriteHTML(&b) }},
		{"simulation.txt", func() error { return scenarios.WriteText(&b, 80, false) }},
		{"simulation-200.txt", func() error { return scenarios.WriteText(&b, 200, false) }},
		{"simulation.json", func() error { return scenarios.WriteJSON(&b) }},
	} {
		b.Reset()
		if err := one.write(); err != nil {
			t.Fatal(one.name, err)
		}
		golden(t, one.name, b.Bytes())
		if limit := 80; strings.HasSuffix(one.name, ".txt") && !strings.Contains(one.name, "200") {
			for line := range strings.Lines(b.String()) {
				if len([]rune(line)) > limit+1 {
					t.Errorf("%s is wider than a terminal: %s", one.name, line)
				}
			}
		}
	}
}

func TestBacktestCanBeReadBack(t *testing.T) {
	for _, made := range []*report.Backtest{replayed(t), simulated(t, true)} {
		var first, second bytes.Buffer
		if err := made.WriteJSON(&first); err != nil {
			t.Fatal(err)
		}
		var back report.Backtest
		if err := json.Unmarshal(first.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		if err := back.WriteJSON(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("not what was written (%v)", err)
		}
	}
}

// TestScorecardsAddUp compares with what was played.
func TestScorecardsAddUp(t *testing.T) {
	b := replayed(t)
	for i := range b.Policies {
		one, two, sum := &b.Cards[0].Policies[i], &b.Cards[1].Policies[i], &b.Sum.Policies[i]
		if sum.Requests != 240 || sum.Answered != one.Answered+two.Answered || sum.Wasted != one.Wasted+two.Wasted ||
			sum.Answered+sum.AfterRetry+sum.RefusedAtOnce+sum.WaitedThenFailed != sum.Requests {
			t.Errorf("%+v and %+v are %+v", one, two, sum)
		}
		mean := (one.Regret + two.Regret) / 2 // both have 120 requests
		if d := sum.Regret - mean; d > 1e-5 || d < -1e-5 {
			t.Errorf("regrets %v and %v are %v", one.Regret, two.Regret, sum.Regret)
		}
		if *sum.RegretLow > sum.Regret || *sum.RegretHigh < sum.Regret {
			t.Errorf("%s: %v is not within %v and %v", sum.Policy, sum.Regret, *sum.RegretLow, *sum.RegretHigh)
		}
	}
	if none := &b.Sum.Policies[1]; none.Policy != "none" || none.Guessed == 0 || none.Refused != 0 {
		t.Errorf("without protection, retries that were not made are guessed: %+v", none)
	}
	outages := b.Cards[0].Trace.Outages
	if len(outages) != 2 || outages[1].Model != "small" || outages[1].From != 31 || outages[1].To != 70 {
		t.Errorf("%+v", outages)
	}
	s := simulated(t, false)
	if s.Cards != nil || len(s.Table.Rows) != 2 || s.Table.Rows[0].Policy != "5-in-a-row" || s.Table.Rows[0].Mean.Mean >= s.Table.Rows[1].Mean.Mean {
		t.Errorf("%+v", s.Table)
	}
}
