package demo

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/openaitest"
	"github.com/recloser/recloser/replay"
)

// recorded is a trace of a call a second for so long, in which some fail.
func recorded(t *testing.T, length time.Duration, status func(at time.Duration) int) *replay.Trace {
	t.Helper()
	tr, err := replay.ReadTrace(func(yield func(replay.Record, error) bool) {
		for at := time.Duration(0); at < length; at += time.Second {
			code := status(at)
			r := replay.Record{At: at, Model: "m", Kind: replay.KindOf(code == 200, code), Status: code, Latency: 100 * time.Millisecond}
			if code == 408 {
				r.Kind = fault.Timeout
			}
			if !yield(r, nil) {
				return
			}
		}
	}, replay.TraceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// troubled has two failures early on, an outage from 600 to 700 s, and 429s later.
func troubled(at time.Duration) int {
	switch s := int(at.Seconds()); {
	case s == 100 || s == 101 || s >= 600 && s < 700:
		return 503
	case s >= 1000 && s < 1400:
		return 429
	}
	return 200
}

func TestTheDensestOutageIsChosen(t *testing.T) {
	in, err := choose(Recording{"x.csv", recorded(t, 2000*time.Second, troubled), 0})
	if err != nil {
		t.Fatal(err)
	}
	if in.from != 562875*time.Millisecond || in.to != 810375*time.Millisecond {
		t.Errorf("from %v to %v; want three eighths of 99 s before 600 s, and nine after 699 s", in.from, in.to)
	}
	if d := in.lasting(); d < 39*time.Second || d > 41*time.Second {
		t.Errorf("it is played for %v", d)
	}
	want := "x.csv from 00:09:23 to 00:13:30, 6.19 times as fast: of 248 attempts 100 failed"
	if got := in.words(); got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

func TestALimitIsPlayedAsFastAsItWas(t *testing.T) {
	in, err := choose(Recording{"x", recorded(t, 2000*time.Second, func(at time.Duration) int {
		if troubled(at) == 429 {
			return 429
		}
		return 200
	}), 0})
	if err != nil || in.speed != 1 || in.lasting() > time.Minute {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestNothingToPlay(t *testing.T) {
	well := func(time.Duration) int { return 200 }
	for _, length := range []time.Duration{0, time.Second, time.Hour} {
		if _, err := choose(Recording{"x", recorded(t, length, well), 0}); err == nil || !strings.Contains(err.Error(), "no incident") {
			t.Errorf("%v: %v", length, err)
		}
	}
	opts := hurried()
	opts.Recording = &Recording{"calm.csv", recorded(t, time.Minute, well), 0}
	if err := Run(t.Context(), opts, io.Discard); err == nil || !strings.HasPrefix(err.Error(), "calm.csv: no call fails") {
		t.Error(err)
	}
}

// One failure, at the edge, and any speed, must not lead out of bounds, nor to a run
// without end.
func TestOddRecordings(t *testing.T) {
	for _, length := range []time.Duration{time.Second, 2 * time.Second, 20 * time.Second, 2 * time.Hour} {
		for _, speed := range []float64{0, 0.1, 1, 86400} {
			for _, bad := range []func(time.Duration) bool{
				func(time.Duration) bool { return true },
				func(at time.Duration) bool { return at == 0 },
				func(at time.Duration) bool { return at == length-time.Second },
			} {
				in, err := choose(Recording{"x", recorded(t, length, func(at time.Duration) int {
					if bad(at) {
						return 0
					}
					return 200
				}), speed})
				if err != nil {
					t.Fatal(err)
				}
				s := scriptOf(in)
				if s.lasting() != in.lasting() || s.lasting() > longestPart || len(s.phases) == 0 {
					t.Errorf("%v at %v: %d phases, %v of %v", length, speed, len(s.phases), s.lasting(), in.lasting())
				}
				n, last := 0, time.Duration(-1)
				for i, at := range s.users(1) {
					if at < last || i != n {
						t.Fatalf("user %d comes at %v, after %v", i, at, last)
					}
					if n, last = n+1, at; n == 100 {
						break
					}
				}
			}
		}
	}
}

func TestTheStandInFollowsTheRecord(t *testing.T) {
	in, err := choose(Recording{"x", recorded(t, 2000*time.Second, troubled), 2})
	if err != nil {
		t.Fatal(err)
	}
	good := 0
	for n := range uint64(100) {
		a := openaitest.Attempt{N: n + 1, Elapsed: time.Duration(n) * in.lasting() / 100}
		name := in.Choose(a).Name()
		at := in.at(a.Elapsed)
		if name == "healthy" {
			good++
		}
		if (at < 595*time.Second || at > 705*time.Second) != (name == "healthy") && (at-600*time.Second).Abs() > 5*time.Second && (at-700*time.Second).Abs() > 5*time.Second {
			t.Errorf("at %v it is %s", at, name)
		}
	}
	if good < 50 || good > 70 {
		t.Errorf("%d of 100 are answered", good)
	}
}

func TestEveryAnswerOnRecordCanBePlayed(t *testing.T) {
	in := &incident{speed: 10}
	for want, r := range map[string]replay.Answer{
		"healthy":           {Class: breaker.Answer, Status: 200, Took: time.Second},
		"slow+down":         {Class: breaker.QuickFailure, Status: 500, Took: time.Second},
		"slow+reset":        {Class: breaker.QuickFailure, Took: time.Second},
		"slow+rate-limited": {Class: breaker.Quota, Status: 429, RetryAfter: 20 * time.Second},
		"hang":              {Class: breaker.Hang, Took: time.Hour},
	} {
		if got := in.faultOf(&r).Name(); got != want {
			t.Errorf("%+v is played as %s; want %s", r, got, want)
		}
	}
	if got := in.faultOf(&replay.Answer{Class: breaker.Answer, Took: time.Second}).(answered).Headers; got != 100*time.Millisecond {
		t.Errorf("an answer of 1 s takes %v at ten times the speed", got)
	}
}

func TestUsersComeAsOnRecord(t *testing.T) {
	in, err := choose(Recording{"x", recorded(t, 2000*time.Second, troubled), 4})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, at := range in.arrivals(3) {
		if at >= in.lasting() {
			break
		}
		n = i + 1
	}
	if got := float64(n) / in.lasting().Seconds(); got < 3.5 || got > 4.5 {
		t.Errorf("%v calls a second; a call a second, four times as fast, is 4", got)
	}
	a, b := slices.Collect(firstOf(in, 1)), slices.Collect(firstOf(in, 1))
	if !slices.Equal(a, b) || slices.Equal(a, slices.Collect(firstOf(in, 2))) {
		t.Error("they do not follow the seed")
	}
}

func firstOf(in *incident, seed uint64) func(func(time.Duration) bool) {
	return func(yield func(time.Duration) bool) {
		for i, at := range in.arrivals(seed) {
			if i == 50 || !yield(at) {
				return
			}
		}
	}
}

// TestRunPlaysARecording is a whole run, of a few seconds.
func TestRunPlaysARecording(t *testing.T) {
	t.Parallel()
	opts := hurried()
	opts.script = script{}
	opts.Recording = &Recording{"night.csv", recorded(t, 2000*time.Second, troubled), 60}
	var out bytes.Buffer
	if err := Run(t.Context(), opts, &out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"plays a recorded incident", "trace      night.csv from 00:09:23 to 00:13:30, 60 times as fast",
		"service    down: ", "fail, mostly with 503", "failures in a row; refusing", "Summary of", "attempts at the service",
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("there is no %q", part)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}
