package demo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/recloser/recloser/breaker"
)

// The columns of the live view.
const (
	labelColumns = 20 // of what a row is about
	valueColumns = 14 // of a figure
	tightest     = 40 // no narrower terminal is drawn for
	widest       = 100
	roomy        = 30 // rows from which on there are empty ones between sections
)

// frame draws one moment, for a terminal of that size. The last column stays
// empty, so that no terminal goes on to the next row.
func frame(s snapshot, events []event, columns, rows int) []line {
	columns = min(max(columns, tightest), widest+1) - 1
	sections := [][]line{
		{serviceLine(s), circuitLine(s)},
		table(s),
		append(said("through Recloser", s.with.latest, columns), said("bare client", s.without.latest, columns)...),
		bars(s.seconds, columns),
	}
	out := []line{title(s, columns), {}}
	if s.dashboard != "" {
		out = append(out[:1], label("Dashboard").and(s.dashboard, plain), line{})
	}
	for _, section := range sections {
		out = append(out, section...)
		if rows >= roomy {
			out = append(out, line{})
		}
	}
	if rows < roomy {
		out = append(out, line{})
	}
	out = append(out, recent(events, columns, max(rows-len(out), 0))...)
	for i := range out {
		out[i] = out[i].cut(columns)
	}
	return out[:min(len(out), rows)]
}

func title(s snapshot, columns int) line {
	left := line{{"Recloser demo", bold}}
	right := fmt.Sprintf("%.0f s of %.0f s · Ctrl-C ends it", s.elapsed.Seconds(), s.lasting.Seconds())
	gap := columns - left.width() - line{{right, faint}}.width()
	return left.and(strings.Repeat(" ", max(gap, 1)), plain).and(right, faint)
}

func label(name string) line { return line{{fmt.Sprintf("%-*s", labelColumns, name), faint}} }

func serviceLine(s snapshot) line {
	l := label("The service is")
	if s.phase.healthy() {
		return l.and("✓ "+s.phase.words, green)
	}
	return l.and("✗ "+s.phase.words, red)
}

func circuitLine(s snapshot) line {
	symbol, st := mark(s.state)
	l := label("The circuit is").and(symbol+" "+s.state.String(), st)
	switch s.state {
	case breaker.Open:
		if s.nextTest <= 0 {
			return l.and(": the next call is the test", plain)
		}
		return l.and(": refusing; test call in "+seconds(s.nextTest), plain)
	case breaker.HalfOpen:
		return l.and(": one test call is out", plain)
	default:
		return l.and(": calls go through", plain)
	}
}

// mark is a symbol and a style for a state.
func mark(s breaker.State) (string, style) {
	switch s {
	case breaker.Open:
		return "✗", red
	case breaker.HalfOpen:
		return "?", yellow
	default:
		return "✓", green
	}
}

// table is what became of both crowds so far.
func table(s snapshot) []line {
	row := func(name string, with, without int64) line {
		return label(name).and(right(strconv.FormatInt(with, 10)), plain).and(right(strconv.FormatInt(without, 10)), plain)
	}
	counted := func(name string, of func(figures) int) line {
		return row(name, int64(of(s.with)), int64(of(s.without)))
	}
	return []line{
		label("Users so far").and(right("Recloser"), bold).and(right("bare client"), bold),
		counted("calls ended", func(f figures) int { return f.calls }),
		counted("answered", func(f figures) int { return f.answered() }),
		counted("refused at once", func(f figures) int { return f.results[refused] }),
		counted("failed", func(f figures) int { return f.results[failed] }),
		counted("still waiting", func(f figures) int { return f.waiting }),
		row("attempts at service", s.with.reached, s.without.reached),
	}
}

func right(s string) string { return fmt.Sprintf("%*s", valueColumns, s) }

// said is what users of one crowd see now.
func said(who string, o outcome, columns int) []line {
	words, st := quoted(o.message), red
	switch {
	case o.attempts == 0:
		words, st = "nothing yet", plain
	case o.result == answeredAtOnce || o.result == answeredLater:
		words, st = "an answer", green
	case o.result == refused:
		st = yellow
	}
	if o.attempts > 0 {
		words += " " + after(o.took)
	}
	var out []line
	for i, part := range wrap(words, columns-labelColumns) {
		if i > 0 {
			who = ""
		}
		out = append(out, label(who).and(part, st))
	}
	return out
}

// recent are the latest events, as many as there is room for.
func recent(events []event, columns, room int) []line {
	var out []line
	for _, e := range slices.Backward(events) {
		rows := e.lines(columns)
		if len(rows)+len(out) > room {
			break
		}
		out = append(rows, out...)
	}
	return out
}
