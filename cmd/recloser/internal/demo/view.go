package demo

import (
	"fmt"
	"io"
	"strings"
)

// view shows the run while it goes on.
type view interface {
	// update is told of the present moment and of what is new.
	update(s snapshot, fresh []event)
	// close leaves stdout as lines may follow.
	close()
}

// lines is the view where stdout is no terminal: one line an event.
type lines struct{ w io.Writer }

func (v lines) update(_ snapshot, fresh []event) {
	for _, e := range fresh {
		fmt.Fprintln(v.w, e)
	}
}

func (lines) close() {}

// live is the one-screen view. It uses the terminal's alternate screen, draws
// over what is there, and asks for the size every time.
type live struct {
	w      io.Writer
	t      terminal
	events []event
}

func newLive(w io.Writer, t terminal) *live {
	fmt.Fprint(w, "\x1b[?1049h\x1b[?25l\x1b[2J") // alternate screen, no cursor, empty
	return &live{w: w, t: t}
}

func (v *live) update(s snapshot, fresh []event) {
	v.events = append(v.events, fresh...)
	columns, rows := v.t.size()
	var b strings.Builder
	b.WriteString("\x1b[H")
	for i, l := range frame(s, v.events, columns, rows) {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(l.cut(columns-1).paint(v.t.colour) + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	fmt.Fprint(v.w, b.String())
}

// close gives the normal screen back, and tells there what happened.
func (v *live) close() {
	fmt.Fprint(v.w, "\x1b[0m\x1b[?25h\x1b[?1049l")
	columns, _ := v.t.size()
	for _, e := range v.events {
		for _, l := range e.lines(columns - 1) {
			fmt.Fprintln(v.w, l.paint(v.t.colour))
		}
	}
}
