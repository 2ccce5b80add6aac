package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/recloser/recloser/breaker"
)

// golden compares with a file of testdata, or writes it if the environment has
// UPDATE_GOLDEN.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; set UPDATE_GOLDEN=1 to accept:\n%s", path, got)
	}
}

const (
	refusal = "AI service is temporarily unavailable. Please try again in 4 seconds."
	outOf   = "The service is not available at the moment."
)

// example is a moment in the outage.
func example() (snapshot, []event) {
	s := snapshot{
		elapsed: 12400 * time.Millisecond, lasting: 38 * time.Second,
		phase: usualScript().phases[2],
		state: breaker.Open, nextTest: 3100 * time.Millisecond,
		with: figures{reached: 39, inVain: 9, books: books{
			calls: 72, results: map[result]int{answeredAtOnce: 30, refused: 36, failed: 6},
			latest: outcome{result: refused, attempts: 1, message: refusal, took: 2 * time.Millisecond},
		}},
		without: figures{reached: 1140, inVain: 110, books: books{
			calls: 58, waiting: 14, results: map[result]int{answeredAtOnce: 30, failed: 28},
			latest: outcome{result: failed, attempts: 3, message: outOf, took: 1340 * time.Millisecond},
		}},
	}
	for i := range 12 {
		sec := second{with: 6, without: int64(i * 2)}
		if i > 5 {
			sec.state, sec.with = breaker.Open, 0
		}
		if i == 8 {
			sec.state, sec.with = breaker.HalfOpen, 1
		}
		s.seconds = append(s.seconds, sec)
	}
	return s, []event{
		{0, aboutService, "healthy: answers every call"},
		{5700 * time.Millisecond, "open", "5 failures in a row; refusing calls for 1.6 s"},
		{5800 * time.Millisecond, aboutUsers, "told at once: " + quoted(refusal)},
		{8100 * time.Millisecond, "half-open", "one test call goes out"},
		{8100 * time.Millisecond, "open", "the test call failed; refusing calls for 7.4 s"},
	}
}

func TestFrame(t *testing.T) {
	for _, columns := range []int{60, 100} {
		for _, colour := range []bool{false, true} {
			name := fmt.Sprintf("frame-%d.txt", columns)
			if colour {
				name = fmt.Sprintf("frame-%d-colour.txt", columns)
			}
			t.Run(name, func(t *testing.T) {
				s, events := example()
				rows := 24 + 8*(columns/100)
				var b strings.Builder
				for _, l := range frame(s, events, columns, rows) {
					b.WriteString(l.paint(colour) + "\n")
				}
				golden(t, name, b.String())
			})
		}
	}
}

// No size may make a row too long, or too many of them.
func TestFrameFits(t *testing.T) {
	s, events := example()
	for columns := tightest; columns < 130; columns++ {
		for rows := 1; rows < 50; rows++ {
			all := frame(s, events, columns, rows)
			if len(all) > rows {
				t.Fatalf("%d rows on a screen of %d", len(all), rows)
			}
			for _, l := range all {
				if n := utf8.RuneCountInString(l.paint(false)); n >= columns {
					t.Fatalf("a row has %d columns on a screen of %d", n, columns)
				}
			}
		}
	}
}

func TestStateIsNeverInColourAlone(t *testing.T) {
	for state, words := range map[breaker.State]string{
		breaker.Closed: "✓ closed: calls go through", breaker.HalfOpen: "? half-open: one test call is out",
		breaker.Open: "✗ open: the next call is the test",
	} {
		if got := circuitLine(snapshot{state: state}).paint(false); !strings.HasSuffix(got, words) {
			t.Errorf("%v is shown as %q", state, got)
		}
	}
}

func TestSummaryText(t *testing.T) {
	recovery := time.Now()
	s := summary{
		lasted: 38100 * time.Millisecond, outage: 17 * time.Second, seed: 3, recovery: recovery,
		with: figures{reached: 118, inVain: 9, books: books{
			calls: 228, lost: 4100 * time.Millisecond, recovered: recovery.Add(2900 * time.Millisecond),
			results: map[result]int{answeredAtOnce: 109, refused: 112, failed: 7},
		}},
		without: figures{reached: 429, inVain: 296, books: books{
			calls: 228, lost: 236400 * time.Millisecond, recovered: recovery.Add(300 * time.Millisecond),
			results: map[result]int{answeredAtOnce: 126, answeredLater: 7, failed: 95},
		}},
	}
	golden(t, "summary-60.txt", s.text(60))
	golden(t, "summary-80.txt", s.text(80))
	early := s
	early.early, early.with.recovered = true, time.Time{}
	golden(t, "summary-early.txt", early.text(80))
}
