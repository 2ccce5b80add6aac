package report_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// wild draws a history that need not make sense.
func wild(luck *rand.Rand, events, cells int) report.Input {
	pick := func(from ...string) string { return from[luck.IntN(len(from))] }
	when := func() time.Time { return at(time.Duration(luck.Int64N(int64(100*24*time.Hour))) - 30*24*time.Hour) }
	in := report.Input{From: at(0), To: at(time.Duration(luck.Int64N(int64(60 * 24 * time.Hour)))), SLO: luck.Float64()}
	if luck.IntN(20) == 0 {
		in.To = in.From.Add(-time.Hour)
	}
	kinds := []report.EventKind{report.CircuitEvent, report.CircuitEvent, report.CircuitEvent, report.GateEvent,
		report.StartEvent, report.StopEvent, report.OperatorEvent}
	last := when()
	for range events {
		e := report.Event{
			At: last, Kind: kinds[luck.IntN(len(kinds))], Circuit: pick("h", "h/a", "h/b", "g/c", ""), Key: pick("k1", "k2"),
			From: pick("closed", "open", "half-open", ""), To: pick("closed", "open", "half-open", "parked", "limited", "x"),
			Mode: pick("normal", "normal", "", "observe", "forced-open", "disabled"), Reason: pick("", "restored", "explained by the parent"),
		}
		if luck.IntN(2) == 0 {
			e.Down = e.At.Add(time.Duration(luck.Int64N(int64(time.Hour))) - time.Minute)
		}
		if luck.IntN(2) == 0 {
			e.Until = e.At.Add(time.Duration(luck.Int64N(int64(time.Hour))) - time.Minute)
		}
		in.Events = append(in.Events, e)
		last = last.Add(time.Duration(luck.Int64N(int64(24 * time.Hour))))
		if luck.IntN(8) == 0 {
			last = when()
		}
	}
	spans := []time.Duration{10 * time.Second, time.Minute, time.Hour, 24 * time.Hour}
	for range cells {
		c := report.Cell{Circuit: pick("h", "h/a", "h/b"), Start: when(), Span: spans[luck.IntN(len(spans))], Counts: report.Counts{
			Refused: luck.Int64N(5), Retries: luck.Int64N(5), SavedTokens: luck.Int64N(5),
		}}
		for k := range c.Calls {
			c.Calls[k], c.Attempts[k] = luck.Int64N(5), luck.Int64N(5)
		}
		for range luck.IntN(30) {
			c.Latency.Add(time.Duration(luck.Int64N(int64(time.Minute))))
		}
		in.Cells = append(in.Cells, c)
	}
	return in
}

func FuzzMake(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed, uint8(seed*5), uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, events, cells uint8) {
		r := report.Make(wild(rand.New(rand.NewPCG(seed, 1)), int(events), int(cells)))
		holds(t, &r.Total, r)
		for i := range r.Circuits {
			holds(t, &r.Circuits[i], r)
		}
		for _, o := range r.Outages {
			if o.Start.After(o.Opened) || o.End != nil && o.End.Before(o.Opened) || o.Ongoing != (o.End == nil) || o.InSpan < 0 || o.InSpan > r.Span ||
				o.Length != nil && *o.Length < o.InSpan || o.Detect != nil && *o.Detect < 0 || o.Unrecorded < 0 || o.Unrecorded > o.InSpan {
				t.Errorf("%+v", o)
			}
		}
		for _, g := range r.Gates {
			if g.Waited < 0 || g.Waited > r.Span {
				t.Errorf("%+v", g)
			}
		}
		written(t, r)
	})
}

// holds checks what must be so of any history.
func holds(t *testing.T, f *report.Figures, r *report.Report) {
	t.Helper()
	for _, share := range []*float64{f.Users, f.Upstream, f.Outages.Up} {
		if share != nil && !(*share >= 0 && *share <= 1) {
			t.Errorf("a share of %v", *share)
		}
	}
	o := &f.Outages
	if o.Down < 0 || o.Down > r.Span || o.DownWithHost < o.Down || o.DownWithHost > r.Span {
		t.Errorf("down for %v and %v of %v", o.Down, o.DownWithHost, r.Span)
	}
	if o.Ended+o.Ongoing+o.UnknownLength > o.Count || (o.MTTR == nil) != (o.Ended == 0) {
		t.Errorf("%+v", o)
	}
	for _, d := range []*report.Seconds{o.MTTR, o.Median, o.Longest, o.MTBF, o.Detect} {
		if d != nil && *d < 0 {
			t.Errorf("a length of %v", *d)
		}
	}
	if r.Recorded < 0 || r.Recorded > r.Span || f.Saved.Attempts < f.Refused {
		t.Errorf("%v of %v recorded, %+v saved", r.Recorded, r.Span, f.Saved)
	}
}

func written(t *testing.T, r *report.Report) {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Error(err)
	}
	balanced(t, b.String())
	for _, bad := range []string{"NaN", "Inf"} {
		if bytes.Contains(b.Bytes(), []byte(bad)) {
			t.Errorf("%s on the page", bad)
		}
	}
	if err := r.WriteJSON(io.Discard); err != nil {
		t.Error(err)
	}
	if err := r.WriteText(io.Discard, 0, true); err != nil {
		t.Error(err)
	}
}

func FuzzEventsOfIncidents(f *testing.F) {
	f.Add("start,end,impact\n2024-01-01T00:00:00Z,2024-01-01T01:00:00Z,major\n")
	f.Fuzz(func(_ *testing.T, text string) {
		events, err := report.EventsOfIncidents(bytes.NewReader([]byte(text)), "x")
		if err == nil {
			report.Make(report.Input{From: at(0), To: at(time.Hour), Events: events})
		}
	})
}

// 90 days of 50 circuits by the hour.
func BenchmarkMake(b *testing.B) {
	luck := rand.New(rand.NewPCG(5, 5))
	in := report.Input{From: at(0), To: at(90 * 24 * time.Hour), SLO: 0.999}
	var shapes []report.Cell
	for i := range 50 {
		shapes = append(shapes, hour(luck, "h/m"+string(rune('A'+i)), 12, i%3))
	}
	for h := range 90 * 24 {
		for _, c := range shapes {
			c.Start = at(time.Duration(h) * time.Hour)
			in.Cells = append(in.Cells, c)
		}
	}
	for b.Loop() {
		report.Make(in)
	}
}
