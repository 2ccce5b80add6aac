package tune

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/replay"
)

func run(t *testing.T, in Input) *Result {
	t.Helper()
	r, err := Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWhatIsBetterIsFound: with two outages in ten minutes of many calls, the default's
// open period of up to 16 s outlives them, and shorter ones are better by far.
func TestWhatIsBetterIsFound(t *testing.T) {
	t.Parallel()
	r := run(t, input(traced(t, 25*time.Minute, time.Second, short)))
	if r.Recommended != 1 || r.Gain == nil || r.Gain.All.Low <= 0 || r.Gain.HeldOut.Mean <= 0 {
		t.Fatalf("recommended %d, gain %+v: %s", r.Recommended, r.Gain, r.Why)
	}
	base, best := r.Rows[0], r.Rows[1]
	if best.All.Regret.Mean >= base.All.Regret.Mean || len(r.Fields) == 0 {
		t.Errorf("%v is no better than %v (%d fields)", best.All.Regret, base.All.Regret, len(r.Fields))
	}
	for _, f := range r.Fields {
		want := fmt.Sprintf("regret %s, with ", best.All.Regret)
		if !strings.HasPrefix(f.Reason, want) || !strings.Contains(f.Reason, "; false trips in 25 minutes: ") || f.Value == f.Default {
			t.Errorf("%s is %s, by default %s: %s", f.Path, f.Value, f.Default, f.Reason)
		}
	}
	if split := r.Traces[0]; split.Training.Outages == 0 || split.HeldOut.Outages == 0 || split.Training.Requests+split.HeldOut.Requests != split.Attempts {
		t.Errorf("divided into %+v", split)
	}
}

func TestASearchCanBeRepeated(t *testing.T) {
	t.Parallel()
	tr := traced(t, 6*time.Minute, time.Second, short)
	in := input(tr, tr)
	in.Options = options()
	in.Budget.Candidates = 18
	a, b := run(t, in), run(t, in)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("the same search finds\n%+v\nand\n%+v", a, b)
	}
	if a.Candidates != 18 || len(a.Traces) != 2 {
		t.Errorf("%d candidates on %d traces", a.Candidates, len(a.Traces))
	}
}

func TestWhatMayBeChanceIsNotRecommended(t *testing.T) {
	t.Parallel()
	once := func(at time.Duration) bool { return at >= 10*time.Minute && at < 11*time.Minute }
	r := run(t, input(traced(t, 40*time.Minute, 2*time.Second, once)))
	if r.Recommended != 0 || len(r.Fields) != 0 {
		t.Errorf("one outage is enough for %+v: %s", r.Fields, r.Why)
	}
	if text := strings.Join(r.Notes, "\n"); !strings.Contains(text, "No outage is in the held-out part") {
		t.Error(text)
	}
}

func TestTheLimitIsObeyed(t *testing.T) {
	t.Parallel()
	// Four failures in a row come now and then while all is well, besides outages.
	in := input(traced(t, 20*time.Minute, time.Second, func(at time.Duration) bool { return short(at) || at%time.Minute < 4*time.Second }))
	in.Limit = Limit{0, 30 * day}
	r := run(t, in)
	if m := r.Rows[r.Recommended].All; m.FalseTrips > 0 {
		t.Errorf("%v false trips are recommended: %s", m.FalseTrips, r.Why)
	}
	s := &search{Input: in, player: &player{build: build, done: func(int) {}}}
	s.divide()
	if err := s.player.ask(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	m, err := s.on(t.Context(), Settings{"failure-threshold": "3"}, append(s.train, s.held...), 1)
	if err != nil || m.false < 10 || in.Limit.obeyed(&m) {
		t.Errorf("who opens at three failures has %v false trips (%v)", m.false, err)
	}
}

// TestWhatIsOnRecordStaysAFact: an answer that took longer than the patience of the
// scenarios' client is an answer.
func TestWhatIsOnRecordStaysAFact(t *testing.T) {
	tr, err := replay.ReadTrace(func(yield func(replay.Record, error) bool) {
		for i := range 300 {
			r := replay.Record{At: time.Duration(i) * time.Second, Model: "m", Kind: replay.KindOf(true, 200), Status: 200, Latency: 2 * time.Minute}
			if !yield(r, nil) {
				return
			}
		}
	}, replay.TraceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	s := &search{Input: input(tr), player: &player{build: build, done: func(int) {}}}
	s.divide()
	if err := s.player.ask(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	m, err := s.on(t.Context(), Settings{}, append(s.train, s.held...), 1)
	if err != nil || m.failed != 0 || m.unanswered != 0 || m.regret() != 0 {
		t.Errorf("%+v (%v)", m, err)
	}
}

func TestTheLedgerAddsUpToTheScore(t *testing.T) {
	stage := traced(t, time.Hour, time.Second, short).Stage(replay.Likely, replay.SpecClient(), 3)
	for _, p := range append(replay.Peers(false), replay.Circuits{}.Policy("ours", ""), replay.Oracle(replay.SpecCosts())) {
		l := ledger{cuts: []time.Duration{5 * time.Minute, 20 * time.Minute}}
		score, err := replay.Run(stage, l.watch(p))
		if err != nil {
			t.Fatal(err)
		}
		if sum := l.lost[0] + l.lost[1] + l.lost[2]; tidied(sum) != tidied(score.Loss(replay.SpecCosts())) {
			t.Errorf("%s: lost %v, the score has %v", p.Name, sum, score.Loss(replay.SpecCosts()))
		}
	}
}

func TestTooLittleToSayAnything(t *testing.T) {
	t.Parallel()
	well := func(time.Duration) bool { return false }
	late := func(at time.Duration) bool { return at > 59*time.Minute }
	for want, in := range map[string]Input{
		"there are 100 requests":         input(traced(t, 100*time.Second, time.Second, short)),
		"there are 0 requests":           input(),
		"no outage is on record":         input(traced(t, time.Hour, time.Second, well)),
		"all outages are in the part":    input(traced(t, time.Hour, time.Second, late)),
		"100 requests, and it takes 200": input(traced(t, 50*time.Second, time.Second, short), traced(t, 50*time.Second, time.Second, well)),
	} {
		_, err := Run(t.Context(), in)
		if !errors.Is(err, ErrTooLittle) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Collect more: ") {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

func TestASearchCanBeStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in := input(traced(t, 40*time.Minute, time.Second, short))
	in.Begun, in.Played = func(int) {}, func(int) { cancel() }
	if _, err := Run(ctx, in); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	in.Budget = Budget{Candidates: 1_000_000, Time: time.Millisecond}
	if r := run(t, in); r.Candidates > 10*batch {
		t.Errorf("%d candidates in a millisecond", r.Candidates)
	}
}

func TestNamesCannotSpeak(t *testing.T) {
	r := &Result{Rows: []Row{{Name: "default"}}, Traces: []Split{{Name: "a\nbreaker:\x1b[31m {mode: disabled}"}}}
	var text, yaml bytes.Buffer
	if err := errors.Join(r.WriteText(&text), r.WriteYAML(&yaml)); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(text.String()+yaml.String(), "\x1b") || strings.Contains(yaml.String(), "\nbreaker") {
		t.Errorf("%q\n%q", text.String(), yaml.String())
	}
}
