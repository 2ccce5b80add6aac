package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// writeStatus writes it for people: what is wrong first.
func writeStatus(w io.Writer, o *statusOf, s screen) {
	rows := slices.Clone(o.Circuits)
	slices.SortStableFunc(rows, func(a, b statusRow) int { return cmp.Compare(b.loudness(), a.loudness()) })
	bad := 0 // those that are forced open refuse as much
	for i := range rows {
		if rows[i].State != "closed" || rows[i].Mode == "forced-open" {
			bad++
		}
	}
	switch {
	case len(rows) == 0:
		fmt.Fprintln(w, "No call has come yet.")
	case bad == 0:
		fmt.Fprintf(w, "All of %s closed.\n", many(len(rows), "circuit is", "circuits are"))
	default:
		fmt.Fprintln(w, s.paint(red, fmt.Sprintf("%d of %s not closed.", bad, many(len(rows), "circuit is", "circuits are"))))
	}
	if o.Bypass {
		fmt.Fprintln(w, s.paint(red, `THE BYPASS IS ON: every call is let through. "recloser circuits bypass off" ends it.`))
	}
	if o.History.State == "degraded" || o.History.State == "memory" {
		fmt.Fprintf(w, "History: %s: %s\n", o.History.State, shown(o.History.Reason))
	}
	writeAlerts(w, o, s)
	if len(rows) > 0 {
		fmt.Fprintln(w)
		writeRows(w, rows, o.Now, s)
	}
	for _, g := range o.Gates {
		if g.State == "parked" {
			fmt.Fprintf(w, "\nKey %s is parked: %s\n", shown(g.Key), shown(g.Why))
		}
	}
}

// shownAlerts is how many have a line.
const shownAlerts = 20

func writeAlerts(w io.Writer, o *statusOf, s screen) {
	for i := range o.Alerts {
		if i == shownAlerts {
			fmt.Fprintf(w, "and %s\n", many(len(o.Alerts)-i, "more alert", "more alerts"))
			break
		}
		a := &o.Alerts[i]
		line := "Alert, " + shown(a.Severity)
		if a.Since != nil {
			line += fmt.Sprintf(", since %s (%s)", clock(*a.Since), o.Now.Sub(*a.Since).Round(time.Second))
		}
		line += ": " + shown(a.Title)
		if a.Calm != nil {
			line += "; calm since " + clock(*a.Calm)
		}
		colour := map[bool]string{true: red, false: yellow}[a.Severity == "critical"]
		if a.Muted != nil {
			line, colour = line+"; muted until "+clock(*a.Muted), ""
		}
		fmt.Fprintln(w, s.paint(colour, s.cut(line)))
	}
}

// clock is a moment for people who may be in other places.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// loudness orders rows.
func (c *statusRow) loudness() int {
	switch {
	case c.State == "open" || c.Mode == "forced-open":
		return 3
	case c.State != "closed":
		return 2
	case c.Mode != "normal":
		return 1
	}
	return 0
}

// ribbonMinutes is how much of the last hour there is room for.
const ribbonMinutes = 15

func writeRows(w io.Writer, rows []statusRow, now time.Time, s screen) {
	table := [][]string{{"CIRCUIT", "STATE", "LAST 15 MIN", "CALLS/S", "FAILED", "REFUSED/S", "P50", "P95", "FIRST", "NEXT"}}
	for i := range rows {
		c := &rows[i]
		table = append(table, []string{
			shown(c.Name), c.condition(), c.ribbon(), rate(c.Rate), percentOf(c.FailureRate), rate(c.RefusedRate),
			seconds(c.P50), seconds(c.P95), seconds(c.Content), c.next(now),
		})
	}
	width := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for n, line := range table {
		text := ""
		for i, cell := range line {
			gap := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i >= 3 { // numbers
				text += gap + cell + "  "
			} else {
				text += cell + gap + "  "
			}
		}
		text = s.cut(strings.TrimRight(text, " "))
		if n > 0 && rows[n-1].loudness() > 0 {
			text = s.paint(map[bool]string{true: red, false: yellow}[rows[n-1].State == "open"], text)
		}
		fmt.Fprintln(w, text)
		if n == 0 || rows[n-1].loudness() == 0 {
			continue
		}
		fmt.Fprintln(w, s.cut("    "+shown(rows[n-1].Why)))
		if rows[n-1].Users != "" {
			fmt.Fprintln(w, s.cut("    users read: "+shown(rows[n-1].Users)))
		}
	}
}

// condition is state and mode in a word or two.
func (c *statusRow) condition() string {
	if c.Mode == "normal" || c.Mode == "" {
		return shown(c.State)
	}
	return shown(c.Mode + " (" + c.State + ")")
}

// ribbon is a character a minute, the latest last.
func (c *statusRow) ribbon() string {
	all := c.Ribbon[max(len(c.Ribbon)-ribbonMinutes, 0):]
	text := make([]byte, len(all))
	for i, minute := range all {
		switch minute {
		case "open":
			text[i] = '#'
		case "bad":
			text[i] = 'x'
		case "some":
			text[i] = '+'
		case "ok":
			text[i] = '.'
		default:
			text[i] = ' '
		}
	}
	return strings.TrimLeft(string(text), " ")
}

// next is when the next probe is due.
func (c *statusRow) next(now time.Time) string {
	switch {
	case c.State == "half-open":
		return "probe out"
	case c.State != "open" || c.Until == nil:
		return "-"
	case !c.Until.After(now):
		return "probe due"
	}
	return "in " + c.Until.Sub(now).Round(time.Second).String()
}

func rate(x float64) string {
	if x == 0 {
		return "-"
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

func percentOf(x *float64) string {
	if x == nil {
		return "-"
	}
	return strconv.FormatFloat(100**x, 'f', 1, 64) + " %"
}

func seconds(x *float64) string {
	if x == nil {
		return "-"
	}
	return strconv.FormatFloat(*x, 'f', 2, 64) + " s"
}

// shown is a text that others wrote, for a terminal: what it would obey is left out.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
)

func (s screen) paint(colour, text string) string {
	if !s.colour || colour == "" {
		return text
	}
	return colour + text + "\x1b[0m"
}

// cut keeps a line from being broken.
func (s screen) cut(line string) string {
	if s.width < 20 || utf8.RuneCountInString(line) <= s.width {
		return line
	}
	return string([]rune(line)[:s.width-1]) + "…"
}
