package window

// ancient are the calls that are still out though their slot is gone, by the age in
// which they began: a time of several slots, so that it is known, if roughly, how long
// each has been out.
type ancient struct {
	n      int64 // all of them
	in     [ages]int32
	last   [ages]uint8 // newest slot in it that had some, from where the age begins
	newest int64       // age of in; those before in are older
	older  int64
}

const (
	ages = 64
	// slotsOfAge are the slots of one age: a power of two. All ages go 16 times further
	// back than the slots themselves.
	slotsOfAge = 1 << ageBits
	ageBits    = 6
)

// clear is for when none of them counts any more.
func (a *ancient) clear() {
	if a.n > 0 {
		*a = ancient{}
	}
}

// ageOf is the age of a slot, which may be before 0.
func ageOf(slot int64) int64 { return slot >> ageBits }

// add counts calls of a slot that has gone, which is no earlier one than those before.
func (a *ancient) add(slot, calls int64) {
	if calls <= 0 {
		return
	}
	age := ageOf(slot)
	for a.n > 0 && a.newest < age { // those that lie between are empty
		if a.newest++; a.newest <= age-ages {
			a.newest = age - ages
			a.older, a.in = a.n, [ages]int32{}
			continue
		}
		a.older += int64(a.in[uint64(a.newest)%ages])
		a.in[uint64(a.newest)%ages] = 0
	}
	a.newest = age
	a.in[uint64(age)%ages] += int32(calls)
	a.last[uint64(age)%ages] = uint8(slot - age*slotsOfAge)
	a.n += calls
}

// remove is told that a call of a slot is out no longer.
func (a *ancient) remove(slot int64) {
	age := ageOf(slot)
	in := &a.in[uint64(age)%ages]
	switch {
	case a.n == 0 || age > a.newest:
		return
	case age > a.newest-ages && *in > 0:
		*in--
	case age <= a.newest-ages && a.older > 0:
		a.older--
	default:
		return
	}
	a.n--
}

// before counts the calls of the ages all of whose calls began before a slot.
func (a *ancient) before(slot int64) int64 {
	if a.n == 0 {
		return 0
	}
	n := a.older
	for age := a.newest; age > a.newest-ages; age-- {
		if i := uint64(age) % ages; age*slotsOfAge+int64(a.last[i]) < slot {
			n += int64(a.in[i])
		}
	}
	return n
}
