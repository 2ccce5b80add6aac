package dashboard

import (
	"math"
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/internal/sketch"
)

// figures are those of a circuit at a moment.
type figures struct {
	Rate        float64  `json:"rate"`         // attempts a second, in the last minute
	FailureRate *float64 `json:"failure_rate"` // of them; null: there were none
	RefusedRate float64  `json:"refused_rate"` // calls a second
	P50         *float64 `json:"p50"`          // seconds, in the last five minutes
	P95         *float64 `json:"p95"`
	P99         *float64 `json:"p99"`
	Content50   *float64 `json:"ttft_p50"`
	Content95   *float64 `json:"ttft_p95"`

	ribbon [hourSlots]string
	active bool // in the last hour, so that the figures change by time alone
}

// sums are what figures are made of. One can be used again and again.
type sums struct {
	fine             fineSlot
	minutes          [hourSlots]minuteSlot // the oldest first
	latency, content sketch.Sketch
}

func (s *sums) reset() {
	s.latency.Reset()
	s.content.Reset()
	*s = sums{latency: s.latency, content: s.content}
}

// figures returns those of a circuit; with that of an upstream, of all its models.
func (m *meter) figures(name string, now time.Time, s *sums) figures {
	s.reset()
	for i, c := range m.family(name) {
		c.addTo(s, now.Unix(), i == 0)
	}
	return s.figures(now)
}

// addTo adds what is not too old. own: the circuit's state counts too.
func (c *cells) addTo(s *sums, now int64, own bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.fine {
		if f := &c.fine[i]; f.at > now/fineSpan-fineSlots && f.at <= now/fineSpan {
			s.fine.attempts += f.attempts
			s.fine.judged += f.judged
			s.fine.bad += f.bad
			s.fine.out += f.out
		}
	}
	oldest := now/minuteSpan - hourSlots + 1
	for i := range c.minutes {
		if m := &c.minutes[i]; m.at >= oldest && m.at < oldest+hourSlots {
			to := &s.minutes[m.at-oldest]
			to.Add(&m.Counts)
			to.open = to.open || own && (m.open || m.Refused > 0)
		}
	}
	if own && c.open {
		for n := max(c.since/minuteSpan, oldest); n < oldest+hourSlots; n++ {
			s.minutes[n-oldest].open = true
		}
	}
	for i := range c.times {
		if t := &c.times[i]; t.at > now/minuteSpan-timeSlots && t.at <= now/minuteSpan {
			s.latency.Merge(&t.latency)
			s.content.Merge(&t.content)
		}
	}
}

func (s *sums) figures(now time.Time) figures {
	// The last slot has not lasted as long as the others.
	begun := now.Unix()%fineSpan*int64(time.Second) + int64(now.Nanosecond())
	span := (time.Duration(begun) + (fineSlots-1)*fineSpan*time.Second).Seconds()
	f := figures{
		Rate: round(float64(s.fine.attempts) / span), RefusedRate: round(float64(s.fine.out) / span),
		P50: quantile(&s.latency, 0.5), P95: quantile(&s.latency, 0.95), P99: quantile(&s.latency, 0.99),
		Content50: quantile(&s.content, 0.5), Content95: quantile(&s.content, 0.95),
	}
	if s.fine.judged > 0 {
		f.FailureRate = new(round(float64(s.fine.bad) / float64(s.fine.judged)))
	}
	for i := range s.minutes {
		f.ribbon[i] = s.minutes[i].colour()
		f.active = f.active || f.ribbon[i] != ""
	}
	return f
}

// colour is what a minute looks like in a ribbon.
func (m *minuteSlot) colour() string {
	var all, judgedOnes, badOnes int64
	for k, n := range m.Attempts {
		kind := fault.Kind(k) //nolint:gosec // there are few
		all += n
		if judged(kind) {
			judgedOnes += n
		}
		if bad(kind) {
			badOnes += n
		}
	}
	switch {
	case m.open:
		return "open"
	case badOnes > 0 && 2*badOnes >= judgedOnes:
		return "bad"
	case badOnes > 0:
		return "some"
	case all > 0:
		return "ok"
	}
	return ""
}

func quantile(s *sketch.Sketch, q float64) *float64 {
	if s.Count() == 0 {
		return nil
	}
	return new(round(s.Quantile(q).Seconds()))
}

// round leaves away what nobody reads.
func round(x float64) float64 { return math.Round(x*10_000) / 10_000 }
