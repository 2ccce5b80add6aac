package demo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/openaitest"
)

// TestRunTellsOfEveryState is the demo as a newcomer sees it without a terminal.
func TestRunTellsOfEveryState(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Run(t.Context(), hurried(), &out); err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, m := range regexp.MustCompile(`(?m)^ *[\d.]+s  (open|half-open|closed) +\w`).FindAllStringSubmatch(out.String(), -1) {
		states = append(states, m[1])
	}
	want := []string{"open", "half-open", "closed"}
	if len(states) < 3 || !slices.Equal(states[:2], want[:2]) || states[len(states)-1] != "closed" {
		t.Errorf("states %v; want open, half-open, …, closed", states)
	}
	for _, part := range []string{
		"5 failures in a row; refusing calls for 0.1 s", "service    down\n", "service    healthy again\n",
		`told at once: "Please try again in 1 second."`, "without Recloser, the first error comes after",
		"Summary of", "(seed 7)", "attempts at the service", "\nNext\n",
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("there is no %q", part)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("there are escape sequences in plain output")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestSummaryAgreesWithTheService compares three books: the stand-in's, the
// crowds', and the circuit's transitions.
func TestSummaryAgreesWithTheService(t *testing.T) {
	t.Parallel()
	s := begun(t, hurried())
	s.play(t.Context(), lines{io.Discard})
	sum, counts := s.summary(false), s.service.Counts()

	if sum.with.calls == 0 || sum.with.calls != sum.without.calls {
		t.Errorf("%d calls through the proxy and %d bare; want equally many", sum.with.calls, sum.without.calls)
	}
	for name, f := range map[string]figures{"with": sum.with, "without": sum.without} {
		if got := f.answered() + f.results[refused] + f.results[failed]; got != f.calls || f.waiting != 0 {
			t.Errorf("%s: %d users told of, %d waiting; want %d and none", name, got, f.waiting, f.calls)
		}
		if got := f.reached - f.inVain; got != int64(f.answered()) {
			t.Errorf("%s: %d attempts were answered, and %d users", name, got, f.answered())
		}
	}
	if got := sum.with.reached + sum.without.reached; got != counts.Attempts || counts.InFlight != 0 {
		t.Errorf("%d attempts told of, the service has %d, %d in flight", got, counts.Attempts, counts.InFlight)
	}
	if got := int64(sum.without.attempts); got != sum.without.reached {
		t.Errorf("the bare client made %d attempts, %d arrived", got, sum.without.reached)
	}
	if got := sum.with.inVain + sum.without.inVain; got != counts.ByFault["down"]+counts.ByFault["reset"] {
		t.Errorf("%d attempts in vain; the service has %v", got, counts.ByFault)
	}
	if sum.without.results[refused] != 0 {
		t.Errorf("without a circuit %d users were refused", sum.without.results[refused])
	}
	if refusals := sum.with.results[refused]; refusals > 0 && sum.with.inVain >= sum.without.inVain {
		t.Errorf("%d users were refused, and nothing was gained: %d and %d attempts in vain", refusals, sum.with.inVain, sum.without.inVain)
	}
	if at := s.circuits.now(); at.state != breaker.Closed {
		t.Errorf("the circuit ends %v", at.state)
	}
}

func TestBothCrowdsCallAtTheSameInstants(t *testing.T) {
	t.Parallel()
	opts := hurried()
	opts.script.phases = opts.script.phases[:1]
	s := begun(t, opts)
	s.play(t.Context(), lines{io.Discard})
	with, without := s.figures(s.with), s.figures(s.without)
	var want int64
	for _, at := range arrivals(opts.Seed, opts.script.calls) {
		if at >= opts.script.lasting() {
			break
		}
		want++
	}
	if with.reached != want || without.reached != want {
		t.Errorf("%d and %d calls to a healthy service; want %d", with.reached, without.reached, want)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"before it begins": 0, "soon": 50 * time.Millisecond, "in the outage": 500 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			opts := hurried()
			opts.Keep = true
			var out bytes.Buffer
			if err := Run(ctx, opts, &out); err != nil {
				t.Fatal(err)
			}
			if text := out.String(); !strings.Contains(text, "Stopped after") || strings.Contains(text, "Still up") {
				t.Error(text)
			}
		})
	}
}

// TestRunIsCutOff: whatever the script says, and users who still wait.
func TestRunIsCutOff(t *testing.T) {
	t.Parallel()
	opts := hurried()
	opts.longest = 500 * time.Millisecond
	opts.script.phases = []phase{{openaitest.Hang{}, time.Hour, "hangs"}}
	began := time.Now()
	var out bytes.Buffer
	if err := Run(t.Context(), opts, &out); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > opts.longest+closing {
		t.Errorf("it took %v", took)
	}
	text := out.String()
	for _, part := range []string{"Summary of", "\nNext\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("there is no %q", part)
		}
	}
	if !regexp.MustCompile(`(?m)^ +failed +0 +0$`).MatchString(text) {
		t.Error("users who were cut off count as failed\n" + text)
	}
}

func TestKeepStaysUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	opts := hurried()
	opts.Keep, opts.script.phases = true, opts.script.phases[:1]
	out := &watched{until: "Ctrl-C ends it.", seen: cancel}
	if err := Run(ctx, opts, out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"OPENAI_BASE_URL=http://127.0.0.1:", "http://admin.example"} {
		if !strings.Contains(out.buf.String(), part) {
			t.Errorf("there is no %q", part)
		}
	}
}

// watched calls seen once a text has been written.
type watched struct {
	buf   bytes.Buffer
	until string
	seen  func()
	once  sync.Once
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.buf.Write(p)
	if strings.Contains(w.buf.String(), w.until) {
		w.once.Do(w.seen)
	}
	return n, err
}

func TestRunTellsWhatWentWrong(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	if err := Run(t.Context(), Options{}, io.Discard); err == nil || !strings.Contains(err.Error(), "StartProxy") {
		t.Errorf("without a proxy: %v", err)
	}
	opts := hurried()
	opts.StartProxy = func(context.Context, string, func(breaker.Transition)) (string, string, func(), error) {
		return "", "", nil, boom
	}
	if err := Run(t.Context(), opts, io.Discard); !errors.Is(err, boom) {
		t.Errorf("a proxy that does not start: %v", err)
	}
	if err := Run(t.Context(), hurried(), broken{boom}); !errors.Is(err, boom) {
		t.Errorf("an output that fails: %v", err)
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }
