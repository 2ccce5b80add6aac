package explain

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/recloser/recloser/fault"
)

// width is that of a terminal.
const width = 80

// Table writes the table that decides what an answer meant, row by row, the first
// that fits deciding.
func Table(out io.Writer) error {
	w := bufio.NewWriter(out)
	for r := range fault.Table() {
		fmt.Fprintf(w, "%-11s  %s\n", r.Kind, r.Name)
		paragraph(w, "when", condition(r))
		paragraph(w, "then", r.Why+consequence(r))
		paragraph(w, "known", source(r.Source))
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// condition is what an answer must look like.
func condition(r fault.Row) string {
	var all []string
	if status := statuses(r); status != "" {
		all = append(all, status)
	}
	var names []string
	for _, list := range []struct{ what, words string }{
		{"the code is ", r.Codes}, {"the type is ", r.Types}, {"code or type hold ", r.Words},
	} {
		if list.words != "" {
			names = append(names, list.what+strings.Join(strings.Fields(list.words), ", "))
		}
	}
	if len(names) > 0 {
		all = append(all, strings.Join(names, "; or "))
	}
	if r.Text != "" {
		hint := "the message says "
		if r.Loud {
			hint = "the message says, whatever the code is, "
		}
		all = append(all, hint+`"`+strings.ReplaceAll(r.Text, "|", `", "`)+`"`)
	}
	if r.Untyped {
		all = append(all, "the type says nothing")
	}
	if r.HTML {
		all = append(all, "the body is a page")
	}
	if len(all) == 0 {
		return "nothing else fits."
	}
	return strings.Join(all, "; and ") + "."
}

func statuses(r fault.Row) string {
	switch {
	case r.Min == 0 && r.Max == 0:
		return ""
	case r.Min == r.Max:
		return fmt.Sprintf("the status is %d", r.Min)
	case r.Max > 999:
		return fmt.Sprintf("the status is %d or more", r.Min)
	}
	return fmt.Sprintf("the status is %d to %d", r.Min, r.Max)
}

// consequence is what follows beside the kind.
func consequence(r fault.Row) string {
	var b strings.Builder
	if r.NotDone {
		b.WriteString(" The call was not carried out.")
	}
	switch r.Repeat {
	case fault.Retry:
		b.WriteString(" Trying again can help.")
	case fault.Stop:
		b.WriteString(" Trying again is useless.")
	case fault.Unsaid: // the kind says it
	}
	return b.String()
}

// source is how a row is known.
func source(s string) string {
	switch s {
	case "doc":
		return "from the vendor's documentation"
	case "src":
		return "from a client's source"
	case "run":
		return "observed here"
	case "rep":
		return "from reports of real traffic"
	case "gen":
		return "general knowledge"
	}
	return "our own judgement"
}

// paragraph writes a text under its heading, wrapped.
func paragraph(w io.Writer, heading, text string) {
	const indent = 13
	line := fmt.Sprintf("  %-*s", indent-2, heading)
	column := indent
	for word := range strings.FieldsSeq(text) {
		n := columns(word)
		if column > indent && column+1+n > width {
			fmt.Fprintln(w, line)
			line, column = strings.Repeat(" ", indent), indent
		}
		if column > indent {
			line += " "
			column++
		}
		line += word
		column += n
	}
	fmt.Fprintln(w, line)
}

// columns is how wide a word is on a screen. East Asian characters take two.
func columns(word string) int {
	n := 0
	for _, r := range word {
		n++
		if r >= 0x1100 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xffef {
			n++
		}
	}
	return n
}
