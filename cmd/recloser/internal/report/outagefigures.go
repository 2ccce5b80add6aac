package report

import (
	"math"
	"slices"
	"time"
)

// OutageFigures are means and sums over outages. Of all circuits together, outages
// that overlap are one.
type OutageFigures struct {
	Count         int `json:"count"`
	Ended         int `json:"ended"` // seen to recover, and of known length
	Ongoing       int `json:"ongoing"`
	Observed      int `json:"observed"`       // that refused nothing
	UnknownLength int `json:"unknown_length"` // left out of the means
	// Down is the time in the report's span in which there was an outage, no minute
	// counted twice.
	Down Seconds `json:"down_s"`
	// DownWithHost counts the outages of the circuit's host too.
	DownWithHost Seconds `json:"down_with_host_s"`
	// Up is the part of the recorded time without an outage. Null: nothing is recorded.
	Up *float64 `json:"up"`

	MTTR   *Seconds `json:"mttr_s"` // the mean length of those that Ended; null: none
	Median *Seconds `json:"median_recover_s"`
	// Longest also counts one that is not over.
	Longest *Seconds `json:"longest_s"`
	// MTBF is the recorded time without an outage ÷ Count; null: no outage.
	MTBF   *Seconds `json:"mtbf_s"`
	Detect *Seconds `json:"mean_detect_s"` // over those whose start is known; null: none
}

// clock is what the figures of outages relate to.
type clock struct {
	span interval
	gaps intervals
}

// recorded is the span without the gaps.
func (c *clock) recorded() time.Duration { return c.span.length() - c.gaps.within(c.span) }

// outageFigures takes the outages to count, and the times that a host's add.
func outageFigures(outages []Outage, host intervals, c *clock) OutageFigures {
	f := OutageFigures{Count: len(outages)}
	var times []interval
	var ended, found []time.Duration
	var longest time.Duration
	for i := range outages {
		o := &outages[i]
		times = append(times, o.interval(c.span).within(c.span))
		f.note(o)
		if o.Length != nil {
			longest = max(longest, o.Length.Duration())
			f.Longest = new(seconds(longest))
		}
		if o.Recovered && o.Length != nil {
			ended = append(ended, o.Length.Duration())
		}
		if o.Detect != nil {
			found = append(found, o.Detect.Duration())
		}
	}
	f.Ended = len(ended)
	f.MTTR, f.Median, f.Detect = mean(ended), median(ended), mean(found)
	f.downTime(union(times), host, c)
	return f
}

func (f *OutageFigures) note(o *Outage) {
	if o.Ongoing {
		f.Ongoing++
	}
	if o.Observed {
		f.Observed++
	}
	if o.Length == nil {
		f.UnknownLength++
	}
}

func (f *OutageFigures) downTime(down, host intervals, c *clock) {
	f.Down = seconds(down.within(c.span))
	f.DownWithHost = seconds(union(slices.Concat(down, host)).within(c.span))
	recorded := c.recorded()
	if recorded <= 0 {
		return
	}
	free := recorded - (down.within(c.span) - down.common(c.gaps))
	f.Up = new(tidyShare(float64(free) / float64(recorded)))
	if f.Count > 0 {
		f.MTBF = new(seconds(free / time.Duration(f.Count)))
	}
}

func tidyShare(x float64) float64 { return min(max(math.Round(x*1e9)/1e9, 0), 1) }

func mean(all []time.Duration) *Seconds {
	if len(all) == 0 {
		return nil
	}
	var sum float64
	for _, d := range all {
		sum += d.Seconds()
	}
	return new(Seconds(tidy(sum / float64(len(all)))))
}

func median(all []time.Duration) *Seconds {
	n := len(all)
	if n == 0 {
		return nil
	}
	slices.Sort(all)
	return mean(all[(n-1)/2 : n/2+1])
}

// joined are the outages of all circuits, those that overlap made one. It is over
// when the last of them is, and is observed if all were.
func joined(outages []Outage, span interval) []Outage {
	var out []Outage
	for i := range outages { // in the order of their starts
		o := outages[i]
		n := len(out)
		if n == 0 || o.Start.After(out[n-1].interval(span).to) {
			out = append(out, o)
			continue
		}
		join(&out[n-1], &o, span)
	}
	return out
}

func join(into, o *Outage, span interval) {
	into.Observed = into.Observed && o.Observed
	if o.Opened.Before(into.Opened) {
		into.Opened = o.Opened
		into.Detect = new(seconds(o.Opened.Sub(into.Start)))
	}
	if a, b := into.interval(span).to, o.interval(span).to; b.After(a) || o.Ongoing {
		into.Ongoing, into.Recovered, into.End = o.Ongoing, o.Recovered, o.End
	} else if b.Equal(a) && !into.Ongoing {
		into.Recovered = into.Recovered || o.Recovered
	}
	if into.Length != nil || o.Length != nil {
		into.Length = new(seconds(into.interval(span).length()))
	}
}
