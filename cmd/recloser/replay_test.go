package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/replay"
)

func TestEveryPresetHasANameASourceAndAUse(t *testing.T) {
	common := map[string]bool{"5-in-a-row": true, "5-doubling": true, "half-of-10s": true, "none": true}
	for _, keyed := range []bool{false, true} {
		all, err := presets(keyed)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		stage := replay.Scenario{Length: time.Minute, Rate: 2}.Stage(1)
		for _, p := range all {
			if _, source := split(p.About); names[p.Name] || source == "" != common[p.Name] || isFile(p.Name) || strings.ContainsAny(p.Name, ", ") {
				t.Errorf("%s: source %q", p.Name, source)
			}
			names[p.Name] = true
			if s, err := replay.Run(stage, p); err != nil || s.Answered == 0 {
				t.Errorf("%s: %+v, %v", p.Name, s, err)
			}
		}
		for _, name := range append(defaultPolicies(), "gobreaker", "resilience4j", "polly", "envoy", "hystrix", "sre-throttle") {
			if !names[name] {
				t.Errorf("there is no %s", name)
			}
		}
	}
}

// result is what comes of scenarios with all processors, or with one.
func result(t *testing.T, processors int) *report.Backtest {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
	columns := []replay.Column{{Name: "a", Seeds: []uint64{1, 2, 3}, Make: func(uint64) replay.Scenario {
		return replay.Scenario{Length: 2 * time.Minute, Phases: []replay.Phase{{From: 30 * time.Second, To: 70 * time.Second, Fail: 1}}}
	}}}
	all, err := presets(false)
	if err != nil {
		t.Fatal(err)
	}
	b := &backtest{policies: all, seed: 1, watch: true}
	made, err := b.simulate(t.Context(), columns, chosen{all, all}, true)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestTheNumberOfProcessorsChangesNothing(t *testing.T) {
	if one, four := result(t, 1), result(t, 4); !reflect.DeepEqual(one, four) {
		t.Error("it does")
	}
}

// TestCtrlCEndsRuns plays what would take hours.
func TestCtrlCEndsRuns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := &plays{}
	stage := replay.Scenario{Length: 10000 * time.Hour, Rate: 100}.Stage(1)
	var scores [3]replay.Score
	for i := range scores {
		p.add(stage, replay.Peers(false)[0], &scores[i])
	}
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := p.run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := quietly(ctx, ctx.Err()); !errors.Is(err, exitError{exitInterrupted}) {
		t.Error(err)
	}
}

func TestABadPolicyStopsTheOthers(t *testing.T) {
	p := &plays{}
	bad := replay.Policy{Name: "bad", New: func(replay.Process) (replay.Admission, error) { return nil, errors.New("it is bad") }}
	p.add(replay.Scenario{Length: time.Minute}.Stage(1), bad, new(replay.Score))
	p.add(replay.Scenario{Length: 10000 * time.Hour, Rate: 100}.Stage(1), replay.Peers(false)[0], new(replay.Score))
	if err := p.run(t.Context()); err == nil || err.Error() != "it is bad" {
		t.Error(err)
	}
}

func TestTheBar(t *testing.T) {
	p := &progress{what: "replaying", total: 200, width: 60}
	for done, want := range map[int64]string{
		0:   "░░░░░░░░░░░░░░░░░░░░░░░░   0 %  replaying",
		100: "████████████░░░░░░░░░░░░  50 %  replaying",
		900: "████████████████████████ 100 %  replaying",
	} {
		if got := p.line(done); got != want {
			t.Errorf("%d: %q", done, got)
		}
	}
	p.what, p.width = strings.Repeat("x", 200), 40
	if n := len([]rune(p.line(1))); n != 39 {
		t.Errorf("a bar of %d columns in a terminal of 40", n)
	}
	p.what, p.total, p.width = "reading -", 0, 60
	if got := p.line(3_400_000); got != "reading -: 3 MB" {
		t.Errorf("%q", got)
	}
	var none *progress
	none.begin("nothing", 1)
	none.add(1)
	none.end()
	if newProgress(new(bytes.Buffer)) != nil {
		t.Error("a bar where nobody sees it")
	}
}

func TestManyModelsShareACircuit(t *testing.T) {
	records := func(yield func(replay.Record, error) bool) {
		for i := range 3 * maxTraceModels {
			if !yield(replay.Record{At: time.Duration(i), Model: time.Duration(i).String()}, nil) {
				return
			}
		}
	}
	tr, err := trail(t.Context(), "many", records, false)
	if err != nil || len(tr.Models()) != maxTraceModels+1 {
		t.Errorf("%d models, %v", len(tr.Models()), err)
	}
}

// TestPublicTraces replays all files of the traces that lie beside the repository.
func TestPublicTraces(t *testing.T) {
	folder := filepath.Join(cmp.Or(os.Getenv("RECLOSER_SHARED"), filepath.Join("..", "..", "..", "shared")), "traces")
	files, _ := filepath.Glob(filepath.Join(folder, "*.csv.gz"))
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("MISSING in CI: %s", folder)
		}
		t.Skipf("NOT RUN for want of %s: put it there, or set RECLOSER_SHARED to the folder that has it", folder)
	}
	for _, file := range files {
		var out, problems bytes.Buffer
		code := run(t.Context(), []string{"replay", "--json", file}, streams{&out, &problems, nil})
		name := filepath.Base(file)
		if strings.HasPrefix(name, "incidents_") || strings.HasPrefix(name, "outage_minutes") {
			if code != exitFailure || !strings.Contains(problems.String(), name) {
				t.Errorf("%s is no trace: code %d, %s", name, code, &problems)
			}
			continue
		}
		var b report.Backtest
		if err := json.Unmarshal(out.Bytes(), &b); err != nil || code != exitOK {
			t.Errorf("%s: code %d, %v: %s", name, code, err, &problems)
			continue
		}
		checkCard(t, name, &b.Cards[0])
	}
}

func checkCard(t *testing.T, name string, c *report.Scorecard) {
	t.Helper()
	for i := range c.Policies {
		m := &c.Policies[i]
		if sum := m.Answered + m.AfterRetry + m.RefusedAtOnce + m.WaitedThenFailed; sum != m.Requests || m.Requests != c.Trace.Requests {
			t.Errorf("%s, %s: %d of %d requests ended", name, m.Policy, sum, m.Requests)
		}
		if *m.RegretLow > m.Regret || m.Regret > *m.RegretHigh {
			t.Errorf("%s, %s: %v is not within %v and %v", name, m.Policy, m.Regret, *m.RegretLow, *m.RegretHigh)
		}
		if m.Policy == "none" && (m.Refused != 0 || !c.Trace.CallsTold && m.FailedAttempts != c.Trace.Failed+c.Trace.Limited) {
			t.Errorf("%s: without protection %+v", name, m)
		}
		if c.Trace.Failed+c.Trace.Limited == 0 && m.Openings != 0 {
			t.Errorf("%s, %s: opened %d times, and nothing failed", name, m.Policy, m.Openings)
		}
	}
}
