package report

import (
	"fmt"
	"time"

	"github.com/recloser/recloser/internal/sketch"
)

// notes say what the figures mean, and what they lack.
func (r *Report) notes(cells []*Cell) []string {
	notes := []string{}
	add := func(is bool, text string) {
		if is {
			notes = append(notes, text)
		}
	}
	t := &r.Total
	add(len(cells) > 0, "Availability as users saw it: calls answered, of all calls, those refused included. The caller's own mistakes and cancelled calls do not count.")
	add(len(cells) > 0, "Availability as the upstream gave it: attempts that succeeded, of those and its failures (service, overload, timeout). Rate limits, exhausted quota, the caller's mistakes and cancelled attempts are none of its failures.")
	add(t.Outages.Count > 0, "An outage lasts from the first failure of the run that opened the circuit, where that is known, until the circuit closes. It was found when the circuit opened. Time to recover is its length; MTTR is the mean over those that were seen to recover. MTBF is the recorded time without an outage, divided by the number of outages.")
	add(t.Outages.Count > 0, "In the total, outages of several circuits at the same time are one, and no minute counts twice.")
	add(t.Refused > 0, "Attempts not sent are estimated: a refused call would have made one attempt, and as many retries as calls of its circuit made on average while the service failed. Request tokens not sent are an estimate of the refused requests' size.")
	add(t.Latency.Count > 0, fmt.Sprintf("Latency is that of attempts that succeeded. Quantiles are within %.1f %%.", 100*sketch.RelativeError))
	return append(notes, r.lacks(cells)...)
}

func (r *Report) lacks(cells []*Cell) []string {
	var notes []string
	if len(r.Gaps) > 0 {
		notes = append(notes, fmt.Sprintf("%s of %s are not recorded, as Recloser did not run: nothing is known of them.",
			lengthOf(r.Span-r.Recorded), inWords(r.Span)))
	}
	if r.Lost > 0 {
		notes = append(notes, fmt.Sprintf("%s of counts were lost before they were recorded: the true counts are higher.",
			many(r.Lost, "roll-up")))
	}
	for _, c := range cells {
		if c.Span > time.Hour {
			notes = append(notes, "The oldest figures are kept by the day only: hours that stand out are sought in the rest.")
			break
		}
	}
	return notes
}
