package tune

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// judge plays the best on what was held out, and decides.
func (s *search) judge(ctx context.Context) (*Result, error) {
	first := []Settings{{}}
	for _, c := range s.found[:min(finalists, len(s.found))] {
		first = append(first, c.settings)
	}
	for _, p := range s.space.policies[1:] {
		first = append(first, Settings{policyOption: p})
	}
	all, err := s.fully(ctx, first)
	if err != nil {
		return nil, err
	}
	base := all[0]
	others := s.ranked(all[1:])
	switch {
	case len(others) == 0:
		return s.result(&base, nil, all[1:], all), nil // to show what there is
	case others[0].settings.key() == "":
		return s.result(&base, nil, others, all), nil
	}
	best, err := s.prune(ctx, &base, others[0])
	if err != nil {
		return nil, err
	}
	r := s.result(&base, &best, others[1:], all)
	if r.Recommended > 0 {
		return r, s.explain(ctx, r, &best)
	}
	return r, nil
}

// fully plays settings on all parts.
func (s *search) fully(ctx context.Context, settings []Settings) ([]candidate, error) {
	all := make([]candidate, len(settings))
	err := each(ctx, len(settings), func(i int) (err error) {
		c := &all[i]
		c.settings = settings[i]
		if c.train, err = s.on(ctx, c.settings, s.train, seedsAtLast); err != nil {
			return err
		}
		if c.held, err = s.on(ctx, c.settings, s.held, seedsAtLast); err != nil {
			return err
		}
		c.all = c.train.and(c.held)
		return nil
	})
	return all, err
}

// ranked are those that obey the limit on all parts, the best on what was held out
// first. If that has no outage it tells little, and all parts count.
func (s *search) ranked(all []candidate) []candidate {
	by := func(c *candidate) *measure { return &c.all }
	if s.heldOutages() > 0 {
		by = func(c *candidate) *measure { return &c.held }
	}
	var out []candidate
	for _, c := range all {
		known := slices.ContainsFunc(out, func(o candidate) bool { return o.settings.key() == c.settings.key() })
		if !known && s.Limit.obeyed(&c.all) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return s.order(&a, &b, by(&a), by(&b)) })
	return out
}

func (s *search) heldOutages() (n int) {
	for _, x := range s.splits {
		n += x.HeldOut.Outages
	}
	return n
}

// leastBlocks are the fewest from which an interval can be made.
const leastBlocks = 6

// worthless is which part of the gain a setting must bring to be kept.
const worthless = 0.1

// prune sets back, one by one, what brings nothing.
func (s *search) prune(ctx context.Context, base *candidate, c candidate) (candidate, error) {
	spare := worthless * max(base.all.regret()-c.all.regret(), 0)
	for {
		without, err := s.fully(ctx, s.without(c.settings))
		if err != nil {
			return c, err
		}
		without = slices.DeleteFunc(without, func(o candidate) bool {
			return !s.Limit.obeyed(&o.all) || o.all.regret() > c.all.regret()+spare || o.held.regret() > c.held.regret()+spare
		})
		if len(without) == 0 {
			return c, nil
		}
		slices.SortStableFunc(without, func(a, b candidate) int { return s.order(&a, &b, &a.all, &b.all) })
		c = without[0]
	}
}

// without are the settings with one of them set back, in all ways. The policy stays.
func (s *search) without(of Settings) (all []Settings) {
	for i := range s.space.knobs {
		k := &s.space.knobs[i]
		if _, set := of[k.Name]; !set || !k.fits(s.space.policy(of)) {
			continue
		}
		if o := s.space.tidy(k.with(of, k.Default)); !slices.ContainsFunc(all, func(a Settings) bool { return a.key() == o.key() }) {
			all = append(all, o)
		}
	}
	return all
}

// result puts it all together.
func (s *search) result(base, best *candidate, others, all []candidate) *Result {
	r := &Result{
		Traces: s.splits, Seed: s.Seed, Candidates: s.tried, Limit: s.Limit.String(), Holdout: s.Holdout, Fields: []Field{},
		Rows: []Row{s.row("default", base)}, Notes: s.notes(base),
	}
	told := map[string]bool{base.settings.key(): true}
	add := func(name string, c *candidate) {
		if !told[c.settings.key()] {
			told[c.settings.key()] = true
			r.Rows = append(r.Rows, s.row(name, c))
		}
	}
	if best != nil {
		add("best", best)
	}
	for i := range others {
		if others[i].settings.key() != "" && len(r.Rows) < 3 {
			add("runner-up", &others[i])
		}
	}
	for i := range all {
		if p, ok := all[i].settings[policyOption]; ok && len(all[i].settings) == 1 {
			add(p+", as it is", &all[i])
		}
	}
	r.decide(s, base, best)
	return r
}

// decide says what is recommended, and why.
func (r *Result) decide(s *search, base, best *candidate) {
	if best == nil {
		r.Why = fmt.Sprintf("None of the %d candidates is better than the default.", s.tried)
		if !s.Limit.obeyed(&base.all) {
			r.Why = fmt.Sprintf("None of the %d candidates has as few false trips as %s, the default neither.", s.tried, s.Limit)
		}
		return
	}
	g := &Verdicts{gain(&base.held, &best.held, s.Seed), gain(&base.all, &best.all, s.Seed)}
	r.Gain = g
	obeys := s.Limit.obeyed(&base.all)
	least, part := g.HeldOut.Mean, "on the held-out part"
	switch {
	case !obeys:
		r.Recommended = 1
		r.Why = fmt.Sprintf("The default has more false trips than %s (%s), the best has %s.", s.Limit, count(base.all.false), count(best.all.false))
	case len(base.all.excess) < leastBlocks:
		r.Why = fmt.Sprintf("The best loses %.1f fewer of 1000 requests than the default, but there are too few calm times between troubles to tell whether that is chance.", g.All.Mean)
	case g.All.Low <= 0:
		r.Why = fmt.Sprintf("The best loses %.1f fewer of 1000 requests than the default, but that may be chance: the 90 %% interval is %.1f to %.1f.", g.All.Mean, g.All.Low, g.All.High)
	case least < 0 || least == 0 && s.heldOutages() > 0:
		r.Why = fmt.Sprintf("The best gains %.1f of 1000 requests where it was found, and nothing %s: it fits the past and not the service.", gain(&base.train, &best.train, s.Seed).Mean, part)
	default:
		r.Recommended = 1
		r.Why = fmt.Sprintf("It loses %.1f fewer of 1000 requests than the default (90 %% interval %.1f to %.1f), and %.1f fewer %s, which the search has not seen.", g.All.Mean, g.All.Low, g.All.High, least, part)
	}
}

// notes say what the figures lack.
func (s *search) notes(base *candidate) []string {
	notes := []string{
		"Regret: requests of 1000 lost beyond what an oracle loses that knows the service's state; a failed attempt counts 0.25 of a request and a second waited for it 0.02. Waiting in line costs nothing. ± is the standard error, by blocks of the traces, none of which ends within an outage or a storm of 429s.",
		"A false trip is an opening while a call was worth its cost, outside outages (five failures in a row). " + s.bound(base.all.length),
	}
	if s.heldOutages() == 0 {
		notes = append(notes, "No outage is in the held-out part: it only tells about false trips and calm. Take the gain with care.")
	}
	return notes
}

// bound says what a time without false trips proves.
func (s *search) bound(length time.Duration) string {
	if length <= 0 {
		return ""
	}
	const rule = 3 // of three: events that are not seen are rarer than that, in 95 of 100 cases
	most := rule * float64(s.Limit.In) / float64(length)
	if most <= s.Limit.Trips {
		return fmt.Sprintf("The traces are %s long.", span(length))
	}
	return fmt.Sprintf("If there is none in the %s of the traces, that proves no more than fewer than %s in %s.", span(length), count(most), span(s.Limit.In))
}
