package tune

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/replay"
)

// traced is a trace of a call in each step, answered or not.
func traced(t *testing.T, length, step time.Duration, fails func(at time.Duration) bool) *replay.Trace {
	t.Helper()
	tr, err := replay.ReadTrace(func(yield func(replay.Record, error) bool) {
		for at := time.Duration(0); at < length; at += step {
			r := replay.Record{At: at, Model: "m", Kind: replay.KindOf(true, 200), Status: 200, Latency: 100 * time.Millisecond}
			if fails(at) {
				r.Kind, r.Status = replay.KindOf(false, 503), 503
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

// short is down for half a minute every five: whoever waits long before he looks again
// loses much.
func short(at time.Duration) bool {
	return at%(5*time.Minute) >= 200*time.Second && at%(5*time.Minute) < 230*time.Second
}

// options are what a configuration might have.
func options() []Option {
	return []Option{
		{"policy", "breaker.policy", "classic", []string{"classic", "adaptive"}},
		{"adaptive-odds", "breaker.adaptive_odds", "10000000", nil},
		{"failure-threshold", "breaker.failure_threshold", "5", nil},
		{"failure-rate", "breaker.failure_rate", "off", nil},
		{"rate-window", "breaker.rate_window", "10s", nil},
		{"base-timeout", "breaker.base_timeout", "1s", nil},
		{"reset-timeout", "breaker.reset_timeout", "30s", nil},
		{"gates", "gate.enabled", "on", nil},
		{"gate-wait", "gate.wait", "off", nil},
		{"max-circuits", "breaker.max_circuits", "1000", nil},
	}
}

// build makes circuits of some of them.
func build(of Settings) (replay.Circuits, error) {
	c := replay.Circuits{Gates: of["gates"] != off}
	if of["policy"] == adaptive {
		cfg := breaker.AdaptiveConfig{}
		if text, ok := of["adaptive-odds"]; ok {
			cfg.Odds, _ = strconv.ParseFloat(text, 64)
		}
		c.Breaker.NewPolicy = breaker.Adaptive(cfg)
		c.Breaker.ResetTimeout, _ = time.ParseDuration(of["reset-timeout"])
		return c, nil
	}
	b := &c.Breaker
	b.FailureRate, _ = strconv.ParseFloat(of["failure-rate"], 64)
	if b.FailureThreshold, _ = strconv.Atoi(of["failure-threshold"]); of["failure-threshold"] == off {
		b.FailureThreshold = breaker.Off
	}
	b.RateWindow, _ = time.ParseDuration(of["rate-window"])
	b.BaseTimeout, _ = time.ParseDuration(of["base-timeout"])
	b.ResetTimeout, _ = time.ParseDuration(of["reset-timeout"])
	if b.Validate() != nil {
		return c, errors.New("no")
	}
	return c, nil
}

// input is a search with few candidates, of the policy classic alone: the race
// detector makes the other thirty times as slow.
func input(traces ...*replay.Trace) Input {
	in := Input{Options: options(), Build: build, Limit: Limit{1, 30 * day}, Holdout: 0.3, Seed: 1, Budget: Budget{Candidates: 12}}
	in.Options[0].Values = []string{classic}
	for i, t := range traces {
		in.Sources = append(in.Sources, Source{"trace-" + strconv.Itoa(i) + ".csv", t})
	}
	return in
}
