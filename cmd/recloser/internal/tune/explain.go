package tune

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// explain gives a reason for each field: what it would be like without it.
func (s *search) explain(ctx context.Context, r *Result, best *candidate) error {
	var all []Settings
	for _, o := range s.Options {
		if _, set := best.settings[o.Name]; set {
			all = append(all, s.setBack(best.settings, o.Name))
		}
	}
	without, err := s.fully(ctx, all)
	if err != nil {
		return err
	}
	r.Fields = s.fields(best.settings)
	for i := range r.Fields {
		r.Fields[i].Reason = s.reason(&r.Fields[i], best, &without[i])
	}
	return nil
}

// setBack is the settings with one option as it is by default.
func (s *search) setBack(of Settings, name string) Settings {
	out := Settings{}
	for n, v := range of {
		if n != name {
			out[n] = v
		}
	}
	return s.space.tidy(out)
}

// reason is what a field brings.
func (s *search) reason(f *Field, best, without *candidate) string {
	instead := f.Default
	if f.Path == "breaker."+policyOption {
		instead += " as it is"
	}
	if len(best.settings)-len(without.settings) > 1 {
		instead += " and without what needs it"
	}
	return fmt.Sprintf("regret %s, with %s %.1f; false trips in %s: %s, then %s", best.all.figure(), instead,
		without.all.figure().Mean, span(best.all.length), count(best.all.false), count(without.all.false))
}

// String is "12.1 ± 0.8", or "12.1" if the error is not known, or none.
func (f Figure) String() string {
	if f.Error == 0 {
		return fmt.Sprintf("%.1f", f.Mean)
	}
	return fmt.Sprintf("%.1f ± %.1f", f.Mean, f.Error)
}

// count writes a number that is whole, mostly.
func count(x float64) string {
	if x >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(tenths(x), 'f', -1, 64)
}

func tenths(x float64) float64 { return float64(int64(x*10+0.5)) / 10 }

// hoursOf is a span of hours.
func hoursOf(h float64) string { return span(time.Duration(h * float64(time.Hour))) }

// span writes a length of time for people.
func span(d time.Duration) string {
	switch {
	case d >= 10*day:
		return fmt.Sprintf("%.0f days", float64(d)/float64(day))
	case d >= 2*day:
		return fmt.Sprintf("%s days", count(float64(d)/float64(day)))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%s hours", count(d.Hours()))
	}
	return fmt.Sprintf("%s minutes", count(d.Minutes()))
}
