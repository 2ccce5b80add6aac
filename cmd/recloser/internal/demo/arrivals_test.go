package demo

import (
	"slices"
	"testing"
	"time"
)

func first(n int, seed uint64) []time.Duration {
	var out []time.Duration
	for i, at := range arrivals(seed, 6) {
		if i == n {
			break
		}
		out = append(out, at)
	}
	return out
}

func TestArrivalsFollowTheSeed(t *testing.T) {
	if a, b := first(200, 1), first(200, 1); !slices.Equal(a, b) {
		t.Errorf("the same seed gives %v and %v", a[:5], b[:5])
	}
	if a, b := first(200, 0), first(200, 1); slices.Equal(a, b) {
		t.Error("seeds 0 and 1 give the same arrivals")
	}
}

func TestOneArrivalInEachSlot(t *testing.T) {
	for i, at := range first(600, 3) {
		if slot := int(at.Seconds() * 6); slot != i {
			t.Fatalf("arrival %d is in slot %d, at %v", i, slot, at)
		}
	}
}

func TestTwinsHaveTheSameLuckAndNobodyElse(t *testing.T) {
	if luckOf(1, 5).Float64() != luckOf(1, 5).Float64() {
		t.Error("twins differ")
	}
	if luckOf(1, 5).Float64() == luckOf(1, 6).Float64() || luckOf(1, 5).Float64() == luckOf(2, 5).Float64() {
		t.Error("strangers have the same luck")
	}
}
