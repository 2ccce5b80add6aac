package openaitest_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/openaitest"
)

func TestParse(t *testing.T) {
	tests := []struct {
		script string
		want   openaitest.Timeline
	}{
		{"healthy 5s, down 20s, flaky 0.3 10s, healthy", openaitest.Timeline{Phases: []openaitest.Phase{
			{openaitest.Healthy{}, 5 * time.Second},
			{openaitest.Down{}, 20 * time.Second},
			{openaitest.Flaky{P: 0.3}, 10 * time.Second},
			{openaitest.Healthy{}, 0},
		}}},
		{"# an incident\nslow headers=2s chunk=100ms + cut 3 reset 1m30s, # then\n loop", openaitest.Timeline{
			Phases: []openaitest.Phase{{openaitest.All{
				openaitest.Slow{Headers: 2 * time.Second, Chunk: 100 * time.Millisecond},
				openaitest.Cut{After: 3, Reset: true},
			}, 90 * time.Second}},
			Loop: true,
		}},
		{"flaky .5(first 2 (gzip+quota) + only model=a)", openaitest.Timeline{Phases: []openaitest.Phase{{
			openaitest.Flaky{P: .5, Fault: openaitest.All{
				openaitest.First{N: 2, Fault: openaitest.All{openaitest.Gzip{}, openaitest.Quota{}}},
				openaitest.Only{Model: "a"},
			}}, 0}}}},
		{"error-event 4 form=both code=x", openaitest.Timeline{Phases: []openaitest.Phase{{
			openaitest.ErrorEvent{After: 4, Error: openaitest.APIError{Code: "x"}, Form: openaitest.BothErrors}, 0}}}},
		{"limited 5 10s, limited 0.05 burst=1 tokens=40000 bare", openaitest.Timeline{Phases: []openaitest.Phase{
			{&openaitest.Limited{Rate: 5}, 10 * time.Second},
			{&openaitest.Limited{Rate: 0.05, Burst: 1, TokensPerMinute: 40_000, Bare: true}, 0},
		}}},
	}
	for _, tt := range tests {
		have, err := openaitest.Parse(tt.script)
		if err != nil || !reflect.DeepEqual(have, tt.want) {
			t.Errorf("%s: %+v, %v", tt.script, have, err)
		}
	}
}

func TestEveryWordParsesAndRoundTrips(t *testing.T) {
	fill := strings.NewReplacer("[", "", "]", "", "AFTER", "3", "STATUS", "503", "=N", "=20", "DURATION", "5s",
		"TEXT", "some-text", "flat|failed|both", "both", "(FAULT)", "(down 500)")
	for _, w := range openaitest.Words() {
		script := fill.Replace(w.Usage)
		script = strings.NewReplacer(" P ", " 0.25 ", " N ", " 7 ", " R ", " 0.05 ").Replace(script)
		line, err := openaitest.Parse(script + " 1m0s")
		if err != nil {
			t.Errorf("%q: %v", script, err)
			continue
		}
		if have := line.String(); have != script+" 1m0s" {
			t.Errorf("%q came back as %q", script, have)
		}
		if w.Meaning == "" || strings.HasPrefix(line.Phases[0].Fault.Name(), "error") != strings.HasPrefix(w.Name, "error") {
			t.Errorf("%+v", w)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	tests := []struct {
		script       string
		line, column int
		says         []string
	}{
		{"", 1, 1, []string{"the end in place of a fault", "healthy", "flaky"}},
		{"healthy 5s,\n  donw 20s", 2, 3, []string{`unknown fault "donw"`, "down", "rate-limited"}},
		{"healthy 5s,", 1, 12, []string{"the end in place of a fault"}},
		{"down 5s healthy", 1, 9, []string{`"healthy" after a duration`, "comma"}},
		{"down, healthy", 1, 5, []string{"only the last phase"}},
		{"down 20, healthy", 1, 6, []string{"out of range", "400 to 599"}},
		{"down 5x", 1, 6, []string{`"5x" does not belong to down`, "down [STATUS]"}},
		{"down 0s", 1, 6, []string{"out of range"}},
		{"down 999999h", 1, 6, []string{"out of range"}},
		{"flaky 5s", 1, 1, []string{"flaky needs a number", "flaky P"}},
		{"flaky 1.5 5s", 1, 7, []string{"out of range", "0 to 1"}},
		{"flaky NaN 5s", 1, 7, []string{"out of range"}},
		{"flaky 0.5 (down 5s)", 1, 17, []string{"in parentheses"}},
		{"flaky 0.5 (down", 1, 16, []string{"the end in parentheses"}},
		{"cut 1.5", 1, 5, []string{"whole number"}},
		{"cut 1 2", 1, 7, []string{"given twice"}},
		{"cut 1 after=2", 1, 7, []string{"does not belong to cut", "cut AFTER [reset] [partial]"}},
		{"cut 1 reset reset", 1, 13, []string{"given twice"}},
		{"hang limit=5", 1, 6, []string{"not a duration"}},
		{"hang limit", 1, 6, []string{"does not belong", "limit=DURATION"}},
		{"error-event 1 form=odd", 1, 15, []string{"flat|failed|both"}},
		{"limited 0", 1, 9, []string{"out of range; r is a number from 1e-05 to 1000000, and"}},
		{"limited 5 burst=1.5", 1, 11, []string{"burst is a whole number from 1 to 1000000"}},
		{"limited burst=0", 1, 9, []string{"out of range"}},
		{"limited tokens=x", 1, 9, []string{`"tokens=x": want tokens=N`}},
		{"limited tokens=NaN", 1, 9, []string{"out of range"}},
		{"limited tokens=1 tokens=2", 1, 18, []string{"tokens is given twice"}},
		{"limited burst", 1, 9, []string{"does not belong to limited", "[burst=N]"}},
		{"only model=", 1, 6, []string{"model=TEXT"}},
		{"down (healthy)", 1, 6, []string{`"(" does not belong here`}},
		{"loop", 1, 1, []string{"loop can only stand alone"}},
		{"down, loop", 1, 5, []string{"only the last phase"}},
		{"down 1s, loop, down", 1, 14, []string{"after loop"}},
		{"down +", 1, 7, []string{"the end in place of a fault"}},
		{strings.Repeat("flaky 1 (", 9) + "down", 1, 81, []string{"more than 8"}},
		{strings.Repeat("down 1s,", 1001), 1, 8000, []string{"more than 1000 phases"}},
	}
	for _, tt := range tests {
		_, err := openaitest.Parse(tt.script)
		syntax, ok := errors.AsType[*openaitest.SyntaxError](err)
		if !ok {
			t.Errorf("%q: %v", clip(tt.script), err)
			continue
		}
		if line, column := syntax.Position(); line != tt.line || column != tt.column {
			t.Errorf("%q: line %d, column %d in %v", clip(tt.script), line, column, err)
		}
		for _, text := range tt.says {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%q: %q is not in %v", clip(tt.script), text, err)
			}
		}
	}
}

func clip(s string) string { return s[:min(len(s), 40)] }

// FuzzParse holds that nothing makes the parser panic, that errors point into
// the script, and that what is understood can be said again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"healthy 5s, down 20s, flaky 0.3 10s, healthy", "cut 3 reset + gzip always 1s, loop",
		"only model=x (first 2 (stall 1 keepalive=1s))", "a#b\n,", "limited 0.05 burst=1e1 1m, limited tokens=40000 token-burst=1 millis", "flaky 1e-9 (quota code==)", "(((", "down 1h1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		line, err := openaitest.Parse(script)
		if err != nil {
			syntax, ok := errors.AsType[*openaitest.SyntaxError](err)
			if !ok || syntax.Offset < 0 || syntax.Offset > len(script) || err.Error() == "" {
				t.Fatalf("%q: %#v", script, err)
			}
			return
		}
		again, err := openaitest.Parse(line.String())
		if err != nil || !reflect.DeepEqual(line, again) {
			t.Fatalf("%q, said as %q, is %+v, %v", script, line.String(), again, err)
		}
		line.At(time.Hour)
	})
}
