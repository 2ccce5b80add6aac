package tune

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// explore plays candidates on the training parts: the defaults of each policy, then
// random ones, then such as are near the best.
func (s *search) explore(ctx context.Context) error {
	first := []Settings{{}}
	for _, p := range s.space.policies[1:] {
		first = append(first, Settings{policyOption: p})
	}
	next := s.fresh(first)
	for len(next) > 0 {
		if err := s.try(ctx, next); err != nil {
			return err
		}
		if left := s.Budget.Candidates - s.tried; left <= 0 || !s.until.IsZero() && time.Now().After(s.until) {
			return nil
		}
		next = s.draw()
	}
	return nil
}

// leaders are those whose neighbours are tried.
const leaders = 8

// draw makes a batch. It is empty once nothing new can be found.
func (s *search) draw() []Settings {
	var all []Settings
	size := min(batch, s.Budget.Candidates-s.tried)
	for range 20 * batch {
		of := s.space.random(s.luck)
		if s.refining() && len(s.found) > 0 {
			of = s.space.near(s.found[s.luck.IntN(min(leaders, len(s.found)))].settings, s.luck)
		}
		all = append(all, s.fresh([]Settings{of})...)
		if len(all) == size {
			break
		}
	}
	return all
}

// refining reports whether it is time to look near what was found: in the second half.
func (s *search) refining() bool {
	if !s.until.IsZero() {
		return time.Until(s.until) < s.Budget.Time/2
	}
	return s.tried >= s.Budget.Candidates/2
}

// fresh are those that have not been tried.
func (s *search) fresh(all []Settings) (out []Settings) {
	for _, of := range all {
		if key := of.key(); !s.seen[key] {
			s.seen[key] = true
			out = append(out, of)
		}
	}
	return out
}

// try plays a batch on the training parts, and sorts what has been found.
func (s *search) try(ctx context.Context, all []Settings) error {
	s.tried += len(all)
	measures, errs := make([]measure, len(all)), make([]error, len(all))
	err := each(ctx, len(all), func(i int) error {
		measures[i], errs[i] = s.on(ctx, all[i], s.train, seedsAtFirst)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	for i, of := range all {
		if errs[i] != nil && len(of) == 0 {
			return errs[i] // the defaults
		}
		if errs[i] == nil { // others may contradict themselves
			s.found = append(s.found, candidate{settings: maps.Clone(of), train: measures[i]})
		}
	}
	slices.SortStableFunc(s.found, func(a, b candidate) int { return s.order(&a, &b, &a.train, &b.train) })
	return nil
}

// on plays settings on several parts.
func (s *search) on(ctx context.Context, of Settings, parts []int, seeds int) (measure, error) {
	var sum measure
	for _, at := range parts {
		m, err := s.player.play(ctx, of, at, seeds)
		if err != nil {
			return measure{}, err
		}
		sum = sum.and(m)
	}
	return sum, nil
}

// order puts what obeys the limit first, the least regret first; and then the least
// false trips. Of equals the one with fewer settings is better.
func (s *search) order(a, b *candidate, of, than *measure) int {
	x, y := s.Limit.obeyed(of), s.Limit.obeyed(than)
	switch {
	case x && !y:
		return -1
	case y && !x:
		return 1
	case !x:
		return cmp.Or(cmp.Compare(of.false, than.false), cmp.Compare(tidied(of.regret()), tidied(than.regret())))
	}
	return cmp.Or(
		cmp.Compare(tidied(of.regret()), tidied(than.regret())),
		cmp.Compare(len(a.settings), len(b.settings)),
		cmp.Compare(a.settings.key(), b.settings.key()),
	)
}
