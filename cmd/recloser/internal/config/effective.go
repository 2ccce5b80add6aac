package config

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/recloser/recloser/guard"
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
			out.secret(depth, field, s)
		case c.mustNotBeWritten(s) != "":
			out.line(depth, "# "+field+": "+s.Text+" # "+comment(c.mustNotBeWritten(s)))
		default:
			out.value(depth, field, s.Option, s.Text, s.From())
		}
	}
	if c.file != nil && len(c.file.targets.targets) > 0 {
		out.line(0, "")
		out.targets(0, c.file, c.file.targets)
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

// mustNotBeWritten returns why a default is only a comment, or "": written out it
// would be no default any more, which gives way, or which selects nothing.
func (c *Serve) mustNotBeWritten(s Setting) string {
	if s.Source != Default {
		return ""
	}
	policy, because := c.Policy()
	switch {
	case s.Name == "policy" && policy == guard.Classic.String():
		return "since " + because
	case s.Name == "policy":
		return "default; classic where a setting of that policy is given"
	case s.Policy != 0 && s.Policy.String() != policy:
		return "default; for the policy " + s.Policy.String()
	case s.Name == "reset-timeout" && c.otherPolicies():
		return "default; 30s with the policy classic, 2m with adaptive"
	case s.Name == "base-timeout" && c.cutBelow(s.Text):
		return "default; shorter where an override has a shorter reset_timeout"
	}
	return ""
}

// otherPolicies reports whether overrides select a policy.
func (c *Serve) otherPolicies() bool {
	if c.file == nil {
		return false
	}
	return slices.ContainsFunc(c.file.overrides, func(o override) bool {
		return slices.ContainsFunc(o.fields, func(f changed) bool { return f.Policy != 0 || f.Name == "policy" })
	})
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

type writer struct {
	strings.Builder
	plain bool // it does not say where values come from
}

func (w *writer) line(depth int, text string) {
	if text != "" {
		w.WriteString(strings.Repeat("  ", depth))
	}
	w.WriteString(text + "\n")
}

func (w *writer) value(depth int, field string, o Option, text, from string) {
	w.line(depth, field+": "+scalar(o, text)+w.from(from))
}

// from is the comment that says where a value comes from.
func (w *writer) from(place string) string {
	if w.plain {
		return ""
	}
	return " # " + comment(place)
}

// item writes an entry of a list: what fields writes at depth+1 begins with a dash.
func (w *writer) item(depth int, fields func()) {
	begin := w.Len()
	fields()
	text, indent := w.String(), strings.Repeat("  ", depth)
	w.Reset()
	w.WriteString(text[:begin] + indent + "- " + strings.TrimPrefix(text[begin:], indent+"  "))
}

// secret writes a reference where there is one to write.
func (w *writer) secret(depth int, field string, s Setting) {
	switch {
	case s.Text == "":
		w.line(depth, "# "+field+": not set")
	case s.ref != nil:
		w.line(depth, field+": "+s.ref.String()+w.from(s.From()))
	case s.list != nil:
		w.references(depth, field, s)
	case s.Source == Environment:
		w.line(depth, field+": "+reference{env: s.Origin}.String()+w.from(s.From()))
	default:
		w.line(depth, "# "+field+": set by "+comment(s.From())+", and not written here")
	}
}

// references writes a list of secrets. What the file has as a text is not written: then
// what is left would be another configuration.
func (w *writer) references(depth int, field string, s Setting) {
	var all []string
	for _, one := range s.list {
		if one.ref == nil {
			w.line(depth, "# "+field+": set by "+comment(s.From())+", and not written here, as there are secrets in it")
			return
		}
		all = append(all, one.ref.String())
	}
	w.line(depth, field+": ["+strings.Join(all, ", ")+"]"+w.from(s.From()))
}

// override writes an entry of the list.
func (w *writer) override(f *file, o override) {
	w.item(1, func() {
		w.matchers(f, o)
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
		w.targets(2, f, o.targets)
	})
}

// matchers writes which calls an override is for, and what is no option.
func (w *writer) matchers(f *file, o override) {
	for _, m := range []struct {
		field string
		matcher
	}{{"upstream", o.upstream}, {"endpoint", o.endpoint}} {
		if m.text != "" {
			w.line(2, m.field+": "+quote(m.text)+w.from(f.place(m.line)))
		}
	}
	if o.models != nil {
		var names []string
		for _, m := range o.models {
			names = append(names, strconv.Quote(m))
		}
		w.line(2, "models: ["+strings.Join(names, ", ")+"]"+w.from(f.place(o.modelsAt)))
	}
	if o.safe != nil {
		w.line(2, fmt.Sprintf("safe_to_repeat: %v%s", *o.safe, w.from(f.place(o.safeAt))))
	}
}

// targets writes a list of targets, secrets as references.
func (w *writer) targets(depth int, f *file, c chain) {
	switch {
	case c.line == 0:
		return
	case len(c.targets) == 0:
		w.line(depth, "targets: []"+w.from(f.place(c.line)))
		return
	}
	w.line(depth, "targets:")
	for _, t := range c.targets {
		w.item(depth+1, func() { w.target(depth+2, f, t) })
	}
}

func (w *writer) target(depth int, f *file, t target) {
	for i, v := range []value{t.name, t.pool, t.weight, t.url, t.model, t.key, {}, t.passKey} {
		switch name := targetFields()[i]; {
		case name == "headers" && len(t.headers) > 0:
			w.line(depth, "headers:")
			for _, h := range t.headers {
				w.line(depth+1, h.name+": "+h.written()+w.from(f.place(h.line)))
			}
		case v.line == 0:
		case v.ref != nil:
			w.line(depth, name+": "+v.ref.String()+w.from(f.place(v.line)))
		case name == "weight" || name == "pass_key":
			w.line(depth, name+": "+v.text+w.from(f.place(v.line)))
		default:
			w.line(depth, name+": "+quote(v.text)+w.from(f.place(v.line)))
		}
	}
}

// written is a header's value as a file has it.
func (h header) written() string {
	switch {
	case h.ref != nil:
		return h.ref.String()
	case h.text != "":
		return strconv.Quote(h.text)
	}
	return "null"
}

// scalar writes a value of an option.
func scalar(o Option, text string) string {
	switch {
	case o.Kind == Toggle && (text == "on" || text == "true"):
		return "on"
	case o.Kind == Toggle || text == off:
		return off // the library would quote it for readers of YAML 1.1
	case o.Kind == Whole || o.Kind == Share || o.Kind == Number:
		return text
	case o.Kind == List && o.Values == nil:
		var quoted []string
		for _, one := range items(text) {
			quoted = append(quoted, strconv.Quote(one))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
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
