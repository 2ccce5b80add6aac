package config

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// WriteYAML writes the configuration that is in force as a file that can be read
// again, and with each value where it comes from. Secrets are written as
// references.
func (c *Serve) WriteYAML(w io.Writer) error {
	out := &writer{}
	last := ""
	for _, s := range c.Settings {
		section, field := s.section()
		if section != last {
			out.line(0, "")
			out.line(0, section+":")
			last = section
		}
		depth := 0
		if section != "" {
			depth = 1
		}
		switch {
		case s.Secret:
			out.secret(field, s)
		case s.Name == "base-timeout" && s.Source == Default && c.cutBelow(s.Text):
			// Written out, it would be no default that gives way any more.
			out.line(depth, "# "+field+": "+s.Text+" # default; shorter where an override has a shorter reset_timeout")
		default:
			out.value(depth, field, s.Option, s.Text, s.From())
		}
	}
	if c.file != nil && len(c.file.overrides) > 0 {
		out.line(0, "")
		out.line(0, "overrides:")
		for _, o := range c.file.overrides {
			out.override(c.file, o)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// cutBelow reports whether an override's open periods are shorter than a base
// timeout.
func (c *Serve) cutBelow(text string) bool {
	base, _ := time.ParseDuration(text)
	for _, o := range c.Guard.Overrides {
		if reset := o.Breaker.ResetTimeout; reset > 0 && reset < base {
			return true
		}
	}
	return false
}

type writer struct{ strings.Builder }

func (w *writer) line(depth int, text string) {
	if text != "" {
		w.WriteString(strings.Repeat("  ", depth))
	}
	w.WriteString(text + "\n")
}

func (w *writer) value(depth int, field string, o Option, text, from string) {
	w.line(depth, field+": "+scalar(o, text)+" # "+comment(from))
}

// secret writes a reference where there is one to write.
func (w *writer) secret(field string, s Setting) {
	switch {
	case s.Text == "":
		w.line(0, "# "+field+": not set")
	case s.ref != nil && s.ref.file != "":
		w.line(0, field+": {file: "+quote(s.ref.file)+"} # "+comment(s.From()))
	case s.ref != nil:
		w.line(0, field+": {env: "+s.ref.env+"} # "+comment(s.From()))
	case s.Source == Environment:
		w.line(0, field+": {env: "+s.Origin+"} # "+comment(s.From()))
	default:
		w.line(0, "# "+field+": set by "+comment(s.From())+", and not written here")
	}
}

// override writes an entry of the list.
func (w *writer) override(f *file, o override) {
	from := func(line int) string { return " # " + comment(f.place(line)) }
	begin := w.Len()
	for _, m := range []struct {
		field string
		matcher
	}{{"upstream", o.upstream}, {"endpoint", o.endpoint}} {
		if m.text != "" {
			w.line(2, m.field+": "+quote(m.text)+from(m.line))
		}
	}
	if o.models != nil {
		var names []string
		for _, m := range o.models {
			names = append(names, strconv.Quote(m))
		}
		w.line(2, "models: ["+strings.Join(names, ", ")+"]"+from(o.modelsAt))
	}
	if o.safe != nil {
		w.line(2, fmt.Sprintf("safe_to_repeat: %v%s", *o.safe, from(o.safeAt)))
	}
	var sections []string
	for _, one := range o.fields {
		if section, _ := one.section(); !slices.Contains(sections, section) {
			sections = append(sections, section)
		}
	}
	for _, section := range sections {
		w.line(2, section+":")
		for _, one := range o.fields {
			if s, field := one.section(); s == section {
				w.value(3, field, one.Option, one.text, f.place(one.line))
			}
		}
	}
	text := w.String()
	w.Reset()
	w.WriteString(text[:begin] + "  - " + strings.TrimPrefix(text[begin:], "    "))
}

// scalar writes a value of an option.
func scalar(o Option, text string) string {
	switch {
	case o.Kind == Toggle && (text == "on" || text == "true"):
		return "on"
	case o.Kind == Toggle || text == off:
		return off // the library would quote it for readers of YAML 1.1
	case o.Kind == Whole || o.Kind == Share:
		return text
	case o.Kind == List:
		return "[" + strings.Join(items(text), ", ") + "]" // of words that need no quotes
	}
	return quote(text)
}

// quote writes a text, in quotes where YAML would read something else.
func quote(text string) string {
	out, err := yaml.Dump(text)
	line := strings.TrimSuffix(string(out), "\n")
	if err != nil || strings.Contains(line, "\n") {
		return strconv.Quote(text)
	}
	return line
}

// comment returns a place as a comment may have it, which ends with the line.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return '?'
		}
		return r
	}, text)
}
