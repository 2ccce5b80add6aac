package dashboard

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// story is a Past as a test tells it.
type story struct {
	cells  []report.Cell
	events []report.Event
	err    error
	asked  []string
}

func (s *story) Cells(_ context.Context, _, _ time.Time, _ time.Duration, circuit string) (list []report.Cell, _ error) {
	s.asked = append(s.asked, circuit)
	for _, c := range s.cells {
		if circuit == "" || c.Circuit == circuit {
			list = append(list, c)
		}
	}
	return list, s.err
}

func (s *story) Events(context.Context, time.Time, time.Time, ...report.EventKind) ([]report.Event, error) {
	return append([]report.Event(nil), s.events...), s.err
}

func (s *story) Bounds(context.Context) (first, last time.Time, err error) {
	return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Time{}, s.err
}

type jsonDetail struct {
	Row      jsonRow
	From, To time.Time
	Step     float64
	Slots    []struct {
		T               time.Time
		Attempts, Calls map[string]int64
		Refused         int64
		P50, P95, P99   *float64
	}
	States []struct {
		From, To    time.Time
		State, Mode string
	}
	Transitions []transitionJSON
	Outages     []struct {
		Start  time.Time
		End    *time.Time
		Length *float64
		Cause  string
		Detect *float64
	}
	Config  []setting
	History struct{ State, Reason string }
}

// told is a rig at noon with a history in which a circuit was open from 11:20 to 11:30.
func toldRig(t *testing.T) (*rig, *story) {
	c := noon()
	at := func(ago time.Duration) time.Time { return c.now().Add(-ago) }
	cell := func(circuit string, ago time.Duration, k fault.Kind, n int64) report.Cell {
		cell := report.Cell{Circuit: circuit, Start: at(ago), Span: 10 * time.Second}
		cell.Attempts[k], cell.Calls[k], cell.Refused = n, n, 1
		if k == fault.Success {
			cell.Latency.Add(2 * time.Second)
		}
		return cell
	}
	event := func(ago time.Duration, circuit, from, to, reason string) report.Event {
		return report.Event{At: at(ago), Kind: report.CircuitEvent, Circuit: circuit, From: from, To: to, Mode: "normal", Reason: reason, Seq: uint64(ago)}
	}
	opening := event(40*time.Minute, "host/m", "closed", "open", "consecutive failures")
	opening.Why, opening.Cause, opening.Down = "5 consecutive failures (5 × 503)", "5 × 503", at(41*time.Minute)
	mode := event(10*time.Minute, "host/m", "closed", "closed", "mode set")
	mode.Mode = "observe"
	s := &story{
		cells: []report.Cell{
			cell("host", 50*time.Minute, fault.Service, 1), cell("host/m", 50*time.Minute, fault.Success, 4), cell("host/m", 50*time.Minute-10*time.Second, fault.Timeout, 2),
			cell("host/other", 50*time.Minute, fault.Quota, 8), cell("hostess/m", 50*time.Minute, fault.Quota, 16),
		},
		events: []report.Event{
			event(3*time.Hour, "host/m", "half-open", "closed", "probe succeeded"), event(2*time.Hour, "host/other", "closed", "open", "x"),
			opening, event(31*time.Minute, "host/m", "open", "half-open", "open period over"), event(30*time.Minute, "host/m", "half-open", "closed", "probe succeeded"), mode,
		},
	}
	r := newRig(t, func(cfg *Config, _ *guard.Config) {
		cfg.Past, cfg.Now = s, c.now
		cfg.Health = func() Health { return Health{State: "ok"} }
	})
	for _, model := range []string{"m", "other"} {
		r.guard.Circuits().ChildAt(c.now(), "host", model)
	}
	return r, s
}

func TestDetail(t *testing.T) {
	r, _ := toldRig(t)
	d := get[jsonDetail](r, at("host/m", "detail"))
	if d.Row.Name != "host/m" || d.Step != 30 || len(d.Slots) != 120 || d.To.Sub(d.From) != time.Hour || d.History.State != "ok" {
		t.Fatalf("%v %d %v", d.Step, len(d.Slots), d.Row)
	}
	s := d.Slots[20]
	if s.T != d.From.Add(10*time.Minute) || len(s.Attempts) != 2 || s.Attempts["success"] != 4 || s.Attempts["timeout"] != 2 || s.Calls["success"] != 4 || s.Refused != 2 || *s.P50 < 1.9 {
		t.Errorf("%+v", s)
	}
	if s := d.Slots[0]; s.Attempts == nil || len(s.Attempts) != 0 || s.P50 != nil {
		t.Errorf("%+v", s)
	}
	var states []string
	for i, p := range d.States {
		states = append(states, p.State+" "+p.Mode+" "+p.To.Sub(p.From).String())
		if i > 0 && p.From != d.States[i-1].To {
			t.Errorf("a gap before %+v", p)
		}
	}
	if got := strings.Join(states, ", "); got != "closed normal 20m0s, open normal 9m0s, half-open normal 1m0s, closed normal 20m0s, closed observe 10m0s" {
		t.Errorf("%s", got)
	}
	if n := len(d.Transitions); n != 4 || d.Transitions[0].Mode != "observe" || d.Transitions[0].Why != "mode set" || d.Transitions[3].Why != "5 consecutive failures (5 × 503)" {
		t.Errorf("%+v", d.Transitions)
	}
	if len(d.Outages) != 1 || *d.Outages[0].Length != 660 || *d.Outages[0].Detect != 60 || d.Outages[0].Cause != "5 × 503" || d.Outages[0].End == nil {
		t.Errorf("%+v", d.Outages)
	}
	for _, want := range []setting{{"policy", "classic"}, {"failure_threshold", "2"}, {"failure_rate", "off"}, {"reset_timeout", "1h0m0s"}} {
		if !slices.Contains(d.Config, want) {
			t.Errorf("%+v is not in %+v", want, d.Config)
		}
	}
	r = newRig(t, func(_ *Config, g *guard.Config) { g.Breaker = breaker.Config{} })
	r.guard.Circuits().Child("host", "m")
	d = get[jsonDetail](r, at("host/m", "detail"))
	if fmt.Sprint(d.Config) != "[{policy adaptive} {reset_timeout 2m0s} {probes 1} {probe_successes 1} {mode normal}]" {
		t.Errorf("without a threshold: %+v", d.Config)
	}
}

// Attempts are counted where they were made: the host's are those of its models.
func TestDetailOfAHost(t *testing.T) {
	r, _ := toldRig(t)
	d := get[jsonDetail](r, at("host", "detail"))
	if got := d.Slots[20].Attempts; got["service"] != 1 || got["success"] != 4 || got["quota"] != 8 || len(d.Transitions) != 0 {
		t.Errorf("%v %v", got, d.Transitions)
	}
	if len(d.States) != 1 || d.States[0].State != "closed" {
		t.Errorf("%v", d.States)
	}
}

func TestDetailOfATime(t *testing.T) {
	r, _ := toldRig(t)
	for query, want := range map[string]struct {
		step  float64
		slots int
		from  string
	}{
		"last=15m":                  {10, 90, "2026-11-26T11:45:00Z"},
		"last=6h":                   {300, 72, "2026-11-26T06:00:00Z"},
		"last=90d":                  {86400, 91, "2026-08-28T12:00:00Z"},
		"from=2026-11-26T10:00:00Z": {30, 240, "2026-11-26T10:00:00Z"},
		"from=2026-11-26T10:00:00Z&to=2026-11-26T11:00:00Z":        {30, 120, "2026-11-26T10:00:00Z"},
		"from=2026-11-26T11:00:00%2B01:00&to=2030-01-01T00:00:00Z": {30, 240, "2026-11-26T10:00:00Z"},
	} {
		d := get[jsonDetail](r, at("host/m", "detail")+"?"+query)
		if d.Step != want.step || len(d.Slots) != want.slots || d.From.UTC().Format(time.RFC3339) != want.from {
			t.Errorf("%s: %v %d %v", query, d.Step, len(d.Slots), d.From)
		}
	}
	for _, query := range []string{
		"last=x", "last=-1h", "last=0h", "last=99999d", "last=1d1x", "from=yesterday", "to=1", "from=2026-11-27T00:00:00Z",
		"from=2026-11-26T11:00:00Z&to=2026-11-26T11:00:00Z", "from=0001-01-01T00:00:00Z", "from=1000-01-01T00:00:00Z&to=1000-01-02T00:00:00Z",
	} {
		if status, body, _ := r.do("GET", at("host/m", "detail")+"?"+query, ""); status != 400 || !strings.Contains(body, "invalid_span") {
			t.Errorf("%s: %d %.200s", query, status, body)
		}
	}
}

// Without a history, and while it cannot be read, what is in memory is shown.
func TestDetailFromMemory(t *testing.T) {
	broken := &story{err: errors.New("the disk is gone")}
	for want, past := range map[string]Past{"off": nil, "degraded": broken} {
		r := newRig(t, func(c *Config, _ *guard.Config) { c.Past = past })
		r.call("m")
		r.now(503)
		r.call("m")
		r.call("m")
		d := get[jsonDetail](r, at("host/m", "detail"))
		last := d.Slots[len(d.Slots)-1]
		if before := d.Slots[len(d.Slots)-2]; len(last.Attempts) == 0 { // a minute began meanwhile
			last = before
		}
		if d.Step != 60 || last.Attempts["success"]+last.Attempts["service"] == 0 || len(d.Transitions) != 1 || len(d.Outages) != 1 || d.Outages[0].End != nil ||
			d.States[len(d.States)-1].State != "open" || d.History.State != want {
			t.Errorf("%+v", d)
		}
		status, body, _ := r.do("GET", "/report", "")
		if status != 200 || !strings.Contains(body, "host/m") {
			t.Errorf("the report: %d", status)
		}
	}
}

func TestStatesOfWhatIsNew(t *testing.T) {
	r := newRig(t)
	r.call("m")
	if err := r.guard.Circuits().Child("host", "m").SetMode(breaker.Disabled); err != nil {
		t.Fatal(err)
	}
	d := get[jsonDetail](r, at("host/m", "detail"))
	if len(d.States) != 2 || d.States[0].Mode != "normal" || d.States[1].Mode != "disabled" {
		t.Errorf("%+v", d.States)
	}
}

func TestReportPage(t *testing.T) {
	r, s := toldRig(t)
	s.cells[0].Circuit = "<img src=x onerror=alert(1)>"
	status, body, h := r.do("GET", "/report?last=7d&slo=0.99", "")
	if status != 200 || !strings.Contains(body, "99 %") || h.Get("Content-Type") != "text/html; charset=utf-8" || strings.Contains(body, "<img") {
		t.Errorf("%d %v", status, h)
	}
	_, rest, _ := strings.Cut(body, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	if csp := h.Get("Content-Security-Policy"); len(style) < 100 || !strings.Contains(csp, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s", csp)
	}
	for _, query := range []string{"slo=2", "slo=x", "slo=NaN", "slo=1", "last=x"} {
		if status, _, _ := r.do("GET", "/report?"+query, ""); status != 400 {
			t.Errorf("%s: %d", query, status)
		}
	}
}
