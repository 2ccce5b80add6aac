package window

import (
	"math/rand/v2"
	"testing"
)

// It counts what a list of all calls counts, as far as it tells their ages apart.
func TestAncientCallsKeepTheirAges(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var a ancient
		var slots []int64
		slot := rng.Int64N(2000) - 1000
		for range 300 {
			switch rng.IntN(4) {
			case 0, 1:
				slot += rng.Int64N([]int64{2, 40, 300, 5000}[rng.IntN(4)])
				calls := rng.Int64N(4)
				a.add(slot, calls)
				for range calls {
					slots = append(slots, slot)
				}
			default:
				if len(slots) > 0 {
					i := rng.IntN(len(slots))
					a.remove(slots[i])
					slots[i] = slots[len(slots)-1]
					slots = slots[:len(slots)-1]
				}
			}
			if a.n != int64(len(slots)) {
				t.Fatalf("seed %d: %d calls, want %d", seed, a.n, len(slots))
			}
			// Who began before is counted, and nobody who began after, but for those that
			// are too old to be told apart.
			before := slot - rng.Int64N(3*ages*slotsOfAge)
			surely, maybe := int64(0), int64(0)
			for _, s := range slots {
				if s < before-slotsOfAge {
					surely++
				}
				if s < before || ageOf(s) <= a.newest-ages {
					maybe++
				}
			}
			if got := a.before(before); got < surely || got > maybe {
				t.Fatalf("seed %d: %d calls before slot %d, want %d to %d", seed, got, before, surely, maybe)
			}
		}
	}
}
