package report

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// plot is a picture, drawn in a box of 1000 × 100 that is stretched to the room
// there is; its texts stand beside the box, so that they are not.
type plot struct {
	Label   string // says in a sentence what it shows
	Rows    []plotRow
	Y       []string // labels from the top
	X       []string // and from the left
	Legend  []legend
	Figures table
	Says    string
}

// plotRow is one box.
type plotRow struct {
	Name   string // of a timeline's row
	Label  string // for those who cannot see it
	Shapes []shape
	Hits   []hit
}

// shape is a path in a style of the page.
type shape struct{ Class, D string }

// hit tells its text under the pointer.
type hit struct{ D, Title string }

type legend struct{ Class, Label string }

const (
	boxWidth  = 1000
	boxHeight = 100
)

// axis maps time to the box.
type axis struct{ span interval }

func (a axis) x(t time.Time) float64 {
	whole := a.span.length()
	if whole <= 0 {
		return 0
	}
	part := float64(t.Sub(a.span.from)) / float64(whole)
	return boxWidth * min(max(part, 0), 1)
}

func (r *Report) axis() axis { return axis{interval{r.From, r.To}} }

// labels are the ends of the axis and its middle, in figures that fit the span.
func (a axis) labels() []string {
	form := "2 Jan"
	if a.span.length() <= 2*day {
		form = "15:04"
	} else if a.span.length() > 300*day {
		form = "Jan 2006"
	}
	middle := a.span.from.Add(a.span.length() / 2)
	return []string{a.span.from.Format(form), middle.Format(form), a.span.to.Format(form)}
}

// bars are rectangles in one path.
type bars struct{ b strings.Builder }

// add draws from y0 down to y1, which are parts of the height from the top.
func (b *bars) add(x, w, y0, y1 float64) {
	if y1 <= y0 || w <= 0 {
		return
	}
	b.b.WriteString(rectangle(x, w, y0, y1))
}

func rectangle(x, w, y0, y1 float64) string {
	return fmt.Sprintf("M%s %sh%sv%sh-%sz", short(x), short(boxHeight*y0), short(w), short(boxHeight*(y1-y0)), short(w))
}

func short(x float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", x), "0"), ".")
}

func (b *bars) shape(class string) []shape {
	if b.b.Len() == 0 {
		return nil
	}
	return []shape{{class, b.b.String()}}
}

// extent is where a slot stands: its left edge and its width.
func (r *Report) extent(s *Slot) (x, w float64) {
	a := r.axis()
	x = a.x(s.Start)
	return x, a.x(s.Start.Add(r.Step.Duration())) - x
}

// inset leaves air between bars, if there is room.
func inset(x, w float64) (float64, float64) {
	air := min(0.18*w, 3)
	return x + air/2, w - air
}

// hits covers each slot.
func (r *Report) hits(says func(*Slot) string) []hit {
	var all []hit
	for i := range r.Slots {
		s := &r.Slots[i]
		if text := says(s); text != "" {
			x, w := r.extent(s)
			all = append(all, hit{rectangle(x, w, 0, 1), r.slotName(s) + ": " + text})
		}
	}
	return all
}

func (r *Report) slotName(s *Slot) string {
	if r.Step.Duration() >= day {
		return s.Start.Format("2006-01-02")
	}
	return moment(s.Start)
}

// stepName says what one step of the series is.
func (r *Report) stepName() string {
	switch d := r.Step.Duration(); {
	case d == day:
		return "day"
	case d == time.Hour:
		return "hour"
	case d%day == 0:
		return fmt.Sprintf("%d days", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%d hours", d/time.Hour)
	default:
		return many(int64(d/time.Minute), "minute")
	}
}

// floorOf is where the axis of availability begins: high, so that what is lost can
// be seen.
func floorOf(least float64) float64 {
	for _, f := range []float64{0.999, 0.99, 0.95, 0.9, 0.8, 0.5} {
		if least >= f {
			return f
		}
	}
	return 0
}

func (r *Report) availabilityPlot() *plot {
	least, any := 1.0, false
	for i := range r.Slots {
		for _, a := range []*float64{r.Slots[i].Users, r.Slots[i].Upstream} {
			if a != nil {
				least, any = min(least, *a), true
			}
		}
	}
	if !any {
		return nil
	}
	floor := floorOf(least)
	y := func(a float64) float64 { return 0.04 + 0.92*(1-a)/(1-floor) }
	p := &plot{
		Label: "Availability by " + r.stepName() + ", as users saw it and as the upstream gave it",
		Y:     []string{"100 %", percentShort((1 + floor) / 2), percentShort(floor)},
		X:     r.axis().labels(),
		Legend: []legend{
			{"line-users", "as users saw it"}, {"line-upstream", "as the upstream gave it"},
		},
		Figures: r.slotTable("availability", []string{"users", "upstream"}, func(s *Slot) []string {
			return []string{percent(s.Users), percent(s.Upstream)}
		}),
	}
	row := plotRow{Label: p.Label, Shapes: append(r.gapShapes(), grid(0.04, 0.5, 0.96)...)}
	if r.SLO > floor {
		row.Shapes = append(row.Shapes, shape{"target", fmt.Sprintf("M0 %sH%d", short(boxHeight*y(r.SLO)), boxWidth)})
		p.Legend = append(p.Legend, legend{"target", "target, " + target(r.SLO)})
	}
	row.Shapes = append(row.Shapes,
		shape{"line-upstream", r.line(func(s *Slot) *float64 { return s.Upstream }, y)},
		shape{"line-users", r.line(func(s *Slot) *float64 { return s.Users }, y)})
	row.Hits = r.hits(func(s *Slot) string {
		return sentence(when(s.Users != nil, percent(s.Users)+" for users"), when(s.Upstream != nil, percent(s.Upstream)+" by the upstream"))
	})
	p.Rows = []plotRow{row}
	return p
}

func percentShort(a float64) string { return target(a) }

// line joins the values of slots that follow each other. Where one stands alone, a
// stroke as wide as the slot.
func (r *Report) line(value func(*Slot) *float64, y func(float64) float64) string {
	var b strings.Builder
	var last time.Time
	for i := range r.Slots {
		s := &r.Slots[i]
		v := value(s)
		if v == nil {
			continue
		}
		x, w := r.extent(s)
		verb := "M"
		if s.Start.Equal(last) {
			verb = "L"
		}
		fmt.Fprintf(&b, "%s%s %sh%s", verb, short(x), short(boxHeight*y(*v)), short(w))
		last = s.Start.Add(r.Step.Duration())
	}
	return b.String()
}

// grid draws quiet lines.
func grid(ys ...float64) []shape {
	var b strings.Builder
	for _, y := range ys {
		fmt.Fprintf(&b, "M0 %sH%d", short(boxHeight*y), boxWidth)
	}
	return []shape{{"grid", b.String()}}
}

// gapShapes shade what is not recorded.
func (r *Report) gapShapes() []shape {
	var b bars
	for _, g := range r.Gaps {
		x := r.axis().x(g.From)
		b.add(x, r.axis().x(g.To)-x, 0, 1)
	}
	return b.shape("gap")
}

func (r *Report) gapLegend() []legend {
	if len(r.Gaps) == 0 {
		return nil
	}
	return []legend{{"gap", "not recorded"}}
}

// stack is a part of each bar of calls.
type stack struct {
	legend
	count func(*Slot) int64
}

func stacks() []stack {
	return []stack{
		{legend{"ok", "answered"}, func(s *Slot) int64 { return s.Calls.Success }},
		{legend{"aside", "caller's mistake or cancelled"}, func(s *Slot) int64 { return s.Calls.Aside() }},
		{legend{"limited", "rate limit or quota"}, func(s *Slot) int64 { return s.Calls.Limited() }},
		{legend{"refused", "refused"}, func(s *Slot) int64 { return s.Refused }},
		{legend{"failed", "failed"}, func(s *Slot) int64 { return s.Calls.Failed() }},
	}
}

func (r *Report) callsPlot() *plot {
	var most int64
	for i := range r.Slots {
		most = max(most, sumOf(&r.Slots[i].Calls)+r.Slots[i].Refused)
	}
	if most == 0 {
		return nil
	}
	top := nice(float64(most))
	p := &plot{
		Label: "Calls by " + r.stepName() + ", by what callers got",
		Y:     []string{count(int64(top)), plain(top / 2), "0"},
		X:     r.axis().labels(),
		Figures: r.slotTable("calls", heads(), func(s *Slot) []string {
			var row []string
			for _, k := range stacks() {
				row = append(row, count(k.count(s)))
			}
			return row
		}),
	}
	row := plotRow{Label: p.Label, Shapes: append(r.gapShapes(), grid(0, 0.5)...)}
	base := make([]float64, len(r.Slots))
	for _, k := range stacks() {
		shapes := r.stacked(k, base, top)
		row.Shapes = append(row.Shapes, shapes...)
		if len(shapes) > 0 {
			p.Legend = append(p.Legend, k.legend)
		}
	}
	row.Hits = r.hits(callsOf)
	p.Rows = []plotRow{row}
	return p
}

// stacked draws a part of each bar, on top of the parts below.
func (r *Report) stacked(k stack, base []float64, top float64) []shape {
	var b bars
	for i := range r.Slots {
		s := &r.Slots[i]
		n := float64(k.count(s)) / top
		x, w := inset(r.extent(s))
		b.add(x, w, 1-base[i]-n, 1-base[i])
		base[i] += n
	}
	return b.shape(k.Class)
}

func heads() []string {
	var all []string
	for _, k := range stacks() {
		all = append(all, k.Label)
	}
	return all
}

func callsOf(s *Slot) string {
	var parts []string
	for _, k := range stacks() {
		n := k.count(s)
		parts = append(parts, ifAny(n, count(n)+" "+k.Label))
	}
	return sentence(parts...)
}

// nice is a round number not below x: 1, 2, 4, 5, 8 or 10 times a power of ten.
func nice(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, n := range []float64{1, 2, 4, 5, 8} {
		if x <= n*power {
			return n * power
		}
	}
	return 10 * power
}

func (r *Report) latencyPlot() *plot {
	var most float64
	for i := range r.Slots {
		if p := r.Slots[i].P95; p != nil {
			most = max(most, float64(*p))
		}
	}
	if most <= 0 {
		return nil
	}
	top := nice(most)
	p := &plot{
		Label:  "Latency by " + r.stepName() + ": from the median (p50) to p95",
		Y:      []string{lengthOf(Seconds(top)), lengthOf(Seconds(top / 2)), "0"},
		X:      r.axis().labels(),
		Legend: []legend{{"band", "p50 to p95"}, {"line-users", "p50"}},
		Figures: r.slotTable("latency", []string{"p50", "p95"}, func(s *Slot) []string {
			return []string{length(s.P50), length(s.P95)}
		}),
	}
	var band bars
	for i := range r.Slots {
		if s := &r.Slots[i]; s.P95 != nil {
			x, w := r.extent(s)
			band.add(x, w, 1-float64(*s.P95)/top, 1-float64(*s.P50)/top)
		}
	}
	row := plotRow{Label: p.Label, Shapes: append(r.gapShapes(), grid(0, 0.5)...)}
	row.Shapes = append(row.Shapes, band.shape("band")...)
	p50 := func(s *Slot) *float64 { return (*float64)(s.P50) }
	row.Shapes = append(row.Shapes, shape{"line-users", r.line(p50, func(v float64) float64 { return 1 - v/top })})
	row.Hits = r.hits(func(s *Slot) string {
		return when(s.P95 != nil, "p50 "+length(s.P50)+", p95 "+length(s.P95))
	})
	p.Rows = []plotRow{row}
	return p
}

// slotTable has the figures of a plot.
func (r *Report) slotTable(what string, heads []string, cells func(*Slot) []string) table {
	t := table{
		Caption: "Figures of this plot: " + what + " by " + r.stepName(),
		Columns: []column{{Head: r.stepName(), Row: true}}, Folded: true,
	}
	for _, h := range heads {
		t.Columns = append(t.Columns, column{Head: h, Number: true})
	}
	for i := range r.Slots {
		s := &r.Slots[i]
		t.Rows = append(t.Rows, append([]string{r.slotName(s)}, cells(s)...))
	}
	return t
}

// outagePlot is a timeline of the circuits that had an outage.
func (r *Report) outagePlot() *plot {
	rows := r.timelines()
	if len(rows) == 0 {
		return nil
	}
	p := &plot{Label: "Outages over time, by circuit", Rows: rows, X: r.axis().labels(), Legend: r.outageLegend()}
	if len(rows) > timelinesShown {
		p.Says = fmt.Sprintf("The first %d of %s.", timelinesShown, many(int64(len(rows)), "circuit"))
		p.Rows = rows[:timelinesShown]
	}
	return p
}

const timelinesShown = 30

func (r *Report) outageLegend() []legend {
	all := []legend{{"failed", "outage"}}
	if r.Total.Outages.Observed > 0 {
		all = append(all, legend{"refused", "only observed"})
	}
	if len(r.Planned) > 0 {
		all = append(all, legend{"aside", "kept open by an operator"})
	}
	return append(all, r.gapLegend()...)
}

// timelines are one row for each circuit that had an outage or was kept open.
func (r *Report) timelines() []plotRow {
	drawn := make(map[string]*timeline)
	at := func(name string) *timeline {
		if drawn[name] == nil {
			drawn[name] = &timeline{axis: r.axis()}
		}
		return drawn[name]
	}
	for i := range r.Outages {
		o := &r.Outages[i]
		t := at(o.Circuit)
		into := &t.outages
		if o.Observed {
			into = &t.observed
		}
		t.count++
		t.draw(into, o.Period, "outage of "+length(o.Length)+", "+moment(o.Start)+ifAny(int64(len(o.Cause)), ": "+Shown(o.Cause)))
	}
	for i := range r.Planned {
		p := &r.Planned[i]
		t := at(p.Circuit)
		t.draw(&t.planned, p.Period, "kept open for "+length(p.Length)+", "+moment(p.Start))
	}
	var rows []plotRow
	for i := range r.Circuits {
		f := &r.Circuits[i]
		if t := drawn[f.Circuit]; t != nil {
			rows = append(rows, t.row(f, r.gapShapes()))
		}
	}
	return rows
}

type timeline struct {
	axis                       axis
	outages, observed, planned bars
	hits                       []hit
	count                      int64
}

func (t *timeline) draw(into *bars, p Period, says string) {
	i := p.interval(t.axis.span)
	x := t.axis.x(i.from)
	w := max(t.axis.x(i.to)-x, 0.5)
	x = min(x, boxWidth-w)
	into.add(x, w, 0.15, 0.85)
	t.hits = append(t.hits, hit{rectangle(x, w, 0, 1), says})
}

func (t *timeline) row(f *Figures, gaps []shape) plotRow {
	shapes := append(gaps, grid(0.5)...)
	shapes = append(shapes, t.planned.shape("aside")...)
	shapes = append(shapes, t.observed.shape("refused")...)
	shapes = append(shapes, t.outages.shape("failed")...)
	return plotRow{
		Name: Shown(f.Circuit), Shapes: shapes, Hits: t.hits,
		Label: Shown(f.Circuit) + ": " + many(t.count, "outage") + ", down for " + lengthOf(f.Outages.Down),
	}
}
