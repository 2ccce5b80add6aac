package gate_test

import (
	"math"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/recloser/recloser/gate"
)

func TestParseReset(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"6m0s": 6 * time.Minute, "120ms": 120 * time.Millisecond, "12ms": 12 * time.Millisecond, "1s": time.Second,
		"50.529s": 50529 * time.Millisecond, "1h2m3s": time.Hour + 2*time.Minute + 3*time.Second, " 2s ": 2 * time.Second,
		"55": 55 * time.Second, "0.5": 500 * time.Millisecond, "5.": 5 * time.Second, "1e1": 10 * time.Second, "0": 0, "0s": 0, "-1": 0, "-3s": 0,
		"": 0, "soon": 0, "NaN": 0, "Inf": 0, "1e300": 0, "6m 0s": 0, "99999999999999999999s": 0,
	} {
		if got := gate.ParseReset(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func TestReadLimits(t *testing.T) {
	type h map[string]string
	for _, row := range []struct {
		name             string
		h                h
		requests, tokens gate.Limit
	}{
		{"none", h{}, gate.Limit{}, gate.Limit{}},
		{"as documented", h{
			"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s",
			"x-ratelimit-limit-tokens": "150000", "x-ratelimit-remaining-tokens": "149984", "x-ratelimit-reset-tokens": "6m0s",
		}, gate.Limit{Limit: 60, Remaining: 59, Reset: time.Second}, gate.Limit{Limit: 150000, Remaining: 149984, Reset: 6 * time.Minute}},
		{"a slower limit of the project", h{
			"x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "500", "x-ratelimit-reset-tokens": "30s",
			"x-ratelimit-limit-project-tokens": "100", "x-ratelimit-remaining-project-tokens": "50", "x-ratelimit-reset-project-tokens": "30s",
		}, gate.Limit{}, gate.Limit{Limit: 100, Remaining: 50, Reset: 30 * time.Second}},
		{"a quicker one", h{
			"x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "500", "x-ratelimit-reset-tokens": "30s",
			"x-ratelimit-limit-tokens_usage_based": "100000", "x-ratelimit-remaining-tokens_usage_based": "50", "x-ratelimit-reset-tokens_usage_based": "30s",
		}, gate.Limit{}, gate.Limit{Limit: 1000, Remaining: 500, Reset: 30 * time.Second}},
		{"Azure: unknown, and bare seconds", h{
			"x-ratelimit-limit-requests": "-1", "x-ratelimit-remaining-requests": "-1", "x-ratelimit-reset-requests": "55",
			"x-ratelimit-limit-tokens": "30000", "x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "55",
		}, gate.Limit{}, gate.Limit{Limit: 30000, Remaining: -1, Reset: 55 * time.Second}},
		{"nonsense", h{
			"x-ratelimit-limit-requests": "many", "x-ratelimit-limit-tokens": "10", "x-ratelimit-remaining-tokens": "some", "x-ratelimit-reset-tokens": "soon",
		}, gate.Limit{}, gate.Limit{Limit: 10, Remaining: -1}},
	} {
		requests, tokens := gate.ReadLimits(func(name string) string { return row.h[strings.ToLower(name)] })
		if requests != row.requests || tokens != row.tokens {
			t.Errorf("%s: %+v %+v, want %+v %+v", row.name, requests, tokens, row.requests, row.tokens)
		}
	}
}

// An answer's headers are read each time, so that must cost little. http.Header
// gets as textproto.MIMEHeader does, and this package is to know nothing of HTTP.
func TestReadLimitsAllocatesNothing(t *testing.T) {
	all := textproto.MIMEHeader{"Content-Type": {"application/json"}}
	gate.ReadLimits(func(name string) string {
		if textproto.CanonicalMIMEHeaderKey(name) != name {
			t.Errorf("%s is not in canonical form", name)
		}
		value := "60"
		if strings.Contains(name, "Reset") {
			value = "6m0.5s"
		}
		all[name] = []string{value}
		return value
	})
	if len(all) != 13 {
		t.Errorf("%d headers were asked for, want 12", len(all)-1)
	}
	azure := textproto.MIMEHeader{
		"X-Ratelimit-Limit-Requests": {"-1"}, "X-Ratelimit-Limit-Tokens": {"30000"}, "X-Ratelimit-Remaining-Tokens": {"-1"}, "X-Ratelimit-Reset-Tokens": {"55"},
	}
	for name, h := range map[string]textproto.MIMEHeader{"none": {"Content-Type": {"application/json"}}, "all": all, "Azure": azure} {
		if n := testing.AllocsPerRun(100, func() { gate.ReadLimits(h.Get) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	for _, s := range []string{"", "6m0s", "120ms", "50.529s", "55", "0.5"} {
		if n := testing.AllocsPerRun(100, func() { gate.ParseReset(s) }); n != 0 {
			t.Errorf("%q: %v allocations", s, n)
		}
	}
}

func TestScarceIsLessThanATenth(t *testing.T) {
	for _, row := range []struct {
		l    gate.Limit
		want bool
	}{
		{gate.Limit{}, false},
		{gate.Limit{Limit: 60, Remaining: 6, Reset: time.Second}, false},
		{gate.Limit{Limit: 60, Remaining: 5, Reset: time.Second}, true},
		{gate.Limit{Limit: 60, Remaining: 0, Reset: time.Second}, true},
		{gate.Limit{Limit: 60, Remaining: -1, Reset: time.Second}, false}, // not known
		{gate.Limit{Limit: 60, Remaining: 5}, false},                      // nor this
	} {
		if got := row.l.Scarce(); got != row.want {
			t.Errorf("%+v: %v", row.l, got)
		}
	}
}

// Whatever a service says, a gate closes for at most MaxClosed, keeps numbers that
// are numbers, and opens again.
func FuzzReport(f *testing.F) {
	f.Add("60", "0", "1s", "150000", "3", "6m0s", int64(1000), int64(0), uint8(2), uint16(1000))
	f.Add("60", "1", "1s", "", "", "", int64(0), int64(0), uint8(1), uint16(1))
	f.Add("", "", "", "", "", "", int64(0), int64(math.MaxInt64), uint8(4), uint16(0))
	f.Add("9223372036854775807", "9223372036854775806", "2562047h", "-1", "-1", "0.000000001", int64(math.MinInt64), int64(-1), uint8(3), uint16(60000))
	f.Fuzz(func(t *testing.T, rl, rr, rs, tl, tr, ts string, needed, retry int64, kind uint8, ms uint16) {
		h := map[string]string{
			"x-ratelimit-limit-requests": rl, "x-ratelimit-remaining-requests": rr, "x-ratelimit-reset-requests": rs,
			"x-ratelimit-limit-tokens": tl, "x-ratelimit-remaining-tokens": tr, "x-ratelimit-reset-tokens": ts,
		}
		r := gate.Report{RetryAfter: time.Duration(retry), Needed: needed}
		r.Requests, r.Tokens = gate.ReadLimits(func(name string) string { return h[strings.ToLower(name)] })
		g, err := gate.NewAt(start(), "key", "gpt", gate.Config{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		now := start()
		for i := range 6 {
			r.Kind = gate.Kind((int(kind) + i*i) % 7)
			r.Begun = now.Add(-time.Duration(ms) * time.Millisecond)
			g.ReportAt(now, r)
			_ = g.AllowAt(now)
			m := g.MetricsAt(now)
			if m.State == gate.Closed && m.Until.Sub(now) > time.Minute || m.State == gate.Parked && m.Until.Sub(now) > time.Hour {
				t.Fatalf("%v until %v", m.State, m.Until.Sub(now))
			}
			if !(m.Rate >= 0 && m.Asked >= 0 && m.Answered >= 0) || math.IsInf(m.Rate+m.Asked+m.Answered, 0) {
				t.Fatalf("%+v", m)
			}
			if s := g.SnapshotAt(now); g.RestoreAt(now, s) != nil {
				t.Fatalf("its own snapshot does not fit: %+v", s)
			}
			if tk, err := g.WaitAt(now, time.Time{}); tk != nil {
				if wait, err := tk.TurnAt(now); wait <= 0 && err == nil && m.State == gate.Closed {
					t.Fatal("closed, and lets through")
				}
				tk.LeaveAt(now)
			} else if err == nil && m.State == gate.Closed {
				t.Fatal("closed, and lets through")
			}
			now = now.Add(time.Duration(ms) * time.Millisecond)
		}
		now = now.Add(2 * time.Hour)
		if err := g.AllowAt(now); err != nil {
			t.Fatalf("two hours later: %v, %+v", err, g.MetricsAt(now))
		}
	})
}
