package config

import (
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
)

func circuitOption(name, def, usage string, o option) option {
	o.Name, o.Path, o.Group, o.Default, o.Usage = name, "breaker."+snake(name), groupCircuit, def, usage
	return varies(o)
}

// adaptiveOptions set up the policy that learns. They are the same for all calls.
func adaptiveOptions() []option {
	set := func(name, def, usage string, o option) option {
		o = circuitOption("adaptive-"+name, def, "adaptive: "+usage, o)
		o.Varies, o.Policy = false, guard.Adaptive
		return o
	}
	a := func(c *Serve) *breaker.AdaptiveConfig { return &c.Guard.Adaptive }
	return []option{
		set("odds", "10000000", "how unlikely a row of failures must be at the failure rate of before to open a circuit, 1 in so many; a hundredth of that opens one failure sooner",
			whole(10, 1_000_000_000_000_000, "", func(c *Serve, n int) { a(c).Odds = float64(n) })),
		set("failure-cost", "0.25", "what a failed attempt costs, in requests that are not answered; four times as much probes half as often",
			number(0.001, 1000, func(c *Serve) *float64 { return &a(c).FailureCost })),
		set("waiting-cost", "0.02", "what each second costs that a user waits in vain, in requests that are not answered",
			number(1e-6, 1000, func(c *Serve) *float64 { return &a(c).WaitingCost })),
		set("quota-run", off, "answers of 429 in a row, with none of another kind between them, that open a circuit for all keys; or off: rate limits are the gates' affair",
			wholeOrOff(1, 1_000_000, func(c *Serve, n int) { a(c).QuotaRun = n })),
	}
}

// classicOptions are the thresholds, and what else only the policy has that goes by
// them.
func classicOptions() []option {
	set := func(name, def, usage string, o option) option {
		o = circuitOption(name, def, "classic: "+usage, o)
		o.Policy = guard.Classic
		return o
	}
	b := func(c *Serve) *breaker.Config { return &c.Guard.Breaker }
	return []option{
		set("failure-threshold", "5", "consecutive failures that open a circuit; or off",
			wholeOrOff(1, 1_000_000, func(c *Serve, n int) { b(c).FailureThreshold = n })),
		set("failure-span", off, "the longest time that those failures may be spread over; or off: any",
			periodOrOff(func(c *Serve) *time.Duration { return &b(c).FailureSpan })),
		set("failure-rate", off, "share of failed calls that opens a circuit, such as 0.5; or off",
			share(func(c *Serve) *float64 { return &b(c).FailureRate })),
		set("slow-rate", off, "share of slow calls that opens a circuit, such as 0.5; or off; it needs slow-after",
			share(func(c *Serve) *float64 { return &b(c).SlowRate })),
		set("slow-after", off, "a call that took longer than this is slow; or off",
			periodOrZero(func(c *Serve) *time.Duration { return &b(c).SlowAfter })),
		set("rate-window", "10s", "the time that both rates look back",
			period(day, func(c *Serve) *time.Duration { return &b(c).RateWindow })),
		set("rate-min-calls", "20", "calls that must have ended within that time before rates say anything",
			whole(1, 1_000_000, "", func(c *Serve, n int) { b(c).RateMinCalls = n })),
		set("base-timeout", "1s", "the n-th open period in a row lasts 2^(n-1) times this, and up to one more of it at random",
			period(day, func(c *Serve) *time.Duration { return &b(c).BaseTimeout })),
		set("probe-lease", "30s", "how long a probe may hold back the next one",
			period(day, func(c *Serve) *time.Duration { return &b(c).ProbeLease })),
		set("ramp", off, "on: let calls back in step by step after a circuit has closed",
			toggle(func(c *Serve, on bool) { b(c).Ramp = on })),
	}
}
