package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
)

func text(t *testing.T, in report.Input) string {
	t.Helper()
	var b strings.Builder
	if err := report.Make(in).WriteText(&b, 0, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNothingIsSaidWhereThereIsNothing(t *testing.T) {
	c := report.Cell{Circuit: "h/m", Start: at(time.Hour), Span: time.Hour}
	c.Calls[fault.Success], c.Attempts[fault.Success] = 10, 10
	got := text(t, report.Input{From: at(0), To: at(30 * 24 * time.Hour), Cells: []report.Cell{c}})
	if !strings.Contains(got, "No outage in 30 days.") {
		t.Error("outages are not said to be none")
	}
	for _, word := range []string{"budget", "Latency", "MTBF", "Rate limits and", "Not recorded", "operator", "refused call would", "Tokens", "lost", "slow"} {
		if strings.Contains(got, word) {
			t.Errorf("%q without need:\n%s", word, got)
		}
	}
}

func TestPercentagesAreNotRoundedUp(t *testing.T) {
	for _, row := range []struct {
		good, bad int64
		want      string
	}{
		{999_999_999, 1, "99.999 %"},
		{1, 0, "100 %"},
		{0, 1, "0.000 %"},
		{999, 1, "99.900 %"},
		{29, 71, "29.000 %"},
	} {
		c := report.Cell{Circuit: "c", Start: at(0), Span: time.Hour}
		c.Calls[fault.Success], c.Calls[fault.Service] = row.good, row.bad
		if got := text(t, report.Input{From: at(0), To: at(time.Hour), Cells: []report.Cell{c}}); !strings.Contains(got, " "+row.want+" ") {
			t.Errorf("%d and %d: not %s\n%s", row.good, row.bad, row.want, got)
		}
	}
}

func TestManyOutagesAreCutToTheLongest(t *testing.T) {
	in := report.Input{From: at(0), To: at(100 * time.Hour)}
	for i := range 60 {
		d := time.Duration(i) * time.Hour
		in.Events = append(in.Events, turn(d, "c", "closed", "open"), turn(d+time.Duration(i+1)*30*time.Second, "c", "half-open", "closed"))
	}
	got := text(t, in)
	if !strings.Contains(got, "The longest 25 of 60.") || strings.Contains(got, "2026-03-03 10:00") || !strings.Contains(got, "2026-03-03 11:00") {
		t.Error(got) // the 25 longest are those from the 36th hour on
	}
	if r := report.Make(in); len(r.Outages) != 60 {
		t.Errorf("%d of them in JSON", len(r.Outages))
	}
}
