package report

import "time"

// Seconds is a length of time as the reports write it.
type Seconds float64

func seconds(d time.Duration) Seconds { return Seconds(d.Round(time.Microsecond).Seconds()) }

// Duration is s as Go counts time, to the microsecond.
func (s Seconds) Duration() time.Duration {
	return time.Duration(float64(s)*1e6) * time.Microsecond
}

// Period is a time that began and perhaps ended.
type Period struct {
	Start time.Time  `json:"start"` // may lie before the report
	End   *time.Time `json:"end"`   // null: still so at the report's end
	// Length is from Start to End, or up to the report's end; null: not known.
	Length *Seconds `json:"length_s"`
	InSpan Seconds  `json:"in_span_s"` // the part that lies in the report's span
}

// newPeriod is of a time that is over, or not if end is zero.
func newPeriod(start, end time.Time, span interval) Period {
	p := Period{Start: start.UTC()}
	if !end.IsZero() {
		p.End = new(end.UTC())
	}
	i := p.interval(span)
	p.Length = new(seconds(i.length()))
	p.InSpan = seconds(i.within(span).length())
	return p
}

// interval is the whole of it, as far as the report sees.
func (p Period) interval(span interval) interval {
	if p.End != nil {
		return interval{p.Start, later(p.Start, *p.End)}
	}
	return interval{p.Start, later(p.Start, span.to)}
}

// touches reports whether any of the period lies in the span. One without a length
// does if its moment does.
func (p Period) touches(span interval) bool {
	return !p.Start.After(span.to) && (p.End == nil || p.End.After(span.from) ||
		p.End.Equal(span.from) && p.Start.Equal(span.from))
}
