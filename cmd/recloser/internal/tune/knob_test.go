package tune

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/recloser/recloser/replay"
)

func TestSettingsAreTidied(t *testing.T) {
	all := append(options(), Option{"slow-rate", "breaker.slow_rate", off, nil}, Option{"slow-after", "breaker.slow_after", off, nil})
	s := spaceOf(all)
	for _, tt := range []struct {
		of   Settings
		want string
	}{
		{Settings{}, ""},
		{Settings{"policy": "classic"}, ""},
		{Settings{"policy": "adaptive", "failure-threshold": "3", "reset-timeout": "1m"}, "policy=adaptive,reset-timeout=1m,"},
		{Settings{"adaptive-odds": "1000", "failure-threshold": "3"}, "failure-threshold=3,"},
		{Settings{"failure-threshold": "off"}, ""},
		{Settings{"failure-threshold": "off", "failure-rate": "0.5", "rate-window": "1m"}, "failure-rate=0.5,failure-threshold=off,rate-window=1m,"},
		{Settings{"rate-window": "1m"}, ""},
		{Settings{"slow-rate": "0.5"}, ""},
		{Settings{"slow-after": "10s"}, ""},
		{Settings{"slow-after": "10s", "slow-rate": "0.5", "rate-window": "1m"}, "rate-window=1m,slow-after=10s,slow-rate=0.5,"},
		{Settings{"gates": "off", "gate-wait": "on"}, "gates=off,"},
	} {
		if got := s.tidy(tt.of).key(); got != tt.want {
			t.Errorf("%v is %s; want %s", tt.of, got, tt.want)
		}
	}
}

// Of another default policy, classic has a reset timeout of its own.
func TestDefaultsGoByThePolicy(t *testing.T) {
	all := options()
	all[0].Default, all[6].Default = adaptive, "2m"
	s := spaceOf(all)
	for policy, want := range map[string]string{classic: "30s", adaptive: "2m"} {
		if got := s.byDefault(policy, all[6]); got != want {
			t.Errorf("with %s it is %s by default; want %s", policy, got, want)
		}
	}
	if got := s.tidy(Settings{"policy": classic, "adaptive-odds": "1000"}).key(); got != "policy=classic," {
		t.Error(got)
	}
}

func TestDrawnSettingsAreOfTheSpace(t *testing.T) {
	s := spaceOf(options())
	luck := rand.New(rand.NewPCG(1, 1))
	of, policies := Settings{}, map[string]int{}
	for range 2000 {
		of = s.near(of, luck)
		for _, x := range []Settings{of, s.random(luck)} {
			policies[s.policy(x)]++
			if s.tidy(x).key() != x.key() {
				t.Fatalf("%v is not tidy", x)
			}
			if _, err := build(x); err == nil {
				policies["good"]++
			}
		}
	}
	if policies[classic] == 0 || policies[adaptive] == 0 || policies["good"] < 3000 {
		t.Errorf("%v", policies)
	}
}

func TestLimits(t *testing.T) {
	for text, want := range map[string]Limit{"1/month": {1, 30 * day}, "0": {0, 30 * day}, "2.5/week": {2.5, 7 * day}, " 3 / day ": {3, day}} {
		if got, err := ParseLimit(text); err != nil || got != want {
			t.Errorf("%q is %+v (%v); want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1", "-1/day", "x/day", "1/fortnight", "NaN", "Inf/day", "1/", "/day", "1/day/day"} {
		if got, err := ParseLimit(text); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
	if got := (Limit{1, 30 * day}).String(); got != "1/month" {
		t.Error(got)
	}
}

func TestSplit(t *testing.T) {
	once := func(at time.Duration) bool { return at >= 10*time.Minute && at < 11*time.Minute }
	both := func(at time.Duration) bool { return once(at) || at >= 43*time.Minute && at < 45*time.Minute }
	for name, tt := range map[string]struct {
		trace       *replay.Trace
		train, held int // outages
	}{
		"calm":              {traced(t, time.Hour, time.Second, func(time.Duration) bool { return false }), 0, 0},
		"one outage":        {traced(t, time.Hour, time.Second, once), 1, 0},
		"one near the cut":  {traced(t, time.Hour, time.Second, both), 1, 1},
		"one call":          {traced(t, time.Second, time.Second, once), 0, 0},
		"nothing":           {traced(t, 0, time.Second, once), 0, 0},
		"nothing but fails": {traced(t, time.Hour, time.Second, func(time.Duration) bool { return true }), 1, 0},
	} {
		train, held, at := split(tt.trace, 0.3)
		if train.outages != tt.train || held.outages != tt.held {
			t.Errorf("%s: %d and %d outages; want %d and %d", name, train.outages, held.outages, tt.train, tt.held)
		}
		if n := tt.trace.Facts().Records; train.requests+held.requests != n || n > 1000 && held.requests > 0 && (held.requests < n*15/100 || held.requests > n*45/100) {
			t.Errorf("%s: divided at %v, %d and %d of %d", name, at, train.requests, held.requests, n)
		}
		for _, cut := range train.cuts {
			if within(train.trace.Facts().Outages, cut) {
				t.Errorf("%s: a block ends at %v, in an outage", name, cut)
			}
		}
	}
}

// A storm of 429s between answers is one block, however long it is.
func TestAStormIsOneBlock(t *testing.T) {
	tr, err := replay.ReadTrace(func(yield func(replay.Record, error) bool) {
		for i := range 4000 {
			r := replay.Record{At: time.Duration(i) * time.Second, Kind: replay.KindOf(true, 200), Status: 200}
			if i >= 1000 && i < 3000 && i%3 > 0 {
				r.Kind, r.Status = replay.KindOf(false, 429), 429
			}
			if !yield(r, nil) {
				return
			}
		}
	}, replay.TraceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	p := newPart(tr, 0, time.Hour*2)
	for _, cut := range p.cuts {
		if cut > 1000*time.Second && cut < 3000*time.Second {
			t.Errorf("a block ends at %v", cut)
		}
	}
	if n := len(p.cuts); n < 15 || n > 25 {
		t.Errorf("%d blocks", n+1)
	}
}

func TestGainsAreByBlocks(t *testing.T) {
	a := &measure{requests: 1000, excess: []float64{10, 10, 10, 10}}
	b := &measure{requests: 1000, excess: []float64{8, 8, 8, 8}}
	if got := gain(a, b, 1); got != (Gain{8, 8, 8}) {
		t.Errorf("the same in each block: %+v", got)
	}
	b.excess = []float64{2, 10, 10, 10}
	if got := gain(a, b, 1); got.Mean != 8 || got.Low != 0 || got.High < 16 {
		t.Errorf("in one of four: %+v; it may be chance", got)
	}
	if got := b.figure(); got.Mean != 32 || got.Error != 8 {
		t.Errorf("%+v", got)
	}
}
