package tune

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// width is how wide lines are, but for those that cannot be broken.
const width = 80

// WriteJSON writes all of it.
func (r *Result) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// WriteYAML writes the recommended settings as a configuration file, with the reasons.
func (r *Result) WriteYAML(w io.Writer) error {
	var b strings.Builder
	comment := func(indent, text string) {
		for _, row := range wrap(text, width-len(indent)-2) {
			b.WriteString(indent + "# " + row + "\n")
		}
	}
	comment("", fmt.Sprintf("By recloser tune: %s; %d candidates, seed %d, at most %s false trips.", r.about(), r.Candidates, r.Seed, r.Limit))
	b.WriteString("#\n")
	comment("", r.verdict())
	b.WriteString("#\n")
	for _, row := range r.table() {
		b.WriteString(strings.TrimRight("# "+row, " ") + "\n")
	}
	for _, note := range r.Notes {
		b.WriteString("#\n")
		comment("", note)
	}
	if r.Recommended == 0 {
		b.WriteString("\n# The defaults: nothing is set.\n{}\n")
	}
	last := ""
	for _, f := range r.Fields {
		section, name, found := strings.Cut(f.Path, ".")
		indent := "  "
		if !found {
			section, name, indent = "", f.Path, ""
		}
		if section != last {
			b.WriteString("\n" + section + ":\n")
			last = section
		}
		comment(indent, f.Reason)
		fmt.Fprintf(&b, "%s%s: %s\n", indent, name, f.Value)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteText writes the summary for people.
func (r *Result) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, x := range r.Traces {
		fmt.Fprintf(&b, "%s: %d attempts, %s\n", clean(x.Name), x.Attempts, outages(x.Outages))
		fmt.Fprintf(&b, "  searched  %s\n  held out  %s\n", x.Training.words(), x.HeldOut.words())
	}
	b.WriteString("\n")
	for _, row := range r.table() {
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	for _, row := range r.Rows[1:] {
		b.WriteString("\n")
		for i, line := range wrap(row.Name+": "+row.settings(), width-2) {
			b.WriteString(strings.Repeat("  ", min(i, 1)) + line + "\n")
		}
	}
	for _, text := range append([]string{r.verdict()}, r.Notes...) {
		b.WriteString("\n" + strings.Join(wrap(text, width), "\n") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// table has a row for each Row.
func (r *Result) table() []string {
	const form = "%-19s%15s %11s   %15s %11s"
	all := []string{
		fmt.Sprintf(form, "", "searched", "", "held out", ""),
		fmt.Sprintf(form, "", "regret", "false trips", "regret", "false trips"),
	}
	for _, row := range r.Rows {
		all = append(all, fmt.Sprintf(form, row.Name, row.Training.Regret, count(row.Training.FalseTrips), row.HeldOut.Regret, count(row.HeldOut.FalseTrips)))
	}
	return all
}

// verdict says what is recommended.
func (r *Result) verdict() string {
	if r.Recommended == 0 {
		return "Recommended: the defaults. " + r.Why
	}
	return "Recommended: " + r.Rows[r.Recommended].settings() + ". " + r.Why
}

// about is what it was made of.
func (r *Result) about() string {
	n, troubled, hours := 0, 0, 0.
	var names []string
	for _, x := range r.Traces {
		n, troubled, hours = n+x.Attempts, troubled+x.Outages, hours+x.Training.Hours+x.HeldOut.Hours
		names = append(names, clean(x.Name))
	}
	return fmt.Sprintf("%s; %d attempts in %s, %s", strings.Join(names, ", "), n, hoursOf(hours), outages(troubled))
}

func (p Part) words() string {
	return fmt.Sprintf("%d requests, %s, %s", p.Requests, hoursOf(p.Hours), outages(p.Outages))
}

func outages(n int) string {
	switch n {
	case 0:
		return "no outage"
	case 1:
		return "1 outage"
	}
	return fmt.Sprintf("%d outages", n)
}

// settings are those of a row in one line.
func (r *Row) settings() string {
	if len(r.Settings) == 0 {
		return "the defaults"
	}
	var all []string
	for _, f := range r.Settings {
		all = append(all, f.Path+" "+f.Value)
	}
	return strings.Join(all, ", ")
}

// clean is a name without what would end a line, or speak to a terminal.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}

// wrap breaks text at spaces.
func wrap(text string, columns int) (rows []string) {
	row := ""
	for word := range strings.FieldsSeq(text) {
		if row != "" && utf8.RuneCountInString(row)+1+utf8.RuneCountInString(word) > columns {
			rows, row = append(rows, row), ""
		}
		if row != "" {
			row += " "
		}
		row += word
	}
	return append(rows, row)
}
