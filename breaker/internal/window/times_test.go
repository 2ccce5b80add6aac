package window

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestTimes(t *testing.T) {
	var d Times
	if d.Count() != 0 || d.Mean() != 0 || d.Quantile(0.95) != 0 {
		t.Fatal("an empty distribution knows something")
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var all []time.Duration
	var sum time.Duration
	for range 400 {
		took := time.Duration(rng.ExpFloat64() * float64(time.Second))
		d.Add(took)
		all = append(all, took)
		sum += took
	}
	slices.Sort(all)
	near := func(what string, got, want time.Duration) {
		t.Helper()
		if got < want*3/4 || got > want*4/3 {
			t.Errorf("%s is %v, want about %v", what, got, want)
		}
	}
	near("mean", d.Mean(), sum/400)
	for _, q := range []float64{0.5, 0.95, 1} {
		near("quantile", d.Quantile(q), all[int(q*400)-1])
	}
}

func TestTimesForget(t *testing.T) {
	var d Times
	for range 500 {
		d.Add(time.Second)
	}
	for range 3000 {
		d.Add(100 * time.Millisecond)
	}
	if n := d.Count(); n >= enough || n < enough/3 {
		t.Errorf("%d answers kept", n)
	}
	if q := d.Quantile(0.95); q > 200*time.Millisecond {
		t.Errorf("95th percentile %v: old answers do not fade", q)
	}
}

func TestTimesAtTheEnds(t *testing.T) {
	var d Times
	d.Add(-time.Second)
	d.Add(0)
	d.Add(1000 * time.Hour)
	if got := d.Count(); got != 3 {
		t.Errorf("%d answers, want 3", got)
	}
}
