package history

import "time"

// A level is one width of slots.
type level struct {
	span time.Duration
	keep time.Duration // 0: for ever
}

const day = 24 * time.Hour

// onDisk and inMemory are the levels, the finest first; there are as many and as wide
// in both.
var (
	onDisk   = [...]level{{10 * time.Second, 6 * time.Hour}, {time.Minute, 7 * day}, {time.Hour, 180 * day}, {day, 0}}
	inMemory = [...]level{{10 * time.Second, time.Hour}, {time.Minute, 6 * time.Hour}, {time.Hour, 7 * day}, {day, 0}}
)

const (
	levelCount = len(onDisk)
	slotBias   = 1 << 31 // so that the slots of before 1970 are positive too
	slotLimit  = 1<<32 - 1
)

// slotOf is the number of the slot in which t is. Slots begin at multiples of the span
// in UTC. Beyond the years 1290 to 2650, all times are in the same.
func slotOf(t time.Time, span time.Duration) int64 {
	width := int64(span / time.Second)
	s := t.Unix()
	n := s / width
	if s%width < 0 {
		n--
	}
	return min(max(n+slotBias, 0), slotLimit)
}

// startOf is when a slot begins.
func startOf(slot int64, span time.Duration) time.Time {
	return time.Unix((slot-slotBias)*int64(span/time.Second), 0).UTC()
}

// widen is the slot of another level in which one of the finest lies.
func widen(slot int64, lv int) int64 {
	if lv == 0 {
		return slot
	}
	return slotOf(startOf(slot, onDisk[0].span), onDisk[lv].span)
}

// cellKey is the key of a row in cells.
func cellKey(lv int, circuit, slot int64) int64 { return int64(lv)<<52 | circuit<<32 | slot }

// openKey is the key of a row in open.
func openKey(lv int, circuit int64) int64 { return circuit<<2 | int64(lv) }
