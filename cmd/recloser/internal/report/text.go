package report

import (
	"io"
	"strings"
)

// DefaultWidth is the width of a text in columns where none is given. Narrower than
// leastWidth, tables would tell nothing.
const (
	DefaultWidth = 80
	leastWidth   = 60
)

// WriteText writes the report for a terminal of a width in columns (0:
// DefaultWidth), with or without colours.
func (r *Report) WriteText(w io.Writer, width int, colour bool) error {
	return writeText(w, page{Title: reliability, Span: r.span(), Sections: r.sections()}, width, colour)
}

// reliability is what a Report is headed.
const reliability = "Reliability"

func writeText(w io.Writer, p page, width int, colour bool) error {
	if width <= 0 {
		width = DefaultWidth
	}
	t := &texter{width: max(width, leastWidth), colour: colour}
	t.line(t.bold(p.Title))
	t.line(p.Span)
	for _, s := range p.Sections {
		t.section(&s)
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// texter lays text out.
type texter struct {
	b      strings.Builder
	width  int
	colour bool
}

func (t *texter) line(s string) {
	t.b.WriteString(strings.TrimRight(s, " "))
	t.b.WriteByte('\n')
}

func (t *texter) bold(s string) string { return t.styled("1", s) }
func (t *texter) bad(s string) string  { return t.styled("1;31", s) }
func (t *texter) faint(s string) string {
	return t.styled("2", s)
}

func (t *texter) styled(style, s string) string {
	if !t.colour {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func (t *texter) section(s *section) {
	if len(s.Says)+len(s.Facts)+len(s.Tables) == 0 || s.OnPage { // a plot alone
		return
	}
	t.line("")
	t.line(t.bold(s.Title))
	for _, p := range s.Says {
		t.paragraph(p)
	}
	t.facts(s.Facts)
	for i := range s.Tables {
		tab := &s.Tables[i]
		if tab.Folded {
			continue
		}
		for j, part := range t.parts(tab) {
			if i+j > 0 || len(s.Says) > 0 {
				t.line("")
			}
			t.table(&part)
		}
	}
}

// paragraph sets a text with a hanging indent.
func (t *texter) paragraph(p string) {
	for _, l := range wrapped(p, t.width-2) {
		t.line("  " + l)
	}
}

// wrapped breaks a text at its spaces. A word that is too wide is cut.
func wrapped(text string, limit int) []string {
	var lines []string
	var line string
	for word := range strings.FieldsSeq(text) {
		word = squeezed(word, limit)
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) > limit:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

func (t *texter) facts(facts []fact) {
	labels, values := 0, 0
	for _, f := range facts {
		labels, values = max(labels, width(f.Label)), max(values, width(f.Value))
	}
	indent := 2 + labels + 2 + values + 2
	for _, f := range facts {
		value := padLeft(f.Value, values)
		if f.Bad {
			value = t.bad(value)
		}
		lines := wrapped(f.More, t.width-indent)
		t.line("  " + padRight(f.Label, labels) + "  " + value + "  " + lines[0])
		for _, l := range lines[1:] {
			t.line(strings.Repeat(" ", indent) + l)
		}
	}
}

func padLeft(s string, to int) string  { return strings.Repeat(" ", max(to-width(s), 0)) + s }
func padRight(s string, to int) string { return s + strings.Repeat(" ", max(to-width(s), 0)) }

// table aligns columns. Those that were named by others share what room is left;
// one that stands below has a line of its own.
func (t *texter) table(tab *table) {
	if !tab.Quiet {
		t.line("  " + tab.Caption)
	}
	widths := t.widths(tab)
	head := make([]string, len(tab.Columns))
	for i, c := range tab.Columns {
		head[i] = c.Head
	}
	t.line(t.faint(strings.TrimRight(laid(tab.Columns, widths, head), " ")))
	for _, row := range tab.Rows {
		t.line(laid(tab.Columns, widths, row))
		for i, c := range tab.Columns {
			if c.Below && row[i] != "" {
				for _, l := range wrapped(row[i], t.width-6) {
					t.line("      " + l)
				}
			}
		}
	}
	if tab.Says != "" {
		t.paragraph(tab.Says)
	}
}

// parts are tables no wider than the text, with the same first column each, of one
// that may be parted.
func (t *texter) parts(tab *table) []table {
	if !tab.Parted {
		return []table{*tab}
	}
	var parts []table
	widths := t.widths(tab)
	for from := 1; from < len(tab.Columns); {
		to, used := from, 2+widths[0]
		for to < len(tab.Columns) && (to == from || used+2+widths[to] <= t.width) {
			used += 2 + widths[to]
			to++
		}
		part := table{Caption: tab.Caption, Quiet: tab.Quiet || from > 1}
		part.Columns = append([]column{tab.Columns[0]}, tab.Columns[from:to]...)
		for _, row := range tab.Rows {
			part.Rows = append(part.Rows, append([]string{row[0]}, row[from:to]...))
		}
		parts = append(parts, part)
		from = to
	}
	parts[len(parts)-1].Says = tab.Says
	return parts
}

// laid is a row.
func laid(columns []column, widths []int, row []string) string {
	var b strings.Builder
	for i, c := range columns {
		if c.Below {
			continue
		}
		b.WriteString("  ")
		cell := squeezed(row[i], widths[i])
		if c.Number {
			b.WriteString(padLeft(cell, widths[i]))
		} else {
			b.WriteString(padRight(cell, widths[i]))
		}
	}
	return b.String()
}

// widths are those of the columns: what they need, but for names.
func (t *texter) widths(tab *table) []int {
	widths := make([]int, len(tab.Columns))
	left, names := t.width, 0
	for i, c := range tab.Columns {
		if c.Below {
			continue
		}
		widths[i] = width(c.Head)
		for _, row := range tab.Rows {
			widths[i] = max(widths[i], width(row[i]))
		}
		left -= 2
		if c.Name {
			names++
		} else {
			left -= widths[i]
		}
	}
	for i, c := range tab.Columns {
		if c.Name {
			widths[i] = min(widths[i], max(left/names, 8))
			left -= widths[i]
			names--
		}
	}
	return widths
}
