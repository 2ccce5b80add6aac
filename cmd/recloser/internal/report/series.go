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
		t.Add(&c.Counts)
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

func hours(cells []*Cell) Hours {
	all := make(map[int64]*Counts)
	slow := slowHours{parts: make(map[hourName]*sketch.Sketch)}
	for _, c := range cells {
		if c.Span > time.Hour {
			continue
		}
		at := c.Start.Truncate(time.Hour).Unix()
		if all[at] == nil {
			all[at] = &Counts{}
		}
		all[at].Add(&c.Counts)
		slow.take(c, hourName{c.Circuit, at})
	}
	busiest, worst := hoursOfAll(all)
	return Hours{Slowest: slow.hours(), Busiest: busiest, Worst: worst}
}

// slowHours finds the slowest hours of each circuit.
type slowHours struct {
	few   []slowHour
	parts map[hourName]*sketch.Sketch // of hours in several cells
}

type slowHour struct {
	hourName
	p95     time.Duration
	latency *sketch.Sketch
}

func (s *slowHours) take(c *Cell, name hourName) {
	if c.Span == time.Hour && c.Start.Unix() == name.at { // all there is of the hour
		s.offer(name, &c.Latency)
		return
	}
	if s.parts[name] == nil {
		s.parts[name] = &sketch.Sketch{}
	}
	s.parts[name].Merge(&c.Latency)
}

func (s *slowHours) offer(name hourName, latency *sketch.Sketch) {
	if latency.Count() < HourMinimum {
		return
	}
	s.few = withFirst(s.few, slowHour{name, latency.Quantile(0.95), latency}, func(a, b slowHour) int {
		return cmp.Or(cmp.Compare(b.p95, a.p95), cmp.Compare(a.at, b.at), cmp.Compare(a.circuit, b.circuit))
	})
}

func (s *slowHours) hours() []Hour {
	for name, latency := range s.parts {
		s.offer(name, latency)
	}
	hours := []Hour{}
	for _, h := range s.few {
		hours = append(hours, Hour{Circuit: h.circuit, Start: time.Unix(h.at, 0).UTC(), Latency: distribution(h.latency)})
	}
	return hours
}

func hoursOfAll(all map[int64]*Counts) (busiest, worst []Hour) {
	busiest, worst = []Hour{}, []Hour{}
	for at, c := range all {
		calls := OutcomesOf(&c.Calls)
		of := counted(&calls, c.Refused)
		h := Hour{Start: time.Unix(at, 0).UTC(), Calls: sum(&c.Calls) + c.Refused, Users: share(calls.Success, of)}
		if h.Calls > 0 {
			busiest = withFirst(busiest, h, func(a, b Hour) int {
				return cmp.Or(cmp.Compare(b.Calls, a.Calls), a.Start.Compare(b.Start))
			})
		}
		if of >= HourMinimum && calls.Success < of {
			worst = withFirst(worst, h, func(a, b Hour) int {
				return cmp.Or(cmp.Compare(*a.Users, *b.Users), a.Start.Compare(b.Start))
			})
		}
	}
	return busiest, worst
}

// withFirst adds one to a list of the few that are first in an order.
func withFirst[T any](few []T, one T, order func(a, b T) int) []T {
	at, _ := slices.BinarySearchFunc(few, one, order)
	if at == HoursEach {
		return few
	}
	few = slices.Insert(few, at, one)
	return few[:min(len(few), HoursEach)]
}
