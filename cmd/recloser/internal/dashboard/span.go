package dashboard

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

const (
	day     = 24 * time.Hour
	maxSpan = report.MaxAge
)

// span is the time [from, to).
type span struct{ from, to time.Time }

// spanOf reads from and to, or last, of a query; without them it is the time last
// before now. Nothing is known of what is after now.
func spanOf(q url.Values, now time.Time, last time.Duration) (span, error) {
	s := span{now.Add(-last), now}
	if text := q.Get("last"); text != "" {
		d, err := report.ParseAge(text)
		if err != nil {
			return s, fmt.Errorf("last: %w", err)
		}
		s.from = now.Add(-d)
	}
	for _, end := range []struct {
		name string
		to   *time.Time
	}{{"from", &s.from}, {"to", &s.to}} {
		text := q.Get(end.name)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return s, errors.New(end.name + " is a time such as 2026-11-24T10:00:00Z")
		}
		*end.to = at
	}
	if s.to.After(now) {
		s.to = now
	}
	if !s.from.Before(s.to) || s.to.Sub(s.from) > maxSpan || s.from.Year() < 1970 {
		return s, errors.New("from must be before to and before now, by 10 years at most")
	}
	return s, nil
}

// maxSlots is how many steps a chart has at most.
const maxSlots = 240

// stepOf is the shortest step with which a chart has not too many, and no shorter than
// the slots that are kept.
func stepOf(s span, kept time.Duration) time.Duration {
	least := max(s.to.Sub(s.from)/maxSlots, kept)
	for _, step := range [...]time.Duration{
		10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, day, 7 * day,
	} {
		if step >= least {
			return step
		}
	}
	return least.Truncate(7*day) + 7*day
}
