package demo

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal is what the live view has to know of its terminal.
type terminal struct {
	measure func() (columns, rows int, err error)
	colour  bool
}

// terminalOf returns the terminal that stdout is, or nil if it is none, or none
// that can move its cursor. NO_COLOR in the environment leaves colours out.
func terminalOf(stdout io.Writer) *terminal {
	f, ok := stdout.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &terminal{
		measure: func() (int, int, error) { return term.GetSize(int(f.Fd())) },
		colour:  os.Getenv("NO_COLOR") == "",
	}
}

// size is the terminal's present one, or the usual one if it does not say.
func (t terminal) size() (columns, rows int) {
	columns, rows, err := t.measure()
	if err != nil || columns <= 0 || rows <= 0 {
		return 80, 24
	}
	return columns, rows
}
