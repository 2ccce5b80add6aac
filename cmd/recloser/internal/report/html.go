package report

import (
	"bytes"
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
	Span     string
	Sections []section
}

// WriteHTML writes the report as one page that needs nothing else: no script, no
// font, no network. It is light or dark, as its reader prefers.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	var b bytes.Buffer // nothing is written of a page that fails
	if err := t.Execute(&b, page{template.CSS(pageStyle), r.span(), r.sections()}); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// Class is the column's style on the page.
func (c column) Class() string {
	switch {
	case c.Number:
		return "n"
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
