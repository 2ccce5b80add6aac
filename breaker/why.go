package breaker

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// trip is why a circuit opened last. A failed probe does not change it.
type trip struct {
	at       instant
	reason   Reason
	evidence Evidence
}

// Why explains in one sentence, for people, where the circuit stands and what
// happens next: "opened 14:03:07: 5 consecutive failures (3 × 503, 2 ×
// timeout); next probe in 7s (3rd open period, 8s)". Clock times are local.
func (b *Breaker) Why() string { return b.why(b.now()) }

// WhyAt is Why at the instant now, in its time zone.
func (b *Breaker) WhyAt(now time.Time) string { return b.whyIn(b.at(now), now.Location()) }

func (b *Breaker) why(t instant) string { return b.whyIn(t, time.Local) }

func (b *Breaker) whyIn(t instant, zone *time.Location) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	clock := func(at instant) string { return b.time(at).In(zone).Format(time.TimeOnly) }
	var parts []string
	switch b.mode {
	case ForcedOpen:
		parts = append(parts, "forced open by an operator")
	case Disabled:
		parts = append(parts, "disabled by an operator")
	case Observe:
		parts = append(parts, "observed only, refuses nothing")
	case Normal:
	}
	if b.common.bypass.Load() {
		parts = append(parts, "bypassed, refuses nothing")
	}
	opened := "opened " + clock(b.trip.at) + ": " + b.trip.reason.text(b.trip.evidence)
	switch b.state {
	case Closed:
		parts = append(parts, "closed since "+clock(b.since))
		if n := b.metrics().Ramp; n > 0 {
			parts = append(parts, fmt.Sprintf("letting calls back in: %d of %d out", b.rampOut(t), n))
		}
	case Open:
		parts = append(parts, opened, b.nextProbeText(t))
	case HalfOpen:
		parts = append(parts, opened, plural(len(b.probes), "probe")+" out since "+clock(b.since))
	}
	if why := b.policy.Why(b.view(t)); why != "" {
		parts = append(parts, why)
	}
	return strings.Join(parts, "; ")
}

func (b *Breaker) nextProbeText(t instant) string {
	period := round(time.Duration(b.until - b.since))
	which := fmt.Sprintf("(%s open period, %v)", ordinal(b.openings), period)
	if t >= b.until {
		return "probe due " + which
	}
	return fmt.Sprintf("next probe in %v %s", round(time.Duration(b.until-t)), which)
}

// round makes a duration readable: whole seconds, or a tenth below ten.
func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

func ordinal(n int) string {
	suffix := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n, suffix)
}

// causes counts the causes of the failures in the run, the commonest first.
func (b *Breaker) causes() string {
	return countCauses(b.latest[max(len(b.latest)-b.run.failures, 0):])
}

func countCauses(run []FailedCall) string {
	count := make(map[string]int)
	for _, f := range run {
		if f.Cause != "" {
			count[f.Cause]++
		}
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(count[b]-count[a], strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%d × %s", count[name], name)
	}
	return strings.Join(names, ", ")
}

// rampOut is how many calls are out that a ramp counts.
func (b *Breaker) rampOut(t instant) int {
	if b.ramp != nil {
		return b.ramp.out
	}
	return b.out(b.rampFrom(t))
}
