package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

const ours = "recloser"

// cases are the benchmarks in the order of the page.
var cases = [...]struct{ name, title string }{
	{"Closed", "Closed: a call that succeeds"},
	{"Failing", "Closed, one call in 128 fails"},
	{"Open", "Open: a refusal"},
	{"Probing", "Half-open: a refusal while the probe is out"},
	{"Cycle", "From the failures that open it to the success that closes it"},
}

// write prints a table for each case, and how the targets are met.
func (r *runs) write(out io.Writer) {
	fmt.Fprintf(out, "Medians of %d runs on %s. ×: how many times as long as %s takes in the same form.\n",
		r.count(), cmp.Or(r.cpu, "an unknown processor"), ours)
	for _, c := range cases {
		if rows := r.rows(c.name); len(rows) > 0 {
			fmt.Fprintf(out, "\n**%s**\n\n", c.title)
			r.table(out, rows)
		}
	}
	fmt.Fprint(out, "\n**Targets**\n\n")
	r.targets(out)
}

// count is the smallest number of runs that a figure is of.
func (r *runs) count() int {
	least := 0
	for _, s := range r.samples {
		if n := len(s.ns); least == 0 || n < least {
			least = n
		}
	}
	return least
}

// rows are the benchmarks of a case, on whatever number of cores.
func (r *runs) rows(name string) []benchmark {
	var rows []benchmark
	for b := range r.samples {
		b.cores = ""
		if b.name == name && !slices.Contains(rows, b) {
			rows = append(rows, b)
		}
	}
	slices.SortFunc(rows, func(a, b benchmark) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.impl, b.impl))
	})
	return rows
}

// rank sorts by form, and in it the first to compare with first, ours last.
func rank(b benchmark) int {
	n := 10 * slices.Index([]string{"do", "permit", "at"}, b.form)
	switch {
	case b.impl == "gobreaker":
		return n
	case strings.HasPrefix(b.impl, ours):
		return n + 2
	}
	return n + 1
}

func (r *runs) table(out io.Writer, rows []benchmark) {
	fmt.Fprintln(out, "| form | breaker | ns, 1 core | ns, 2 cores | bytes | allocations | ×, 1 core | ×, 2 cores |")
	fmt.Fprintln(out, "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, b := range rows {
		one, two := b, b
		one.cores, two.cores = "1", "2"
		s := r.samples[one]
		if s == nil {
			s = r.samples[two]
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %.0f | %.0f | %s | %s |\n", b.form, b.impl,
			figure(r.ns(one)), figure(r.ns(two)), median(s.bytes), median(s.allocs),
			figure(r.ratio(one)), figure(r.ratio(two)))
	}
}

// ratio is how many times as long as ours it takes.
func (r *runs) ratio(b benchmark) float64 {
	other := b
	other.impl = ours
	return divide(r.ns(b), r.ns(other))
}

func divide(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// figure prints as many digits as mean something; nothing for what is not known.
func figure(v float64) string {
	switch {
	case v == 0:
		return ""
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
