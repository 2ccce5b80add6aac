package report

import (
	"cmp"
	"slices"
	"strconv"
)

// section is a part of the report, for every form that people read.
type section struct {
	ID, Title string
	Says      []string // what there is to say, a paragraph each
	Facts     []fact
	Plot      *plot // in HTML
	Tables    []table
}

// fact is a figure with what it is made of.
type fact struct {
	Label, Value, More string
	Bad                bool
}

// table has its columns described and its cells as they are shown.
type table struct {
	Caption string
	Columns []column
	Rows    [][]string
	Says    string // what it leaves out
	Folded  bool   // in HTML: beside a plot, for those who want the figures
}

type column struct {
	Head   string
	Number bool // to the right
	Name   bool // given by others: may be squeezed
	Below  bool // in text, on a line of its own
	Row    bool // heads its row
}

// How many rows people are shown at most; the JSON has all.
const (
	circuitsShown = 40
	outagesShown  = 25
)

// sections are the report for people.
func (r *Report) sections() []section {
	all := []section{
		{ID: "summary", Title: "In total", Facts: r.summary()},
		{ID: "availability", Title: "Availability over time", Plot: r.availabilityPlot()},
		r.outageSection(),
		{ID: "calls", Title: "Calls by outcome", Plot: r.callsPlot()},
		{ID: "latency", Title: "Latency", Plot: r.latencyPlot()},
		{ID: "circuits", Title: "Circuits", Tables: r.circuitTables()},
		{ID: "hours", Title: "Hours that stand out", Tables: r.hourTables()},
		{ID: "limits", Title: "Rate limits and quota", Tables: r.gateTables()},
		{ID: "gaps", Title: "Not recorded", Tables: r.gapTables()},
		{ID: "notes", Title: "How to read the figures", Says: r.Notes},
	}
	return slices.DeleteFunc(all, func(s section) bool {
		return s.Plot == nil && len(s.Says)+len(s.Facts)+len(s.Tables) == 0
	})
}

// span says what the report is about.
func (r *Report) span() string {
	return moment(r.From) + " to " + moment(r.To) + " UTC (" + inWords(r.Span) + ")"
}

func (r *Report) summary() []fact {
	t := &r.Total
	of := counted(&t.Calls, t.Refused)
	facts := []fact{
		{
			Label: "As users saw it", Value: percent(t.Users), Bad: r.SLO > 0 && t.Users != nil && *t.Users < r.SLO,
			More: some(of, count(t.Calls.Success)+" of "+many(of, "call")+" answered", "no calls"),
		},
		{
			Label: "As the upstream gave it", Value: percent(t.Upstream),
			More: some(t.Attempts.Success+t.Attempts.Failed(), count(t.Attempts.Success)+" of "+
				many(t.Attempts.Success+t.Attempts.Failed(), "attempt")+" succeeded", "no attempts"),
		},
	}
	facts = append(facts, r.budgetFacts()...)
	facts = append(facts, r.outageFact())
	if t.Latency.Count > 0 {
		facts = append(facts, fact{
			Label: "Latency, p95", Value: length(t.Latency.P95),
			More: sentence("p50 "+length(t.Latency.P50), "p99 "+length(t.Latency.P99), ifAny(t.FirstContent.Count,
				"first content p50 "+length(t.FirstContent.P50)+" and p95 "+length(t.FirstContent.P95))),
		})
	}
	if t.ByRetry+t.ByFallback > 0 {
		facts = append(facts, fact{
			Label: "Calls rescued", Value: count(t.ByRetry + t.ByFallback),
			More: count(t.ByRetry) + " by a retry, " + count(t.ByFallback) + " by a fallback",
		})
	}
	if t.Refused > 0 {
		facts = append(facts, fact{
			Label: "Calls refused", Value: count(t.Refused), More: "about " + many(t.Saved.Attempts, "attempt") +
				ifAny(t.Saved.Tokens, " and "+many(t.Saved.Tokens, "request token")) + " not sent",
		})
	}
	if t.InputTokens+t.OutputTokens > 0 {
		facts = append(facts, fact{
			Label: "Tokens", Value: count(t.InputTokens + t.OutputTokens),
			More: count(t.InputTokens) + " in, " + count(t.OutputTokens) + " out",
		})
	}
	return append(facts, r.asideFacts()...)
}

func some(n int64, text, otherwise string) string {
	if n == 0 {
		return otherwise
	}
	return text
}

func (r *Report) budgetFacts() []fact {
	b := r.Total.Budget
	if b == nil {
		return nil
	}
	f := fact{Label: "Error budget left", Value: plain(b.Left), Bad: b.Left < 0}
	f.More = many(b.Used, "call") + " not answered; a target of " + target(r.SLO) + " allows " + plain(b.Allowed)
	if b.Burn != nil {
		f.Value = part(1 - *b.Burn)
	}
	return []fact{f}
}

// target writes an SLO with the digits that it was given with.
func target(slo float64) string {
	return strconv.FormatFloat(tidy(100*slo), 'f', -1, 64) + " %"
}

// part writes a share that may be negative, without decimals where it is large.
func part(x float64) string { return plain(100*x) + " %" }

func (r *Report) outageFact() fact {
	o := &r.Total.Outages
	if o.Count == 0 {
		return fact{Label: "Outages", Value: "none", More: "in " + inWords(r.Recorded)}
	}
	return fact{
		Label: "Outages", Value: count(int64(o.Count)), Bad: o.Ongoing > 0,
		More: sentence(ifAny(int64(o.Ongoing), count(int64(o.Ongoing))+" ongoing"), "down for "+lengthOf(o.Down),
			either(o.MTTR, "MTTR "), either(o.MTBF, "MTBF "), either(o.Detect, "found after "),
			ifAny(int64(o.Observed), count(int64(o.Observed))+" only observed")),
	}
}

// either is the length behind a word, or nothing.
func either(s *Seconds, word string) string {
	if s == nil {
		return ""
	}
	return word + length(s)
}

// asideFacts count what is none of the upstream's failures.
func (r *Report) asideFacts() []fact {
	a, c := &r.Total.Attempts, &r.Total.Calls
	more := sentence(
		ifAny(a.RateLimit, many(a.RateLimit, "attempt")+" rate-limited"),
		ifAny(a.Quota, count(a.Quota)+" without quota"),
		ifAny(c.Caller, many(c.Caller, "caller's mistake")),
		ifAny(c.Cancelled, count(c.Cancelled)+" cancelled"),
	)
	if more == "" {
		return nil
	}
	n := a.RateLimit + a.Quota + c.Caller + c.Cancelled
	return []fact{{Label: "None of its failures", Value: count(n), More: more}}
}

func (r *Report) outageSection() section {
	s := section{ID: "outages", Title: "Outages", Plot: r.outagePlot()}
	if len(r.Outages) == 0 {
		s.Says = []string{"No outage in " + inWords(r.Recorded) + "."}
	} else {
		s.Tables = append(s.Tables, r.outageTable())
	}
	if len(r.Planned) > 0 {
		s.Tables = append(s.Tables, r.plannedTable())
	}
	return s
}

// outageTable has the outages by time; if there are many, the longest.
func (r *Report) outageTable() table {
	t := table{Caption: "Outages", Columns: []column{
		{Head: "began", Row: true}, {Head: "length", Number: true}, {Head: "found after", Number: true},
		{Head: "circuit", Name: true}, {Head: "cause", Below: true},
	}}
	list := r.Outages
	if len(list) > outagesShown {
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b Outage) int { return cmp.Compare(b.InSpan, a.InSpan) })
		list = list[:outagesShown]
		slices.SortStableFunc(list, func(a, b Outage) int { return a.Start.Compare(b.Start) })
		t.Says = "The longest " + strconv.Itoa(outagesShown) + " of " + count(int64(len(r.Outages))) + "."
	}
	for i := range list {
		o := &list[i]
		t.Rows = append(t.Rows, []string{moment(o.Start), length(o.Length), length(o.Detect), shown(o.Circuit), r.cause(o)})
	}
	return t
}

// cause tells of an outage what its row does not.
func (r *Report) cause(o *Outage) string {
	cause := o.Cause
	if cause == "" {
		cause = o.Why
	}
	if cause != "" {
		cause = shown(cause)
	}
	return sentence(cause,
		ifAny(int64(o.Reopened), many(int64(o.Reopened), "probe")+" failed"),
		when(o.Ongoing, "ongoing"),
		when(o.Observed, "only observed"),
		when(o.Start.Before(r.From), lengthOf(o.InSpan)+" of it in this report"),
		when(o.Unrecorded > 0, lengthOf(o.Unrecorded)+" of it not recorded"),
		when(!o.Ongoing && !o.Recovered, "not seen to recover"),
	)
}

func when(is bool, text string) string {
	if !is {
		return ""
	}
	return text
}

func (r *Report) plannedTable() table {
	t := table{Caption: "Kept open by an operator: no outages", Columns: []column{
		{Head: "began", Row: true}, {Head: "length", Number: true}, {Head: "circuit", Name: true}, {Head: ""},
	}}
	for i := range r.Planned[:min(len(r.Planned), outagesShown)] {
		p := &r.Planned[i]
		t.Rows = append(t.Rows, []string{moment(p.Start), length(p.Length), shown(p.Circuit), when(p.End == nil, "ongoing")})
	}
	if n := len(r.Planned); n > outagesShown {
		t.Says = "The first " + strconv.Itoa(outagesShown) + " of " + count(int64(n)) + "."
	}
	return t
}

// lost orders circuits by what users lost, most first.
func lost(f *Figures) int64 { return counted(&f.Calls, f.Refused) - f.Calls.Success }

func (r *Report) circuitTables() []table {
	if len(r.Circuits) == 0 {
		return nil
	}
	list, says := r.Circuits, ""
	if len(list) > circuitsShown {
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b Figures) int { return cmp.Compare(lost(&b), lost(&a)) })
		list = list[:circuitsShown]
		says = "The " + strconv.Itoa(circuitsShown) + " of " + count(int64(len(r.Circuits))) + " that lost most calls."
	}
	tables := []table{{Caption: "Availability and outages", Columns: []column{
		{Head: "circuit", Name: true, Row: true}, {Head: "users", Number: true}, {Head: "upstream", Number: true},
		{Head: "outages", Number: true}, {Head: "down", Number: true}, {Head: "MTTR", Number: true},
	}, Says: says}, {Caption: "Calls", Columns: []column{
		{Head: "circuit", Name: true, Row: true}, {Head: "calls", Number: true}, {Head: "refused", Number: true},
		{Head: "rescued", Number: true}, {Head: "p50", Number: true}, {Head: "p95", Number: true},
		{Head: "p99", Number: true},
	}}}
	budget := table{Caption: "Error budget at " + target(r.SLO), Columns: []column{
		{Head: "circuit", Name: true, Row: true}, {Head: "may fail", Number: true}, {Head: "failed", Number: true},
		{Head: "left", Number: true}, {Head: "burn", Number: true},
	}}
	for i := range list {
		f := &list[i]
		name := shown(f.Circuit)
		tables[0].Rows = append(tables[0].Rows, []string{name, percent(f.Users), percent(f.Upstream),
			count(int64(f.Outages.Count)), lengthOf(f.Outages.Down), length(f.Outages.MTTR)})
		calls := sumOf(&f.Calls) + f.Refused
		if calls+f.Latency.Count > 0 {
			tables[1].Rows = append(tables[1].Rows, []string{name, count(calls), count(f.Refused),
				count(f.ByRetry + f.ByFallback), length(f.Latency.P50), length(f.Latency.P95), length(f.Latency.P99)})
		}
		if b := f.Budget; b != nil {
			burn := none
			if b.Burn != nil {
				burn = part(*b.Burn)
			}
			budget.Rows = append(budget.Rows, []string{name, plain(b.Allowed), count(b.Used), plain(b.Left), burn})
		}
	}
	return withRows(append(tables, budget)...)
}

func sumOf(o *Outcomes) int64 { return o.Success + o.Failed() + o.Limited() + o.Aside() }

func withRows(all ...table) []table {
	return slices.DeleteFunc(all, func(t table) bool { return len(t.Rows) == 0 })
}

func (r *Report) hourTables() []table {
	slow := table{Caption: "Slowest, by p95 of at least 20 answers", Columns: []column{
		{Head: "hour", Row: true}, {Head: "p95", Number: true}, {Head: "p50", Number: true},
		{Head: "answers", Number: true}, {Head: "circuit", Name: true},
	}}
	for i := range r.Hours.Slowest {
		h := &r.Hours.Slowest[i]
		slow.Rows = append(slow.Rows, []string{moment(h.Start), length(h.Latency.P95), length(h.Latency.P50),
			count(h.Latency.Count), shown(h.Circuit)})
	}
	return withRows(slow,
		hourTable("Worst for users, of at least 20 calls", r.Hours.Worst),
		hourTable("Busiest", r.Hours.Busiest))
}

func hourTable(caption string, hours []Hour) table {
	t := table{Caption: caption, Columns: []column{
		{Head: "hour", Row: true}, {Head: "calls", Number: true}, {Head: "users", Number: true},
	}}
	for i := range hours {
		t.Rows = append(t.Rows, []string{moment(hours[i].Start), count(hours[i].Calls), percent(hours[i].Users)})
	}
	return t
}

func (r *Report) gateTables() []table {
	waits := table{Caption: "Waits that rate limits imposed", Columns: []column{
		{Head: "key", Name: true, Row: true}, {Head: "model", Name: true}, {Head: "waits", Number: true}, {Head: "in all", Number: true},
	}}
	parked := table{Caption: "Without quota, or with a key that was refused", Columns: []column{
		{Head: "began", Row: true}, {Head: "length", Number: true}, {Head: "key", Name: true},
		{Head: "model", Name: true}, {Head: "reason", Below: true},
	}}
	for i := range r.Gates {
		g := &r.Gates[i]
		if g.Waits > 0 {
			waits.Rows = append(waits.Rows, []string{shown(g.Key), shown(g.Model), count(int64(g.Waits)), lengthOf(g.Waited)})
		}
		for j := range g.Parked {
			p := &g.Parked[j]
			parked.Rows = append(parked.Rows, []string{moment(p.Start), length(p.Length), shown(g.Key), shown(g.Model),
				sentence(shown(p.Reason), when(p.End == nil, "ongoing"))})
		}
	}
	waits.cut()
	parked.cut()
	return withRows(waits, parked)
}

// cut leaves the first rows, and says so.
func (t *table) cut() {
	if n := len(t.Rows); n > circuitsShown {
		t.Rows = t.Rows[:circuitsShown]
		t.Says = "The first " + strconv.Itoa(circuitsShown) + " of " + count(int64(n)) + "."
	}
}

func (r *Report) gapTables() []table {
	t := table{Caption: "Recloser did not run", Columns: []column{
		{Head: "from", Row: true}, {Head: "to"}, {Head: "length", Number: true}, {Head: ""},
	}}
	for i := range r.Gaps {
		g := &r.Gaps[i]
		t.Rows = append(t.Rows, []string{moment(g.From), moment(g.To), lengthOf(g.Length),
			when(!g.Stopped, "at most: not stopped in order")})
	}
	t.cut()
	return withRows(t)
}
