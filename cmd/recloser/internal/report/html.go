package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// page is what the template sees. Everything but the style is text to it, and
// escaped.
type page struct {
	Style    template.CSS
	Title    string
	Span     string
	Sections []section
}

// WriteHTML writes the report as one page that needs nothing else: no script, no
// font, no network. It is light or dark, as its reader prefers.
func (r *Report) WriteHTML(w io.Writer) error {
	return writePage(w, page{Title: reliability, Span: r.span(), Sections: r.sections()})
}

func writePage(w io.Writer, p page) error {
	p.Style = template.CSS(pageStyle)
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	var b bytes.Buffer // nothing is written of a page that fails
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// Title is the column's head on the page, where there is room for more words.
func (c column) Title() string { return cmp.Or(c.Long, c.Head) }

// HeadClass is the style of the column's head.
func (c column) HeadClass() string {
	switch {
	case c.Long != "":
		return "n long"
	case c.Number:
		return "n"
	}
	return ""
}

// Class is the column's style on the page.
func (c column) Class() string {
	switch {
	case c.Number:
		return "n"
	case c.Slim:
		return "slim"
	case c.Name:
		return "name"
	case c.Below:
		return "says"
	default:
		return "t"
	}
}

// Parts are the pieces of a cell between which a line may end on the page: moments
// end it between date and time only.
func (c column) Parts(cell string) []string {
	if c.Class() == "t" {
		return strings.Fields(cell)
	}
	return []string{cell}
}
