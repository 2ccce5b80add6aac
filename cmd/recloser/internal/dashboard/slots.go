package dashboard

import (
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/internal/sketch"
)

// slot is one step of a chart.
type slot struct {
	At        instant          `json:"t"`
	Attempts  map[string]int64 `json:"attempts"` // by kind
	Calls     map[string]int64 `json:"calls"`
	Refused   int64            `json:"refused"`
	P50       *float64         `json:"p50"`
	P95       *float64         `json:"p95"`
	P99       *float64         `json:"p99"`
	Content50 *float64         `json:"ttft_p50"`
	Content95 *float64         `json:"ttft_p95"`
}

// slotsOf adds cells up, each where it begins; all steps of the span are there.
func slotsOf(cells []report.Cell, s span, step time.Duration) []slot {
	first := s.from.Truncate(step)
	n := int((s.to.Sub(first) + step - 1) / step)
	added := make([]report.Cell, n)
	for i := range cells {
		c := &cells[i]
		if at := int(c.Start.Truncate(step).Sub(first) / step); at >= 0 && at < n {
			added[at].Add(&c.Counts)
			added[at].Latency.Merge(&c.Latency)
			added[at].Content.Merge(&c.Content)
		}
	}
	list := make([]slot, n)
	for i := range added {
		list[i] = newSlot(first.Add(time.Duration(i)*step), &added[i].Counts, &added[i].Latency, &added[i].Content)
	}
	return list
}

func newSlot(at time.Time, c *report.Counts, latency, content *sketch.Sketch) slot {
	return slot{
		At: instant(at), Attempts: byKind(&c.Attempts), Calls: byKind(&c.Calls), Refused: c.Refused,
		P50: quantile(latency, 0.5), P95: quantile(latency, 0.95), P99: quantile(latency, 0.99),
		Content50: quantile(content, 0.5), Content95: quantile(content, 0.95),
	}
}

func byKind(k *report.Kinds) map[string]int64 {
	m := make(map[string]int64)
	for kind, n := range k {
		if n != 0 {
			m[fault.Kind(kind).String()] = n //nolint:gosec // there are few
		}
	}
	return m
}
