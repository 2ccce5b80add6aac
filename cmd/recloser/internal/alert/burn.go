package alert

import "time"

// tally counts calls or attempts.
type tally struct {
	good, bad int64
	turned    int64 // away: refused, or by a rate limit or a quota
	explained int64 // not answered while people knew why
}

func (t tally) less(o tally) tally {
	return tally{t.good - o.good, t.bad - o.bad, t.turned - o.turned, t.explained - o.explained}
}

func (t *tally) add(o tally) {
	t.good += o.good
	t.bad += o.bad
	t.turned += o.turned
	t.explained += o.explained
}

// known is how much of what is not answered people know the reason of.
type known uint8

const (
	nothing known = iota
	turned        // what was turned away: a key has no quota
	all           // the circuit is down
)

func (t *tally) explain(k known) {
	if k >= turned {
		t.explained, t.turned = t.explained+t.turned, 0
	}
	if k == all {
		t.explained, t.bad = t.explained+t.bad, 0
	}
}

// judged are the attempts that speak for or against a service.
func (t tally) judged() int64 { return t.good + t.bad }

// share of them that has failed.
func (t tally) share() float64 { return float64(t.bad) / float64(max(t.judged(), 1)) }

// all are the calls that were to be answered, failing those that were not and of which
// people did not know.
func (t tally) all() int64     { return t.good + t.failing() + t.explained }
func (t tally) failing() int64 { return t.bad + t.turned }

// rate is the share of failing.
func (t tally) rate() float64 { return float64(t.failing()) / float64(max(t.all(), 1)) }

// ring counts in slots that are used again.
type ring struct{ slots []slot }

type slot struct {
	at int64 // its number
	tally
}

// ringSlots is how many slots a ring has: of a minute an hour and more, of an hour three
// days.
const ringSlots = 75

func (r *ring) add(now time.Time, span time.Duration, t tally) {
	if t == (tally{}) {
		return // also: a circuit that is not used holds nothing
	}
	if r.slots == nil {
		r.slots = make([]slot, ringSlots)
	}
	s := r.at(now, span)
	s.add(t)
}

func (r *ring) at(now time.Time, span time.Duration) *slot {
	n := now.UnixNano() / int64(span)
	s := &r.slots[uint64(n)%ringSlots] //nolint:gosec // any place will do for times before 1970
	if s.at != n {
		*s = slot{at: n}
	}
	return s
}

// sum adds the slots up that touch the last d.
func (r *ring) sum(now time.Time, span, d time.Duration) (t tally) {
	last := now.UnixNano() / int64(span)
	first := now.Add(-d).UnixNano()/int64(span) + 1
	for i := range r.slots {
		if s := &r.slots[i]; s.at >= first && s.at <= last {
			t.add(s.tally)
		}
	}
	return t
}

// explain says what people know of the slots that touch [from, to).
func (r *ring) explain(k known, from, to time.Time, span time.Duration) {
	first, last := from.UnixNano()/int64(span), to.UnixNano()/int64(span)
	for i := range r.slots {
		if s := &r.slots[i]; s.at >= first && s.at <= last {
			s.explain(k)
		}
	}
}

// budgets are the calls of a circuit's users, in slots of three widths.
type budgets struct {
	rings [3]ring
	first time.Time // when the first that is known of was made; zero: none is
}

// spans are the widths of the slots: an hour, six hours and three days fit in.
func spans() [3]time.Duration { return [...]time.Duration{time.Minute, 5 * time.Minute, time.Hour} }

func (b *budgets) add(now time.Time, t tally) {
	for i, span := range spans() {
		b.rings[i].add(now, span, t)
	}
	b.begins(now, t)
}

// begins notes when the first call was made.
func (b *budgets) begins(at time.Time, t tally) {
	if t != (tally{}) && (b.first.IsZero() || at.Before(b.first)) {
		b.first = at
	}
}

// seed adds what was then, as far as it fits in beside now.
func (b *budgets) seed(now, then time.Time, t tally) {
	for i, span := range spans() {
		if age := now.Sub(then); age >= 0 && age < (ringSlots-1)*span {
			b.rings[i].add(then, span, t)
		}
	}
	b.begins(then, t)
}

func (b *budgets) explain(k known, from, to time.Time) {
	for i, span := range spans() {
		b.rings[i].explain(k, from, to, span)
	}
}

// over sums up the last d.
func (b *budgets) over(now time.Time, d time.Duration) tally {
	for i, span := range spans() {
		if d <= (ringSlots-1)*span {
			return b.rings[i].sum(now, span, d)
		}
	}
	return tally{}
}

// rate is the share of failing within the last d. Time before anything is known of
// counts as good, or the first bad minute of a new circuit would have used up the budget
// of three days.
func (b *budgets) rate(now time.Time, d time.Duration) float64 {
	known := min(float64(now.Sub(b.first))/float64(d), 1)
	return b.over(now, d).rate() * known
}

// burn is one of the pairs of windows of multi-window, multi-burn-rate alerts: the
// budget burns so many times faster than it lasts, over the long window, and still does
// over the short one.
type burn struct {
	factor      float64
	long, short time.Duration
	severity    Severity
}

// burns are those of The Site Reliability Workbook (Google, 2018), chapter 5, table 5-8:
// they spend 2 %, 5 % and 10 % of the budget of 30 days.
func burns() [3]burn {
	return [...]burn{
		{14.4, time.Hour, 5 * time.Minute, Critical},
		{6, 6 * time.Hour, 30 * time.Minute, Critical},
		{1, 3 * 24 * time.Hour, 6 * time.Hour, Warning},
	}
}

// findBurn is the rule ErrorBudget; slow: it is the one that can wait until tomorrow.
func (c *circuit) findBurn(now time.Time, r *Rules) (f *finding, slow bool) {
	if r.SLO <= 0 {
		return nil, false
	}
	for _, b := range burns() {
		limit := min(b.factor*(1-r.SLO), 1)
		long, short := c.calls.over(now, b.long), c.calls.over(now, b.short)
		if long.all() < max(r.MinCalls, 1) || long.failing() == 0 || c.calls.rate(now, b.long) < limit || short.rate() < limit {
			continue
		}
		since := later(now.Add(-b.long), c.calls.first) // before it nothing was called
		return &finding{ErrorBudget, b.severity, since, c.burnWords(&b, long, r.SLO)}, b.severity == Warning
	}
	return nil, false
}
