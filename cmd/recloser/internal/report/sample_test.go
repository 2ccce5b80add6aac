package report_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
)

// at is a moment of the invented histories, from their first midnight on.
func at(d time.Duration) time.Time {
	return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(d)
}

// turn is a circuit's transition.
func turn(d time.Duration, circuit, from, to string) report.Event {
	return report.Event{At: at(d), Kind: report.CircuitEvent, Circuit: circuit, From: from, To: to, Mode: "normal"}
}

func opening(d time.Duration, circuit, cause string, after time.Duration) report.Event {
	e := turn(d, circuit, "closed", "open")
	e.Cause, e.Reason, e.Down = cause, "consecutive failures", at(d-after)
	return e
}

// month is a history of thirty days as a team may have it: two models at one host,
// an outage of each, one of the host, a rate limit, a quota that ran out, a night in
// which the process did not run.
func month() report.Input {
	luck := rand.New(rand.NewPCG(7, 7))
	in := report.Input{From: at(0), To: at(30 * 24 * time.Hour), SLO: 0.999, Lost: 2}
	models := []string{"api.openai.com/gpt-4o", "api.openai.com/gpt-4o-mini-2024-07-18", "llm.internal/llama-3.3-70b"}
	for h := range 30 * 24 {
		if h >= 500 && h < 509 {
			continue
		}
		for i, model := range models {
			in.Cells = append(in.Cells, hour(luck, model, h, i))
		}
	}
	gpt := models[0]
	start := report.Event{At: at(509 * time.Hour), Kind: report.StartEvent}
	stop := report.Event{At: at(500 * time.Hour), Kind: report.StopEvent}
	observed := opening(290*time.Hour, models[2], "8 × connection refused", 40*time.Second)
	observed.Mode = "observe"
	closed := turn(293*time.Hour+10*time.Minute, models[2], "half-open", "closed")
	closed.Mode = "observe"
	forced := turn(600*time.Hour, gpt, "closed", "closed")
	forced.Mode = "forced-open"
	again := turn(600*time.Hour+45*time.Minute, gpt, "closed", "closed")
	in.Events = []report.Event{
		opening(101*time.Hour+4*time.Minute, gpt, "3 × 503, 2 × timeout", 9*time.Second),
		turn(101*time.Hour+5*time.Minute, gpt, "open", "half-open"),
		turn(101*time.Hour+5*time.Minute, gpt, "half-open", "open"),
		turn(101*time.Hour+46*time.Minute, gpt, "open", "half-open"),
		turn(101*time.Hour+46*time.Minute, gpt, "half-open", "closed"),
		gateTurn(200*time.Hour, "k1-3f9a", models[1], "closed", "rate limit", 18*time.Second),
		gateTurn(200*time.Hour+20*time.Second, "k1-3f9a", models[1], "open", "wait over", 0),
		gateTurn(215*time.Hour, "k2-77b0", models[1], "parked", "quota exhausted", time.Minute),
		gateTurn(231*time.Hour, "k2-77b0", models[1], "open", "test call answered", 0),
		observed, closed,
		opening(340*time.Hour, "api.openai.com", "5 × connection reset", 2*time.Second),
		opening(340*time.Hour+10*time.Minute, gpt, "5 × timeout", 30*time.Second),
		turn(340*time.Hour+25*time.Minute, "api.openai.com", "half-open", "closed"),
		turn(340*time.Hour+31*time.Minute, gpt, "half-open", "closed"),
		stop, start, forced, again,
		opening(719*time.Hour+30*time.Minute, models[1], "5 × 500", 3*time.Second),
	}
	return in
}

func gateTurn(d time.Duration, key, model, to, reason string, until time.Duration) report.Event {
	e := report.Event{At: at(d), Kind: report.GateEvent, Key: key, Circuit: model, To: to, Reason: reason}
	if until > 0 {
		e.Until = at(d + until)
	}
	return e
}

// hour is a cell with a day's cycle, and trouble in the hours of the outages.
func hour(luck *rand.Rand, model string, h, which int) report.Cell {
	c := report.Cell{Circuit: model, Start: at(time.Duration(h) * time.Hour), Span: time.Hour}
	n := int64(40+30*math.Sin(float64(h%24)/24*2*math.Pi-2)) * int64(3-which)
	c.Calls[fault.Success], c.Attempts[fault.Success] = n, n
	if luck.IntN(40) == 0 {
		c.Attempts[fault.Service], c.Retries, c.ByRetry = 1, 1, 1
	}
	if luck.IntN(200) == 0 {
		c.Attempts[fault.Timeout], c.Calls[fault.Timeout] = 1, 1
	}
	if luck.IntN(90) == 0 {
		c.Calls[fault.Caller], c.Attempts[fault.Caller], c.Calls[fault.Cancelled] = 2, 2, 1
	}
	slow := 1.0
	switch {
	case h == 101 && which == 0, h == 340 && which < 2, h == 719 && which == 1, h/3 == 97 && which == 2:
		c.Calls[fault.Success], c.Attempts[fault.Success] = n/4, n/4+n/8
		c.Calls[fault.Service], c.Calls[fault.Timeout], c.Refused = n/8, 2, n-n/4-n/8-2
		c.Attempts[fault.Service], c.Attempts[fault.Timeout], c.Retries = n/4+n/8, 3, n/8
		c.ByFallback, c.Fallbacks, c.SavedTokens = n/8, n/8, c.Refused*850
		slow = 6
	case h/24 == 8 && which == 1:
		c.Calls[fault.RateLimit], c.Attempts[fault.RateLimit] = n/6, n/2
	}
	for range c.Attempts[fault.Success] {
		d := time.Duration(slow * math.Exp(luck.NormFloat64()/2+0.2*float64(which)) * float64(time.Second))
		c.Latency.Add(d)
		c.Content.Add(d / 4)
	}
	c.InputTokens, c.OutputTokens = 850*n, 210*n
	return c
}

// hostile are names that somebody may have chosen to do harm.
func hostile() []string {
	long := make([]byte, 10_000)
	for i := range long {
		long[i] = 'a' + byte(i%26)
	}
	return []string{
		`<img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`, `</title></style></svg><b>`,
		"\u202egpt\u202c", "نموذج/عربي", "🦙👩‍🔬/llama", "a\x1b[31mred\x07\r\n\tb", "\xff\xfe\x00", string(long), "", "/", "日本語モデル名前長い長い長い長い長い長い長い/x",
		`javascript:alert(1)`, `{{.Span}}`, `' style='x`, fmt.Sprintf("%%s%c", 0),
	}
}
