package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/recloser/recloser/internal/sketch"
)

// Slot is one step of the series, of all circuits together.
type Slot struct {
	Start    time.Time `json:"start"`
	Attempts Outcomes  `json:"attempts"`
	Calls    Outcomes  `json:"calls"`
	Refused  int64     `json:"refused"`
	Upstream *float64  `json:"availability_upstream"`
	Users    *float64  `json:"availability_users"`
	P50      *Seconds  `json:"p50_s"`
	P95      *Seconds  `json:"p95_s"`
}

// maxSlots is how many steps a plot has room for.
const maxSlots = 96

const day = 24 * time.Hour

// steps that a series may have, each in whole ones of the shorter.
func steps() []time.Duration {
	return []time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, day, 7 * day,
	}
}

// stepOf is the shortest step that fits, and not shorter than any cell.
func stepOf(cells []*Cell, span interval) time.Duration {
	least := span.length() / maxSlots
	for _, c := range cells {
		least = max(least, c.Span)
	}
	for _, s := range steps() {
		if s >= least {
			return s
		}
	}
	return least.Truncate(7*day) + 7*day
}

// slots adds the cells up by step. A cell is where it starts.
func slots(cells []*Cell, step time.Duration) []Slot {
	tallies := make(map[int64]*tally)
	for _, c := range cells {
		at := c.Start.Truncate(step).Unix()
		if tallies[at] == nil {
			tallies[at] = &tally{}
		}
		t := tallies[at]
		t.Counts.Add(&c.Counts)
		t.latency.Merge(&c.Latency)
	}
	out := []Slot{}
	for _, at := range slices.Sorted(maps.Keys(tallies)) {
		f := tallies[at].figures("", 0)
		out = append(out, Slot{
			time.Unix(at, 0).UTC(), f.Attempts, f.Calls, f.Refused, f.Upstream, f.Users,
			f.Latency.P50, f.Latency.P95,
		})
	}
	return out
}

// Hours are hours of the clock (UTC) that stand out. They come of cells of at most
// an hour: what is kept by the day only is not among them.
type Hours struct {
	Slowest []Hour `json:"slowest"` // by p95, of one circuit each
	Busiest []Hour `json:"busiest"` // by calls, of all circuits
	Worst   []Hour `json:"worst"`   // by the availability that users saw, of all circuits
}

// Hour is one of them.
type Hour struct {
	Circuit string       `json:"circuit"` // "": all
	Start   time.Time    `json:"start"`
	Calls   int64        `json:"calls"` // the refused ones too
	Users   *float64     `json:"availability_users"`
	Latency Distribution `json:"latency"` // of one circuit only
}

// HoursEach is how many hours each list has at most. HourMinimum is how many answers
// an hour needs to be called slow, and how many calls to be called bad.
const (
	HoursEach   = 5
	HourMinimum = 20
)

type hourName struct {
	circuit string
	at      int64
}

// hours are found in one pass. The sketch of an hour that is one cell is the
// cell's.
func hours(cells []*Cell) Hours {
	all := make(map[int64]*Counts)
	latency := make(map[hourName]*sketch.Sketch)
	shared := make(map[hourName]bool)
	for _, c := range cells {
		if c.Span > time.Hour {
			continue
		}
		at := c.Start.Truncate(time.Hour).Unix()
		if all[at] == nil {
			all[at] = &Counts{}
		}
		all[at].Add(&c.Counts)
		name := hourName{c.Circuit, at}
		switch {
		case latency[name] == nil:
			latency[name], shared[name] = &c.Latency, true
			continue
		case shared[name]:
			own := &sketch.Sketch{}
			own.Merge(latency[name])
			latency[name], shared[name] = own, false
		}
		latency[name].Merge(&c.Latency)
	}
	busiest, worst := hoursOfAll(all)
	return Hours{Slowest: slowest(latency), Busiest: busiest, Worst: worst}
}

func slowest(latency map[hourName]*sketch.Sketch) []Hour {
	all := []Hour{}
	for name, s := range latency {
		if s.Count() >= HourMinimum {
			all = append(all, Hour{Circuit: name.circuit, Start: time.Unix(name.at, 0).UTC(), Latency: distribution(s)})
		}
	}
	return first(all, func(a, b *Hour) int { return cmp.Compare(*b.Latency.P95, *a.Latency.P95) })
}

func hoursOfAll(all map[int64]*Counts) (busiest, worst []Hour) {
	busiest, worst = []Hour{}, []Hour{}
	for at, c := range all {
		calls := outcomes(&c.Calls)
		of := counted(&calls, c.Refused)
		h := Hour{Start: time.Unix(at, 0).UTC(), Calls: sum(&c.Calls) + c.Refused, Users: share(calls.Success, of)}
		if h.Calls > 0 {
			busiest = append(busiest, h)
		}
		if of >= HourMinimum && calls.Success < of {
			worst = append(worst, h)
		}
	}
	busiest = first(busiest, func(a, b *Hour) int { return cmp.Compare(b.Calls, a.Calls) })
	worst = first(worst, func(a, b *Hour) int { return cmp.Compare(*a.Users, *b.Users) })
	return busiest, worst
}

// first are the first few hours in an order; of equal ones, the earlier.
func first(all []Hour, order func(a, b *Hour) int) []Hour {
	slices.SortFunc(all, func(a, b Hour) int {
		return cmp.Or(order(&a, &b), a.Start.Compare(b.Start), cmp.Compare(a.Circuit, b.Circuit))
	})
	return all[:min(len(all), HoursEach)]
}
