package report_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
)

// evil is a report in which everything that others name is hostile.
func evil() *report.Report {
	in := report.Input{From: at(0), To: at(24 * time.Hour), SLO: 0.99}
	for _, name := range hostile() {
		c := report.Cell{Circuit: name, Start: at(time.Hour), Span: time.Hour}
		c.Calls[fault.Success], c.Calls[fault.Service] = 30, 1
		c.Attempts = c.Calls
		for range 30 {
			c.Latency.Add(time.Second)
		}
		in.Cells = append(in.Cells, c)
		o := opening(2*time.Hour, name, name, time.Second)
		o.Why = name
		forced := turn(5*time.Hour, name, "closed", "closed")
		forced.Mode = "forced-open"
		in.Events = append(in.Events, o, turn(3*time.Hour, name, "half-open", "closed"), forced,
			gateTurn(2*time.Hour, name, name, "closed", name, time.Minute),
			gateTurn(3*time.Hour, name, name, "parked", name, time.Minute))
	}
	return report.Make(in)
}

func TestHostileNamesAreTextOnThePage(t *testing.T) {
	var b bytes.Buffer
	if err := evil().WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if !utf8.ValidString(page) {
		t.Error("not UTF-8")
	}
	known := regexp.MustCompile(`^</?(html|head|meta|title|style|body|header|main|section|h1|h2|p|dl|div|dt|dd|strong|span|figure|figcaption|ul|li|svg|path|details|summary|table|caption|thead|tbody|tr|th|td|bdi|!doctype)[\s>/]`)
	for _, tag := range regexp.MustCompile(`<[^<>]*>?`).FindAllString(page, -1) {
		if !known.MatchString(tag) {
			t.Fatalf("a foreign tag: %.100q", tag)
		}
		if regexp.MustCompile(`\s(on\w+|style|href|src)\s*=`).MatchString(unquoted(tag)) {
			t.Fatalf("a foreign attribute: %.100q", tag)
		}
	}
	if strings.Contains(page, "<b>") || strings.Count(page, "</style>") != 1 {
		t.Error("markup of a name")
	}
	if strings.Contains(page, "\u202e") || strings.Contains(page, "\x1b") {
		t.Error("a control character of a name")
	}
	if len(page) > 300_000 {
		t.Errorf("%d bytes", len(page))
	}
	balanced(t, page)
}

// unquoted leaves out what stands in the quotes of a tag.
func unquoted(tag string) string { return regexp.MustCompile(`"[^"]*"`).ReplaceAllString(tag, `""`) }

// balanced demands that each element that opens is closed, in order.
func balanced(t *testing.T, page string) {
	t.Helper()
	var open []string
	for _, m := range regexp.MustCompile(`<(/?)([a-z0-9]+)[^<>]*?(/?)>`).FindAllStringSubmatch(page, -1) {
		switch {
		case m[2] == "meta" || m[3] == "/":
		case m[1] == "":
			open = append(open, m[2])
		case len(open) == 0 || open[len(open)-1] != m[2]:
			t.Fatalf("%s closes %v", m[0], open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("not closed: %v", open)
	}
}

func TestHostileNamesOnATerminal(t *testing.T) {
	for _, columns := range []int{-1, 1, 60, 80, 132} {
		var b bytes.Buffer
		if err := evil().WriteText(&b, columns, false); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			line = strings.TrimSuffix(line, "\n")
			for _, r := range line {
				if r != '\u200d' && !unicode.IsPrint(r) {
					t.Fatalf("%q in %q", r, line)
				}
			}
			limit := max(columns, 60)
			if columns <= 0 {
				limit = 80
			}
			if n := utf8.RuneCountInString(line); n > limit+8 { // marks take no room
				t.Errorf("%d of %d columns: %q", n, limit, line)
			}
		}
	}
}

func TestHostileNamesAreWholeInJSON(t *testing.T) {
	var b bytes.Buffer
	if err := evil().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var back report.Report
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, c := range back.Circuits {
		names[c.Circuit] = true
	}
	for _, name := range hostile() {
		if utf8.ValidString(name) && !names[name] {
			t.Errorf("%.50q is missing", name)
		}
	}
}
