package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"

	"github.com/recloser/recloser/guard"
)

// Replace tells whether next may take c's place while the process runs: what may
// not change is named. Attrs say what does, for the log.
func (c *Serve) Replace(next *Serve) (attrs []slog.Attr, errs []error) {
	for i, was := range c.Settings {
		is := next.Settings[i]
		switch {
		case was.Text == is.Text:
		case was.Fixed:
			errs = append(errs, is.problem(fmt.Errorf("it cannot change while Recloser runs: restart it, or put %s back", shown(was.Text))))
		default:
			attrs = append(attrs, slog.String(snake(is.Name), was.told()+" -> "+is.told()))
		}
	}
	before, after := c.written(), next.written()
	targets := listed(len(c.Guard.Targets), len(next.Guard.Targets), before.targets != after.targets, sameHeaders(c.Guard.Targets, next.Guard.Targets))
	overrides := listed(len(c.Guard.Overrides), len(next.Guard.Overrides), before.overrides != after.overrides,
		slices.EqualFunc(c.Guard.Overrides, next.Guard.Overrides, func(a, b guard.Override) bool { return sameHeaders(a.Targets, b.Targets) }))
	if targets != "" {
		attrs = append(attrs, slog.String("targets", targets))
	}
	if overrides != "" {
		attrs = append(attrs, slog.String("overrides", overrides))
	}
	return attrs, errs
}

// told is a setting as the log has it.
func (s Setting) told() string {
	shown := s.Shown()
	if shown == "" {
		shown = "none"
	}
	return shown + " (" + s.Source.String() + ")"
}

// listed says how a list has changed, or "" if it has not.
func listed(before, after int, changed, sameSecrets bool) string {
	switch {
	case changed:
		return fmt.Sprintf("%d -> %d entries", before, after)
	case !sameSecrets:
		return fmt.Sprintf("%d entries, with other secrets", after)
	}
	return ""
}

// sameHeaders tells whether targets have the same headers, and so secrets.
func sameHeaders(before, after []guard.Target) bool {
	return slices.EqualFunc(before, after, func(a, b guard.Target) bool { return reflect.DeepEqual(a.Header, b.Header) })
}

// lists are the lists of a file as it would have them.
type lists struct{ targets, overrides string }

// written is the same for two configurations with the same lists, secrets aside.
func (c *Serve) written() (l lists) {
	if c.file == nil {
		return l
	}
	w := &writer{plain: true}
	if len(c.file.targets.targets) > 0 {
		w.targets(0, c.file, c.file.targets)
	}
	l.targets = w.String()
	w.Reset()
	for _, o := range c.file.overrides {
		w.override(c.file, o)
	}
	l.overrides = w.String()
	return l
}
