package demo

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// summary is what was measured in a run.
type summary struct {
	lasted, outage time.Duration
	seed           uint64
	early          bool // it was stopped before its end
	with, without  figures
	recovery       time.Time
}

// text is the summary for people, in so many columns: at least 59 for the table.
func (s summary) text(columns int) string {
	var b strings.Builder
	head := fmt.Sprintf("Stopped after %s. Until then:", seconds(s.lasted))
	if !s.early {
		head = fmt.Sprintf("Summary of %s, with an outage of %s (seed %d)", seconds(s.lasted), seconds(s.outage), s.seed)
	}
	b.WriteString(head + "\n\n")
	for _, r := range s.rows() {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-32s%12s%13s", r[0], r[1], r[2]), " ") + "\n")
	}
	for _, note := range s.notes() {
		b.WriteString("\n")
		for _, row := range wrap(note, min(columns, 78)-4) {
			b.WriteString("  " + row + "\n")
		}
	}
	return b.String()
}

// rows is the table.
func (s summary) rows() [][3]string {
	row := func(name string, of func(figures) string) [3]string {
		return [3]string{name, of(s.with), of(s.without)}
	}
	counted := func(name string, of func(figures) int64) [3]string {
		return row(name, func(f figures) string { return strconv.FormatInt(of(f), 10) })
	}
	ended := func(name string, r result) [3]string {
		return counted(name, func(f figures) int64 { return int64(f.results[r]) })
	}
	return [][3]string{
		{"", "Recloser", "bare client"},
		counted("users, each with one call", func(f figures) int64 { return int64(f.calls) }),
		counted("  answered", func(f figures) int64 { return int64(f.answered()) }),
		ended("    at the first try", answeredAtOnce),
		ended("    after a retry", answeredLater),
		ended("  told at once when to come back", refused),
		ended("  failed", failed),
		{},
		counted("attempts at the service", func(f figures) int64 { return f.reached }),
		counted("  while it was failing", func(f figures) int64 { return f.inVain }),
		{},
		row("waited in vain, in all", func(f figures) string { return span(f.lost) }),
		row("  on average, if unanswered", func(f figures) string { return span(f.lostEach()) }),
		row("first answer after the recovery", s.back),
	}
}

// back is how long after the recovery the first user was answered.
func (s summary) back(f figures) string {
	if f.recovered.IsZero() {
		return "-"
	}
	return span(f.recovered.Sub(s.recovery))
}

// notes say how to read the table.
func (s summary) notes() []string {
	notes := []string{"Both crowds called at the same instants with the same client, which retries " +
		"as the official SDKs do by default. Attempts are the service's own count."}
	if s.with.recovered.IsZero() || s.without.recovered.IsZero() {
		return notes
	}
	fewer := ""
	if n := s.without.answered() - s.with.answered(); n > 0 {
		fewer = fmt.Sprintf(", and %d users fewer got an answer", n)
	}
	return append(notes, fmt.Sprintf("What it costs: until its test call, Recloser does not know that the service "+
		"is back. Its first user was answered %s after the recovery, the bare client's after %s%s. "+
		"What it saves: the failing service saw %d attempts in place of %d, and users waited in vain for %s in place of %s.",
		s.back(s.with), s.back(s.without), fewer, s.with.inVain, s.without.inVain, span(s.with.lost), span(s.without.lost)))
}

// summary sums the run up.
func (s *show) summary(early bool) summary {
	return summary{
		lasted: time.Since(s.began), outage: s.opts.script.outage(), seed: s.opts.Seed, early: early,
		with: s.figures(s.with), without: s.figures(s.without),
		recovery: s.began.Add(s.opts.script.recovery()),
	}
}
