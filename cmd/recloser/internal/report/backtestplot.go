package report

import (
	"slices"

	"github.com/recloser/recloser/replay"
)

// timeframe maps the moments of a scorecard's series to the box.
type timeframe struct {
	step  Seconds
	count int // moments
}

func (c *Scorecard) timeframe() timeframe {
	f := timeframe{}
	for i := range c.series {
		f.step = seconds(c.series[i].Step)
		f.count = max(f.count, len(c.series[i].Moments))
	}
	return f
}

// extent is where a moment stands: its left edge and its width.
func (f timeframe) extent(i int) (x, w float64) {
	w = boxWidth / float64(max(f.count, 1))
	return w * float64(i), w
}

func (f timeframe) labels() []string {
	whole := f.step * Seconds(f.count)
	return []string{"0", lengthOf(whole / 2), lengthOf(whole)}
}

// layer is a part of each bar: how much of the whole it is.
type layer struct {
	legend
	count func(*replay.Moment) int
}

// statePlot shows how the service was, and what each policy did with the attempts that
// were asked for.
func (c *Scorecard) statePlot() *plot {
	if len(c.series) == 0 {
		return nil
	}
	f := c.timeframe()
	p := &plot{
		Label: "The service, and what each policy did with the attempts",
		X:     f.labels(),
		Legend: []legend{
			{"ok", "answered; of the service: the chance of that"}, {"bad", "failed"}, {"held", "refused"},
		},
		Rows: []plotRow{c.serviceRow(f)},
	}
	layers := []layer{
		{legend{"ok", "answered"}, func(m *replay.Moment) int { return m.Good }},
		{legend{"bad", "failed"}, func(m *replay.Moment) int { return m.Bad }},
		{legend{"held", "refused"}, func(m *replay.Moment) int { return m.Held }},
	}
	p.Rows = append(p.Rows, c.policyRows(f, layers, "attempt")...)
	return p
}

// usersPlot shows what became of the requests, by when they came.
func (c *Scorecard) usersPlot() *plot {
	if len(c.series) == 0 {
		return nil
	}
	f := c.timeframe()
	layers := []layer{
		{legend{"ok", "answered"}, func(m *replay.Moment) int { return m.Answered }},
		{legend{"retried", "answered after a retry"}, func(m *replay.Moment) int { return m.AfterRetry }},
		{legend{"bad", "waited, then failed"}, (*replay.Moment).Failed},
		{legend{"held", "refused at once"}, func(m *replay.Moment) int { return m.Refused }},
	}
	p := &plot{Label: "What users saw, by when they asked", X: f.labels(), Rows: c.policyRows(f, layers, "request")}
	for _, l := range layers {
		p.Legend = append(p.Legend, l.legend)
	}
	return p
}

// serviceRow is the state of the service, as the oracle knew it.
func (c *Scorecard) serviceRow(f timeframe) plotRow {
	var good, bad bars
	row := plotRow{Name: "the service", Label: "the service: the chance that an attempt is answered"}
	for i := range c.series[0].Moments {
		m := &c.series[0].Moments[i]
		if m.Requests == 0 {
			continue
		}
		x, w := f.extent(i)
		good.add(x, w, 1-m.Works, 1)
		bad.add(x, w, 0, 1-m.Works)
		if m.Works < 0.985 {
			row.Hits = append(row.Hits, hit{rectangle(x, w, 0, 1), f.name(i) + ": " + part1(int(1000*m.Works), 1000) + " would be answered"})
		}
	}
	row.Shapes = append(good.shape("ok"), bad.shape("bad")...)
	return row
}

func (f timeframe) name(i int) string {
	return "from " + sinceStart(f.step*Seconds(i)) + " to " + sinceStart(f.step*Seconds(i+1))
}

// policyRows have a bar for each moment in which there was something, the oracle first
// and then the policies by rank.
func (c *Scorecard) policyRows(f timeframe, layers []layer, what string) []plotRow {
	rows := []plotRow{barRow(f, &c.series[0], layers, what, c.Oracle.Policy)}
	for _, m := range c.ranked() {
		i := slices.IndexFunc(c.Policies, func(other Marks) bool { return other.Policy == m.Policy })
		rows = append(rows, barRow(f, &c.series[i+1], layers, what, m.Policy))
	}
	return rows
}

func barRow(f timeframe, s *replay.Series, layers []layer, what, policy string) plotRow {
	parts := make([]bars, len(layers))
	row := plotRow{Name: Shown(policy), Label: Shown(policy)}
	for i := range s.Moments {
		m := &s.Moments[i]
		sum := 0
		for _, l := range layers {
			sum += l.count(m)
		}
		if sum == 0 {
			continue
		}
		x, w := f.extent(i)
		base := 0.
		for j, l := range layers {
			h := float64(l.count(m)) / float64(sum)
			parts[j].add(x, w, 1-base-h, 1-base)
			base += h
		}
		if layers[0].count(m) < sum { // what is calm needs no words
			row.Hits = append(row.Hits, hit{rectangle(x, w, 0, 1), f.name(i) + ": " + many(int64(sum), what) + told(layers, m)})
		}
	}
	for j, l := range layers {
		row.Shapes = append(row.Shapes, parts[j].shape(l.Class)...)
	}
	return row
}

func told(layers []layer, m *replay.Moment) (text string) {
	for _, l := range layers {
		n := int64(l.count(m))
		text += ifAny(n, ", "+count(n)+" "+l.Label)
	}
	return text
}
