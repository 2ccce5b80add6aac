package breaker

import (
	"errors"
	"math"
	"time"
)

// AdaptiveConfig sets up [Adaptive]. The zero value is usable; each field says
// what its zero means. Nothing in it is about how fast, how busy or how reliable
// the service is: that is learned.
type AdaptiveConfig struct {
	// Odds is how unlikely a row of failures must be, at the failure rate of before,
	// to open the circuit: 1 in so many. Zero means 10 million; a hundredth of
	// that opens one failure sooner, and on short clusters of errors too.
	Odds float64

	// FailureCost is what a failed attempt costs, in requests that are not
	// answered: load, money, noise. Zero means 0.25; four times as much probes half
	// as often.
	FailureCost float64

	// WaitingCost is what a second costs that a user waits in vain, in requests that
	// are not answered. Zero means 0.02, Off nothing.
	WaitingCost float64

	// MaxProbeWait is the longest time from one probe to the next, and so bounds how
	// late a recovery is noticed. Zero means 120 s. Config.ResetTimeout,
	// where it is set, wins.
	MaxProbeWait time.Duration

	// QuotaRun is after how many answers of 429 in a row, and none of another kind
	// between them, the circuit opens. Zero means 10, Off never.
	QuotaRun int
}

// Validate returns an error for every field that cannot be used, joined; each
// is a *ConfigError.
func (c AdaptiveConfig) Validate() error {
	var errs fieldErrors
	number := func(field string, x, least, most float64, zero string) {
		if x != 0 && !(x >= least && x <= most) { // so that NaN is wrong too
			errs.add("AdaptiveConfig."+field, x, "%v to %v, or 0 for %s", least, most, zero)
		}
	}
	number("Odds", c.Odds, 10, 1e15, "10 million")
	number("FailureCost", c.FailureCost, 0.001, 1000, "0.25")
	if c.WaitingCost != Off {
		number("WaitingCost", c.WaitingCost, 1e-6, 1000, "0.02")
	}
	if d := c.MaxProbeWait; d != 0 && (d < shortestWait || d > maxDuration) {
		errs.add("AdaptiveConfig.MaxProbeWait", d, "%v to %v, or 0 for 2m0s", shortestWait, maxDuration)
	}
	if c.QuotaRun != Off {
		errs.number("AdaptiveConfig.QuotaRun", c.QuotaRun, maxThreshold, 10)
	}
	return errors.Join(errs...)
}

// shortestWait is the least time from one probe to the next.
const shortestWait = 250 * time.Millisecond

// withDefaults fills in what zero values stand for, and Off.
func (c AdaptiveConfig) withDefaults() AdaptiveConfig {
	number := func(x *float64, zero float64) {
		switch *x {
		case 0:
			*x = zero
		case Off:
			*x = 0
		}
	}
	number(&c.Odds, 1e7)
	number(&c.FailureCost, 0.25)
	number(&c.WaitingCost, 0.02)
	if c.MaxProbeWait == 0 {
		c.MaxProbeWait = 120 * time.Second
	}
	switch c.QuotaRun {
	case 0:
		c.QuotaRun = 10
	case Off:
		c.QuotaRun = 0
	}
	return c
}

// Adaptive makes the policies of circuits, for Config.NewPolicy, that learn how
// the service usually is. Such a policy opens when a row of failures is too
// unlikely at the failure rate of before, calls that hang included; when sending
// costs more than it brings; or when nothing but 429 comes back. It probes the
// more seldom the longer an outage has lasted and the fewer calls it holds up,
// and lets calls back in as fast as they are answered. If it is a parent's, the
// parent judges the calls of all its children, and explains their failures.
//
// What is wrong with the configuration is reported where it is used, by New
// or [Config.Validate].
func Adaptive(cfg AdaptiveConfig) func() Policy {
	full := cfg.withDefaults()
	return func() Policy {
		return &adaptive{
			given: cfg, AdaptiveConfig: full,
			learned: learned{Usual: leastUsual, Took: 0.5},
		}
	}
}

// adaptive is the policy that Adaptive makes.
type adaptive struct {
	given AdaptiveConfig // as it was given
	AdaptiveConfig
	learned

	at       time.Time // when the policy was last told anything
	answered int64     // of View.Totals, then
	askedAt  time.Time // when the demand was last measured
	asked    int64     // begun and refused, then

	run      []FailedCall // since the newest answer, in the order of their ends
	owed     int          // failures that were too many or too old for the run, not learned yet
	retryAt  time.Time    // until then the service wants to be left alone
	halved   time.Time    // when a failure last halved the ramp
	refusals int64        // of View.Totals, when the last probe began
}

const (
	runSize     = 40              // failures in the run, the latest
	runSpan     = 5 * time.Minute // the oldest of them
	knownAfter  = 20              // answers: before, their times are not known
	mostlyQuick = 0.2             // share of hangs below which what has been out for long probably lives
)

// Needs asks for answer times, and all calls of children.
func (p *adaptive) Needs() Needs {
	return Needs{Run: runSize, AnswerTimes: true, EveryCall: true, OwnStalls: true, ResetTimeout: p.MaxProbeWait}
}

// Validate names the fields that cannot be used.
func (p *adaptive) Validate() error { return p.given.Validate() }

// Judge learns from what happened, and applies the rules.
func (p *adaptive) Judge(v *View, e Event) (d Decision) {
	if e.Kind == Started {
		p.start(v)
	} else {
		p.fold(v)
	}
	state, _ := v.State()
	switch e.Kind {
	case Recorded, Content, Late:
		p.take(v, e, state)
		p.answerProbe(e, state, &d)
	case ProbeBegan:
		p.probe(v, &d)
	case Opened:
		p.opened(v, e, &d)
	case Reclosed:
		p.reclosed(v, e)
	case StartedOver:
		p.forget(v.Now())
	case ParentChanged:
		return Decision{Reclose: true} // the parent explains what was
	case Started, Turned, Merged:
	}
	if state != Closed {
		return d
	}
	p.prune(v)
	if e.Failed() || e.Kind == Recorded && e.Class == Quota || e.Kind == Turned {
		p.judge(v, &d)
	}
	p.endRamp(v)
	d.Ramp, d.Young = p.Ramp, p.young()
	d.Attend = len(p.run) > 0 || p.Ramp > 0
	return d
}

// cost is that of a failed attempt, in requests.
func (p *adaptive) cost() float64 { return p.FailureCost + p.WaitingCost*p.Took }

// usual is the failure rate as it is used: the lowest and the highest prove
// little.
func (p *adaptive) usual() float64 { return min(max(p.Usual, leastUsual), mostUsual) }

const leastUsual, mostUsual = 0.01, 0.6

// needed is how many failures in a row open the circuit.
func (p *adaptive) needed() int {
	return int(math.Ceil((math.Log(p.Odds) - rounding) / math.Log(1/p.usual())))
}

// rounding is what sums of logarithms may be wrong by.
const rounding = 1e-9

// seconds is a number of seconds as a duration.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
