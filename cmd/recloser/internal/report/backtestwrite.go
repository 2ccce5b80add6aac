package report

import (
	"encoding/json"
	"io"
	"strconv"
)

// WriteText writes the backtest for a terminal, as Report.WriteText does.
func (b *Backtest) WriteText(w io.Writer, width int, colour bool) error {
	return writeText(w, b.page(), width, colour)
}

// WriteHTML writes it as one page that needs nothing else, as Report.WriteHTML does.
func (b *Backtest) WriteHTML(w io.Writer) error { return writePage(w, b.page()) }

// WriteJSON writes it as one JSON object, indented, with a newline at its end.
func (b *Backtest) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(b)
}

// trimmed writes a number with the digits that it has.
func trimmed(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
