package guard

import (
	"cmp"
	"fmt"
	"time"
)

// Limits bound what is under way at one circuit.
type Limits struct {
	// MaxInFlight is how many attempts may be out at once, their bodies included.
	// Zero means any number.
	MaxInFlight int

	// MaxQueued is how many more may wait for one of those to end, first come, first
	// served. Zero means 100, a negative number none.
	MaxQueued int

	// MaxQueueWait is the longest that they wait. Zero means 30 s.
	MaxQueueWait time.Duration
}

const maxInFlight = 1_000_000

// over returns l with what is not set in it taken from base.
func (l Limits) over(base Limits) Limits {
	return Limits{
		MaxInFlight:  cmp.Or(l.MaxInFlight, base.MaxInFlight),
		MaxQueued:    cmp.Or(l.MaxQueued, base.MaxQueued),
		MaxQueueWait: cmp.Or(l.MaxQueueWait, base.MaxQueueWait),
	}
}

func (l Limits) withDefaults() Limits {
	l.MaxQueued = max(cmp.Or(l.MaxQueued, 100), 0)
	l.MaxQueueWait = cmp.Or(l.MaxQueueWait, 30*time.Second)
	return l
}

// validate returns an error for every field that cannot be used.
func (l Limits) validate(where string) (errs []error) {
	bad := func(field string, is any, use string) {
		errs = append(errs, fmt.Errorf("guard: %sLimits.%s is %v: use %s", where, field, is, use))
	}
	if l.MaxInFlight < 0 || l.MaxInFlight > maxInFlight {
		bad("MaxInFlight", l.MaxInFlight, "1 to 1000000, or 0 for any number")
	}
	if l.MaxQueued > maxInFlight {
		bad("MaxQueued", l.MaxQueued, "1 to 1000000, 0 for 100, or a negative number for none")
	}
	if l.MaxQueueWait < 0 || l.MaxQueueWait > maxTimeout {
		bad("MaxQueueWait", l.MaxQueueWait, fmt.Sprintf("up to %v, or 0 for 30s", maxTimeout))
	}
	return errs
}
