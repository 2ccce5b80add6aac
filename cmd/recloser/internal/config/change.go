package config

import (
	"fmt"
	"log/slog"
	"strings"
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
	if before, after := c.overridesText(), next.overridesText(); before != after {
		attrs = append(attrs, slog.String("overrides", fmt.Sprintf("%d -> %d entries", len(c.Guard.Overrides), len(next.Guard.Overrides))))
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

// overridesText is the same for two configurations with the same overrides.
func (c *Serve) overridesText() string {
	if c.file == nil {
		return ""
	}
	w, nowhere := &writer{}, &file{}
	for _, o := range c.file.overrides {
		o.upstream.line, o.endpoint.line, o.modelsAt, o.safeAt = 0, 0, 0, 0
		fields := o.fields
		o.fields = nil
		for _, one := range fields {
			one.line = 0
			o.fields = append(o.fields, one)
		}
		w.override(nowhere, o)
	}
	return strings.TrimSpace(w.String())
}
