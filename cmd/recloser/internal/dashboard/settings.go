package dashboard

import (
	"strconv"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
)

// setting is one value of a circuit's configuration, by its name in the file.
type setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// settings are those in force at a circuit, overrides included.
func (d *Dashboard) settings(b *breaker.Breaker) []setting {
	c := b.Config()
	policy := d.cfg.Guard.Policy(b)
	list := []setting{{"policy", policy.String()}}
	if policy == guard.Classic {
		list = append(list, thresholds(c)...)
	}
	list = append(list,
		setting{"reset_timeout", length(c.ResetTimeout)},
		setting{"probes", wholeText(c.Probes)},
		setting{"probe_successes", wholeText(c.ProbeSuccesses)},
		setting{"mode", c.Mode.String()},
	)
	if u, ok := d.cfg.Guard.Usage(b); ok {
		list = append(list, setting{"max_in_flight", wholeText(u.MaxInFlight)})
	}
	return list
}

// thresholds are what only the policy has that goes by them.
func thresholds(c breaker.Config) []setting {
	return []setting{
		{"failure_threshold", wholeText(c.FailureThreshold)},
		{"failure_span", length(c.FailureSpan)},
		{"failure_rate", share(c.FailureRate)},
		{"slow_rate", share(c.SlowRate)},
		{"slow_after", length(c.SlowAfter)},
		{"rate_window", length(c.RateWindow)},
		{"rate_min_calls", wholeText(c.RateMinCalls)},
		{"base_timeout", length(c.BaseTimeout)},
		{"stall_after", length(c.StallAfter)},
		{"probe_lease", length(c.ProbeLease)},
		{"ramp", map[bool]string{true: "on", false: off}[c.Ramp]},
	}
}

const off = "off"

func wholeText(n int) string {
	if n <= 0 {
		return off
	}
	return strconv.Itoa(n)
}

func length(d time.Duration) string {
	if d <= 0 {
		return off
	}
	return d.String()
}

func share(x float64) string {
	if x <= 0 {
		return off
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
