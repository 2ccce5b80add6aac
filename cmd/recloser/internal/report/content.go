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
	Plots     []*plot // in HTML
	Tables    []table
	OnPage    bool // in HTML alone
}

// fact is a figure with what it is made of.
type fact struct {
	Label, Value, More string
	Major, Bad         bool
}

// table has its columns described and its cells as they are shown.
type table struct {
	Caption string
	Columns []column
	Rows    [][]string
	Says    string // what it leaves out
	Folded  bool   // in HTML: beside a plot, for those who want the figures
	Quiet   bool   // the section's title says enough
	Parted  bool   // in text, if it is too wide: into several
}

type column struct {
	Head   string
	Long   string // in HTML, instead
	Number bool   // to the right
	Name   bool   // given by others: may be squeezed
	Below  bool   // in text, on a line of its own
	Row    bool   // heads its row
	Slim   bool   // a name that is mostly short
}

// How many rows people are shown at most; the JSON has all.
const (
	circuitsShown = 40
	outagesShown  = 25
)

// sections are the report for people.
func (r *Report) sections() []section {
	if r.empty() {
		return []section{
			{ID: "summary", Title: "In total", Says: []string{"Nothing is recorded of this time: neither calls nor events."}},
			{ID: "gaps", Title: "Not recorded", Tables: r.gapTables()},
		}
	}
	all := []section{
		{ID: "summary", Title: "In total", Facts: r.summary()},
		{ID: "availability", Title: "Availability over time", Plots: plots(r.availabilityPlot())},
		r.outageSection(),
		{ID: "calls", Title: "Calls by outcome", Plots: plots(r.callsPlot())},
		{ID: "latency", Title: "Latency", Plots: plots(r.latencyPlot())},
		{ID: "circuits", Title: "Circuits", Tables: r.circuitTables()},
		{ID: "hours", Title: "Hours that stand out", Tables: r.hourTables()},
		{ID: "limits", Title: "Rate limits and quota", Tables: r.gateTables()},
		{ID: "gaps", Title: "Not recorded", Tables: r.gapTables()},
		{ID: "notes", Title: "How to read the figures", Says: r.Notes},
	}
	return slices.DeleteFunc(all, func(s section) bool {
		return len(s.Plots)+len(s.Says)+len(s.Facts)+len(s.Tables) == 0
	})
}

// plots leaves out those that are none.
func plots(all ...*plot) []*plot {
	return slices.DeleteFunc(all, func(p *plot) bool { return p == nil })
}

// empty reports whether there is nothing that figures could be made of.
func (r *Report) empty() bool {
	return len(r.Circuits)+len(r.Planned)+len(r.Gates) == 0
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
			Major: true, Label: "As users saw it", Value: percent(t.Users), Bad: r.SLO > 0 && t.Users != nil && *t.Users < r.SLO,
			More: some(of, count(t.Calls.Success)+" of "+many(of, "call")+" answered", "no calls"),
		},
		{
			Major: true, Label: "As the upstream gave it", Value: percent(t.Upstream),
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
	f := fact{Major: true, Label: "Error budget left", Value: plain(b.Left), Bad: b.Left < 0}
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
		return fact{Major: true, Label: "Outages", Value: "none", More: "in " + inWords(r.Recorded)}
	}
	return fact{
		Major: true, Label: "Outages", Value: count(int64(o.Count)), Bad: o.Ongoing > 0,
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
	return []fact{{Label: "Not the upstream's failures", Value: count(n), More: more}}
}

func (r *Report) outageSection() section {
	s := section{ID: "outages", Title: "Outages", Plots: plots(r.outagePlot())}
	if len(r.Outages) == 0 {
		s.Says = []string{"No outage in " + inWords(r.Recorded) + "."}
	} else {
		s.Tables = append(s.Tables, r.outageTable())
	}
	s.Tables = append(s.Tables, withRows(r.plannedTable())...)
	return s
}

// outageTable has the outages by time; if there are many, the longest.
func (r *Report) outageTable() table {
	t := table{Caption: "Outages", Quiet: true, Columns: []column{
		{Head: "began", Row: true}, {Head: "circuit", Name: true}, {Head: "length", Number: true},
		{Head: "found after", Number: true}, {Head: "cause", Below: true},
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
		t.Rows = append(t.Rows, []string{moment(o.Start), Shown(o.Circuit), length(o.Length), length(o.Detect), r.cause(o)})
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
		cause = Shown(cause)
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
		{Head: "began", Row: true}, {Head: "circuit", Name: true}, {Head: "length", Number: true}, {Head: ""},
	}}
	for i := range r.Planned[:min(len(r.Planned), outagesShown)] {
		p := &r.Planned[i]
		t.Rows = append(t.Rows, []string{moment(p.Start), Shown(p.Circuit), length(p.Length), when(p.End == nil, "ongoing")})
	}
	if n := len(r.Planned); n > outagesShown {
		t.Says = "The first " + strconv.Itoa(outagesShown) + " of " + count(int64(n)) + "."
	}
	return t
}

// lost is how many calls users did without.
func lost(f *Figures) int64 { return counted(&f.Calls, f.Refused) - f.Calls.Success }

// circuitTables have a row for each circuit; if there are many, for those that lost
// most calls.
func (r *Report) circuitTables() []table {
	list, says := r.Circuits, ""
	if len(list) > circuitsShown {
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b Figures) int { return cmp.Compare(lost(&b), lost(&a)) })
		list = list[:circuitsShown]
		says = "The " + strconv.Itoa(circuitsShown) + " of " + count(int64(len(r.Circuits))) + " that lost most calls."
	}
	up := circuitTable("Availability and outages", list, availabilityRow, "users", "upstream", "outages", "down", "MTTR")
	up.Says = says
	return withRows(up,
		circuitTable("Calls", list, callsRow, "calls", "refused", "rescued", "tokens in", "out"),
		circuitTable("Latency to the end, and to the first content", list, latencyRow,
			"p50", "p95", "p99", "content p50", "content p95"),
		circuitTable("Error budget at "+target(r.SLO), list, budgetRow, "may fail", "failed", "left", "burn"))
}

// circuitTable takes what a row says of a circuit; nothing leaves it out.
func circuitTable(caption string, list []Figures, row func(*Figures) []string, heads ...string) table {
	t := table{Caption: caption, Columns: []column{{Head: "circuit", Name: true, Row: true}}}
	for _, h := range heads {
		t.Columns = append(t.Columns, column{Head: h, Number: true})
	}
	for i := range list {
		if cells := row(&list[i]); cells != nil {
			t.Rows = append(t.Rows, append([]string{Shown(list[i].Circuit)}, cells...))
		}
	}
	return t
}

func availabilityRow(f *Figures) []string {
	return []string{percent(f.Users), percent(f.Upstream), count(int64(f.Outages.Count)),
		lengthOf(f.Outages.Down), length(f.Outages.MTTR)}
}

func callsRow(f *Figures) []string {
	calls := sumOf(&f.Calls) + f.Refused
	if calls == 0 {
		return nil
	}
	return []string{count(calls), count(f.Refused), count(f.ByRetry + f.ByFallback),
		count(f.InputTokens), count(f.OutputTokens)}
}

func latencyRow(f *Figures) []string {
	if f.Latency.Count == 0 {
		return nil
	}
	l, c := &f.Latency, &f.FirstContent
	return []string{length(l.P50), length(l.P95), length(l.P99), length(c.P50), length(c.P95)}
}

func budgetRow(f *Figures) []string {
	b := f.Budget
	if b == nil {
		return nil
	}
	burn := none
	if b.Burn != nil {
		burn = part(*b.Burn)
	}
	return []string{plain(b.Allowed), count(b.Used), plain(b.Left), burn}
}

func sumOf(o *Outcomes) int64 { return o.Success + o.Failed() + o.Limited() + o.Aside() }

// withRows leaves out tables without a row, and columns without a head that say
// nothing.
func withRows(all ...table) []table {
	for i := range all {
		all[i].prune()
	}
	return slices.DeleteFunc(all, func(t table) bool { return len(t.Rows) == 0 })
}

func (t *table) prune() {
	last := len(t.Columns) - 1
	if t.Columns[last].Head != "" || slices.ContainsFunc(t.Rows, func(row []string) bool { return row[last] != "" }) {
		return
	}
	t.Columns = t.Columns[:last]
	for i := range t.Rows {
		t.Rows[i] = t.Rows[i][:last]
	}
}

func (r *Report) hourTables() []table {
	slow := table{Caption: "Slowest, by p95 of at least 20 answers", Columns: []column{
		{Head: "hour", Row: true}, {Head: "circuit", Name: true}, {Head: "answers", Number: true},
		{Head: "p50", Number: true}, {Head: "p95", Number: true},
	}}
	for i := range r.Hours.Slowest {
		h := &r.Hours.Slowest[i]
		slow.Rows = append(slow.Rows, []string{moment(h.Start), Shown(h.Circuit), count(h.Latency.Count),
			length(h.Latency.P50), length(h.Latency.P95)})
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
		{Head: "began", Row: true}, {Head: "key", Name: true}, {Head: "model", Name: true},
		{Head: "length", Number: true}, {Head: "reason", Below: true},
	}}
	for i := range r.Gates {
		g := &r.Gates[i]
		if g.Waits > 0 {
			waits.Rows = append(waits.Rows, []string{Shown(g.Key), Shown(g.Model), count(int64(g.Waits)), lengthOf(g.Waited)})
		}
		for j := range g.Parked {
			p := &g.Parked[j]
			parked.Rows = append(parked.Rows, []string{moment(p.Start), Shown(g.Key), Shown(g.Model), length(p.Length),
				sentence(Shown(p.Reason), when(p.End == nil, "ongoing"))})
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
