package report

import (
	"slices"
	"time"
)

// interval is the time [from, to).
type interval struct{ from, to time.Time }

func (i interval) length() time.Duration { return max(i.to.Sub(i.from), 0) }

// within is the part of i that lies in o; of length 0 if there is none.
func (i interval) within(o interval) interval {
	from, to := later(i.from, o.from), earlier(i.to, o.to)
	return interval{from, later(from, to)}
}

// intervals are in order and do not touch.
type intervals []interval

// union joins what overlaps or touches, so that no minute is counted twice.
func union(all []interval) intervals {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b interval) int { return a.from.Compare(b.from) })
	var out intervals
	for _, i := range all {
		if n := len(out); n > 0 && !i.from.After(out[n-1].to) {
			out[n-1].to = later(out[n-1].to, i.to)
			continue
		}
		out = append(out, i)
	}
	return out
}

// within is the time that s and i have in common.
func (s intervals) within(i interval) time.Duration {
	var sum time.Duration
	for _, one := range s {
		sum += one.within(i).length()
	}
	return sum
}

// common is the time that two sets have in common.
func (s intervals) common(o intervals) time.Duration {
	var sum time.Duration
	for len(s) > 0 && len(o) > 0 {
		sum += s[0].within(o[0]).length()
		if s[0].to.Before(o[0].to) {
			s = s[1:]
		} else {
			o = o[1:]
		}
	}
	return sum
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
