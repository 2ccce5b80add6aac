package breaker

import (
	"fmt"
	"math"
	"time"
)

// The reasons of an adaptive policy.
const (
	UnlikelyRun Reason = "failures too unlikely to be chance"
	NotWorthIt  Reason = "calls cost more than they bring"
	OnlyQuota   Reason = "nothing but 429"
)

// judge applies the rules of opening.
func (p *adaptive) judge(v *View, d *Decision) {
	r := p.look(v)
	switch {
	case r.surprise >= math.Log(p.Odds)-rounding:
		d.Trip, d.Reason = true, UnlikelyRun
		d.Evidence.Note = p.surpriseNote(v, r)
	case p.Recent >= p.tooMany() && p.severalFail(v):
		d.Trip, d.Reason = true, NotWorthIt
		d.Evidence.Note = p.costNote(r)
	case p.QuotaRun > 0 && p.Quotas >= p.QuotaRun:
		d.Trip, d.Reason = true, OnlyQuota
		d.Evidence.Note = p.quotaNote(r)
	default:
		return
	}
	d.Evidence.Stalled = r.stalled
}

// tooMany is the recent failure rate from which on sending does not pay. An
// attempt pays as long as its chance is worth what a failed one costs; a tenth is
// left for what is not known.
func (p *adaptive) tooMany() float64 {
	c := p.cost()
	return 1.1 - c/(1+c)
}

// evidence is what speaks against the service now.
type evidence struct {
	run      []FailedCall
	stalled  int     // calls that hang
	surprise float64 // how unlikely that is, as a logarithm
}

// look weighs the run and the calls that hang. Those weigh half, since they are
// not independent.
func (p *adaptive) look(v *View) evidence {
	r := evidence{run: p.inOrder(v), stalled: p.stalled(v)}
	each := math.Log(1 / p.usual())
	r.surprise = float64(len(r.run)) * each
	if p.severalUsed(v) {
		r.surprise = apiece(r.run, each, math.Log(p.Odds)/2)
	}
	r.surprise += float64(r.stalled) / 2 * each
	return r
}

// apiece weighs the run of a parent of which several children are in use: the
// failures of each add up to most, so that a single one convinces nobody.
func apiece(run []FailedCall, each, most float64) (sum float64) {
	for i, f := range run {
		n := 0
		for j := range run {
			if run[j].Child == f.Child {
				if j < i {
					break // it has been weighed
				}
				n++
			}
		}
		sum += min(float64(n)*each, most)
	}
	return sum
}

// inOrder is the run without what younger calls speak against that have been out
// for much longer than failures take. As long as failures are quick, those count
// as answered.
func (p *adaptive) inOrder(v *View) []FailedCall {
	if len(p.run) == 0 || !p.quick() {
		return p.run
	}
	alive := v.NewestOut(max(500*time.Millisecond, seconds(3*p.Took)))
	if alive.IsZero() {
		return p.run
	}
	var run []FailedCall
	for _, f := range p.run {
		if !f.Begin.Before(alive) {
			run = append(run, f)
		}
	}
	return run
}

// stalled counts the calls that hang: that began after the newest answered one,
// and have been out for far longer than answers take.
func (p *adaptive) stalled(v *View) int {
	answers, _, longest := v.AnswerTimes(0.95)
	if answers >= knownAfter {
		return v.StalledFor(4 * longest)
	}
	quiet := v.NewestAnswered()
	if quiet.IsZero() {
		_, quiet = v.State()
	}
	if v.Now().Sub(quiet) < coldStall {
		return 0
	}
	return v.StalledFor(coldStall)
}

func (p *adaptive) severalUsed(v *View) bool { return v.Children(runSpan) >= 2 }

// severalFail reports whether the latest failures are of more than one child,
// where several are in use.
func (p *adaptive) severalFail(v *View) bool {
	if !p.severalUsed(v) {
		return true
	}
	failures := v.Failures()
	for _, f := range failures {
		if f.Child != failures[0].Child && v.Now().Sub(f.Begin) < runSpan {
			return true
		}
	}
	return false
}

// Why tells a run that has begun, or how an outage goes.
func (p *adaptive) Why(v *View) string {
	if state, _ := v.State(); state != Closed {
		next := "first probe next"
		if p.Probes > 0 {
			next = plural(p.Probes, "probe") + " so far"
		}
		return fmt.Sprintf("%s, %s refused since the last", next, plural(int(v.Totals().Refused-p.refusals), "call"))
	}
	r := p.look(v)
	if len(r.run)+r.stalled == 0 {
		return ""
	}
	why := fmt.Sprintf("watching: %d of %d failures", len(r.run), p.needed())
	if r.stalled > 0 {
		why += fmt.Sprintf(", %s without an answer", plural(r.stalled, "call"))
	}
	return why
}

func (p *adaptive) surpriseNote(v *View, r evidence) string {
	what := plural(len(r.run), "failure") + " in a row"
	if causes := countCauses(r.run); causes != "" {
		what += " (" + causes + ")"
	}
	if r.stalled > 0 {
		what += " and " + plural(r.stalled, "call") + " without an answer"
	}
	if answered := v.NewestAnswered(); !answered.IsZero() {
		what += fmt.Sprintf(", no call begun in the last %v was answered", round(v.Now().Sub(answered)))
	}
	return fmt.Sprintf("%s; usual failure rate %.2g %%%s: that is rarer than 1 in %s %s",
		what, 100*p.Usual, p.countedAs(), thousands(p.Odds), p.numbers(1, r))
}

func (p *adaptive) countedAs() string {
	if p.usual() == p.Usual {
		return ""
	}
	return fmt.Sprintf(" (counted as %.2g %%)", 100*p.usual())
}

func (p *adaptive) costNote(r evidence) string {
	return fmt.Sprintf("%.2g %% of the latest calls failed, after %v each: from %.2g %% on a call costs more than it brings %s",
		100*p.Recent, round(seconds(p.Took)), 100*p.tooMany(), p.numbers(2, r))
}

func (p *adaptive) quotaNote(r evidence) string {
	return fmt.Sprintf("%d calls in a row, and no answer between %s", p.Quotas, p.numbers(3, r))
}

// numbers are what a rule has decided on, for who wants to check it.
func (p *adaptive) numbers(rule int, r evidence) string {
	return fmt.Sprintf("[rule %d, k %d, s %d, f %.4f, g %.2f, x %.2f, h %.2f]",
		rule, len(r.run), r.stalled, p.Usual, p.Recent, p.Took, p.Hangs)
}

// thousands writes a large number with its digits in groups.
func thousands(x float64) string {
	s := fmt.Sprintf("%.0f", x)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}
