package report

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/recloser/recloser/replay"
)

// page is the backtest for people.
func (b *Backtest) page() page {
	p := page{Title: b.Title, Span: b.span()}
	add := func(s section) { p.Sections = append(p.Sections, s) }
	if b.Table != nil {
		says := "Requests lost of 1000, more than by the oracle: the mean over the seeds, and its standard error where there are several."
		add(section{ID: "regret", Title: "Regret", Says: []string{says}, Tables: []table{b.regretTable()}})
	}
	if b.Sum != nil {
		add(b.cardSection("sum", "All together", b.Sum))
	}
	for i := range b.Cards {
		add(b.cardSection("card-"+strconv.Itoa(i+1), Shown(b.Cards[i].Name), &b.Cards[i]))
	}
	policies := section{ID: "policies", Title: "The policies", OnPage: true}
	for _, n := range b.Policies {
		policies.Says = append(policies.Says, Shown(n.Name)+": "+n.About+".")
	}
	add(policies)
	add(section{ID: "notes", Title: "How to read the figures", Says: b.Notes})
	return p
}

// span says what the backtest is about.
func (b *Backtest) span() string {
	what := many(int64(len(b.Cards)), "trace")
	if b.Table != nil {
		what = many(int64(len(b.Table.Scenarios)), "scenario")
	}
	policies := "1 policy"
	if n := len(b.Policies); n != 1 {
		policies = count(int64(n)) + " policies"
	}
	return what + ", " + policies + " and the oracle, seed " + strconv.FormatUint(b.Seed, 10)
}

// regretTable has the policies by scenario.
func (b *Backtest) regretTable() table {
	t := table{
		Caption: "Regret by policy and scenario", Quiet: true, Parted: true,
		Columns: []column{{Head: "policy", Row: true, Slim: true}, {Head: "MEAN", Number: true}},
	}
	for _, name := range b.Table.Scenarios {
		t.Columns = append(t.Columns, column{Head: Shown(name), Number: true})
	}
	for _, r := range b.Table.Rows {
		row := []string{Shown(r.Policy), b.figure(r.Mean)}
		for _, f := range r.Regrets {
			row = append(row, b.figure(f))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// figure leaves off an error that is not known: of a single run.
func (b *Backtest) figure(f replay.Figure) string {
	if f.Error == 0 {
		return score(f.Mean)
	}
	return figureOf(f.Mean, &f.Error)
}

// cardSection shows a scorecard.
func (b *Backtest) cardSection(id, title string, c *Scorecard) section {
	s := section{ID: id, Title: title}
	switch {
	case c.Trace != nil:
		s.Says = c.traceSays()
	case c.About != "":
		s.Says = []string{c.About + "; " + many(int64(c.Runs), "seed") + ", added up."}
	}
	s.Tables = c.tables()
	s.Plots = plots(c.statePlot(), c.usersPlot())
	if len(b.Policies) == 1 && len(c.Policies[0].Log) > 0 {
		s.Tables = append(s.Tables, c.openingTable())
	}
	return s
}

// traceSays is what a trace tells by itself, and what had to be guessed.
func (c *Scorecard) traceSays() []string {
	t := c.Trace
	says := []string{
		many(int64(t.Attempts), "attempt") + " of " + many(int64(t.Models), "model") + " in " + lengthOf(t.Length) + ": " + sentence(
			count(int64(t.Answered))+" answered", ifAny(int64(t.Failed), count(int64(t.Failed))+" failed"),
			ifAny(int64(t.Limited), count(int64(t.Limited))+" answered with 429"), ifAny(int64(t.Aside), many(int64(t.Aside), "caller's mistake"))) + ".",
		t.troubles(),
	}
	if !t.CallsTold {
		says = append(says, "It does not tell which attempts belong to one call: each counts as a request of its own, and is not tried again.")
	}
	switch {
	case t.NoLatency == t.Attempts:
		says = append(says, "It tells no latency: answers and failures are taken to be as long as in the scenarios, 1.2 s and 0.3 s.")
	case t.NoLatency > 0:
		says = append(says, "Of "+many(int64(t.NoLatency), "attempt")+" the latency is not told, and taken to be the median of the others.")
	}
	if t.Unsorted > 0 {
		says = append(says, many(int64(t.Unsorted), "row")+" stood before an earlier one, and "+was(t.Unsorted)+" sorted.")
	}
	return append(says, c.guessed())
}

func was(rows int) string {
	if rows == 1 {
		return "was"
	}
	return "were"
}

func (t *Traced) troubles() string {
	var down, brown, failed, of int64
	var longest Seconds
	for _, o := range t.Outages {
		down++
		longest = max(longest, o.To-o.From)
	}
	for _, o := range t.Brownouts {
		brown, failed, of = brown+1, failed+int64(o.Failed), of+int64(o.Attempts)
	}
	text := "No outage"
	switch {
	case down == 1:
		text = "1 outage of " + lengthOf(longest)
	case down > 1:
		text = many(down, "outage") + ", the longest of " + lengthOf(longest)
	}
	if brown > 0 {
		text += "; " + many(brown, "brownout") + ", in which " + count(failed) + " of " + many(of, "attempt") + " failed"
	}
	return text + "."
}

// guessed says how much of the scorecard is no fact.
func (c *Scorecard) guessed() string {
	most, of := 0, 0
	for i := range c.Policies {
		if m := &c.Policies[i]; m.Guessed >= most {
			most, of = m.Guessed, m.Attempts
		}
	}
	if most == 0 {
		return "No attempt had to be guessed: all that the policies let through are on record. " +
			"How likely the service was to answer at a moment is not, so that the oracle's loss, and the regret with it, has a range: \"guesses\", if it matters."
	}
	return "Guessed: up to " + count(int64(most)) + " of the " + many(int64(of), "attempt") + " that a policy let through are not on record. " +
		"They are taken to fare like those around them; the column \"guesses\" has the range from the best to the worst that these allow."
}

// ranked are the policies, the least regret first.
func (c *Scorecard) ranked() []*Marks {
	var all []*Marks
	for i := range c.Policies {
		all = append(all, &c.Policies[i])
	}
	slices.SortStableFunc(all, func(a, b *Marks) int { return cmp.Compare(a.Regret, b.Regret) })
	return all
}

// cardColumn is a column of a scorecard.
type cardColumn struct {
	head, long string
	cell       func(*Marks) string
	rare       bool // left out where all have 0
}

func (c *Scorecard) tables() []table {
	whole := func(of func(*Marks) int) func(*Marks) string {
		return func(m *Marks) string { return count(int64(of(m))) }
	}
	regret := cardColumn{"regret", "requests of 1000 lost more than by the oracle", func(m *Marks) string { return figureOf(m.Regret, m.RegretError) }, false}
	users := []cardColumn{
		regret,
		{"answered", "users answered, of all", func(m *Marks) string { return part1(m.Answered+m.AfterRetry, m.Requests) }, false},
		{"retried", "of these after a retry", whole(func(m *Marks) int { return m.AfterRetry }), true},
		{"refused", "refused at once", whole(func(m *Marks) int { return m.RefusedAtOnce }), false},
		{"failed", "waited, then failed", whole(func(m *Marks) int { return m.WaitedThenFailed }), false},
		{"in vain", "waited in vain, all users together", func(m *Marks) string { return lengthOf(m.InVain) }, false},
	}
	if slices.ContainsFunc(c.Policies, func(m Marks) bool { return m.RegretLow != nil && *m.RegretLow < *m.RegretHigh }) {
		users = slices.Insert(users, 1, cardColumn{"guesses", "the same, at best and at worst", guesses, false})
	}
	all := []table{c.table("What users saw", users...)}
	if c.Oracle.Outages > 0 {
		all = append(all, c.table("In outages",
			cardColumn{"caught", "outages caught, of all", func(m *Marks) string { return count(int64(m.Caught)) + " of " + count(int64(m.Outages)) }, false},
			cardColumn{"after", "noticed after, on average", func(m *Marks) string { return length(m.Detect) }, false},
			cardColumn{"failures", "and after so many failures", func(m *Marks) string { return number(m.DetectFailures) }, false},
			cardColumn{"wasted", "calls wasted on a dead service", whole(func(m *Marks) int { return m.Wasted }), false},
			cardColumn{"back", "back after the outage's end in", func(m *Marks) string { return length(m.Return) }, false},
			cardColumn{"load", "attempts a request in the 30 s after it", func(m *Marks) string { return ratio(m.RecoveryLoad) }, false}))
	}
	return append(all, c.table("Attempts",
		cardColumn{"made", "attempts made", whole(func(m *Marks) int { return m.Attempts }), false},
		cardColumn{"failed", "that failed", whole(func(m *Marks) int { return m.FailedAttempts }), false},
		cardColumn{"refused", "attempts refused", whole(func(m *Marks) int { return m.Refused }), false},
		cardColumn{"good", "refused, and would have succeeded", func(m *Marks) string { return plain(m.RefusedGood) }, false},
		cardColumn{"probes", "probes", whole(func(m *Marks) int { return m.Probes }), true},
		cardColumn{"openings", "openings of circuits", whole(func(m *Marks) int { return m.Openings }), false},
		cardColumn{"guessed", "attempts whose end is guessed", whole(func(m *Marks) int { return m.Guessed }), true}))
}

// table has a row for each policy, and one for the oracle.
func (c *Scorecard) table(caption string, columns ...cardColumn) table {
	columns = slices.DeleteFunc(columns, func(k cardColumn) bool {
		return k.rare && !slices.ContainsFunc(c.Policies, func(m Marks) bool { return k.cell(&m) != "0" })
	})
	t := table{Caption: caption, Columns: []column{{Head: "policy", Row: true, Name: true, Slim: true}}}
	for _, k := range columns {
		t.Columns = append(t.Columns, column{Head: k.head, Long: k.long, Number: true})
	}
	for _, m := range append([]*Marks{&c.Oracle}, c.ranked()...) {
		row := []string{Shown(m.Policy)}
		for _, k := range columns {
			row = append(row, k.cell(m))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (c *Scorecard) openingTable() table {
	t := table{Caption: "Openings", Columns: []column{{Head: "after", Number: true, Row: true}, {Head: "circuit", Name: true}, {Head: "why", Below: true}}}
	for _, o := range c.Policies[0].Log {
		t.Rows = append(t.Rows, []string{sinceStart(o.At), Shown(o.Circuit), Shown(o.Why)})
	}
	t.cut()
	return t
}

func guesses(m *Marks) string {
	if m.RegretLow == nil {
		return none
	}
	low, high := score(*m.RegretLow), score(*m.RegretHigh)
	if low == high {
		return low
	}
	return low + " to " + high
}
