package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/recloser/recloser/guard"
)

// override is an entry of overrides in the file.
type override struct {
	line     int
	upstream matcher
	endpoint matcher
	models   []string
	modelsAt int
	safe     *bool
	safeAt   int
	targets  chain
	fields   []changed

	guard guard.Override // what it comes to
}

// matcher is a text that says which calls are meant.
type matcher struct {
	text string
	line int
}

// changed is an option that an override changes.
type changed struct {
	option
	value
}

// maxOverrides is the most that guard takes.
const maxOverrides = 64

// readOverrides reads the list of overrides.
func (p *parser) readOverrides(f field) {
	if isNull(f.node) {
		return // all of it is commented out
	}
	if f.node.Kind != yaml.SequenceNode {
		p.wrong(f.line, "overrides is %s: it is a list, whose entries begin with a dash", kindOf(f.node))
		return
	}
	if n := len(f.node.Content); n > maxOverrides {
		p.wrong(f.line, "overrides has %d entries: use at most %d", n, maxOverrides)
		return
	}
	for i, n := range f.node.Content {
		path := "overrides[" + strconv.Itoa(i) + "]"
		n = resolve(n)
		if n.Kind != yaml.MappingNode {
			p.wrong(n.Line, "%s is %s: use fields such as models and timeouts", path, kindOf(n))
		}
		// Also a wrong one takes its place, so that the numbers stay right.
		p.overrides = append(p.overrides, p.override(path, n))
	}
}

func (p *parser) override(path string, n *yaml.Node) override {
	o, bad := override{line: n.Line}, len(p.problems)
	beside := overrideFields()
	for section := range p.varying() {
		beside = append(beside, section)
	}
	for _, f := range p.fields(path, n) {
		_, section := p.sections[f.name]
		switch here := path + "." + f.name; {
		case f.name == "upstream":
			o.upstream = matcher{p.pattern(here, f, "the host of its URL, and its port if it has one there, such as api.openai.com", "/@"), f.line}
		case f.name == "endpoint":
			o.endpoint = matcher{p.pattern(here, f, "the end of a path, such as /chat/completions", ""), f.line}
			if e := o.endpoint.text; e != "" && !strings.HasPrefix(e, "/") {
				p.wrong(f.line, "%s is %s: use the end of a path, such as /%s", here, shown(e), e)
			}
		case f.name == "models":
			o.models, o.modelsAt = p.models(here, f), f.line
		case f.name == "safe_to_repeat":
			o.safe, o.safeAt = p.yesOrNo(here, f), f.line
		case f.name == "targets":
			o.targets = p.readTargets(here, f)
		case section && f.name != "":
			p.section(f, path, func(opt option, full string, v value) { p.change(&o, opt, full, v) })
		default:
			if opt, ok := p.options[f.name]; ok {
				p.wrong(f.line, "%s is the same for all calls: move it out of overrides", path+"."+opt.Path)
				continue
			}
			p.unknown(f, path, "", beside)
		}
	}
	if o.upstream.text == "" && o.endpoint.text == "" && o.models == nil && len(p.problems) == bad {
		p.wrong(n.Line, "%s does not say which calls it is for: give it upstream, endpoint or models", path)
	}
	p.lay(&o, path)
	return o
}

// overrideFields are those of an override that no option is.
func overrideFields() []string {
	return []string{"upstream", "endpoint", "models", "safe_to_repeat", "targets"}
}

// varying are the sections with fields that overrides may change.
func (k known) varying() map[string]bool {
	all := make(map[string]bool)
	for _, o := range k.options {
		if section, _ := o.section(); o.Varies {
			all[section] = true
		}
	}
	return all
}

// change takes a value that an override has for an option.
func (p *parser) change(o *override, opt option, path string, v value) {
	if !opt.Varies {
		p.wrong(v.line, "%s is the same for all calls: move it out of overrides", path)
		return
	}
	c := &Serve{}
	if !p.try(opt, path, v, c) {
		return
	}
	// What is zero in an override changes nothing; an ending is held by a pointer.
	if reflect.ValueOf(c.Guard).IsZero() && opt.Path != "stream.ending" {
		p.wrong(v.line, "%s is %s: an override cannot change it back to that: leave it out above, and set it in overrides where it is wanted", path, shown(v.text))
		return
	}
	o.fields = append(o.fields, changed{opt, v})
}

// lay makes of an override's fields what guard takes.
func (p *parser) lay(o *override, path string) {
	c := &Serve{}
	g := guard.Override{Upstream: o.upstream.text, Endpoint: o.endpoint.text, Models: o.models, Safe: o.safe}
	for _, f := range o.fields {
		_ = f.set(c, f.text) // change has tried it
		if f.Path == "stream.ending" {
			g.Ending = &c.Guard.Ending
		}
		if section, _ := f.section(); (section == "breaker" || section == "limits") && f.Path != stallAfter && g.Endpoint != "" {
			p.wrong(f.line, "%s.%s: circuits are by upstream and model: remove endpoint, or move this into an override without one", path, f.Path)
		}
	}
	g.Breaker, g.StallAfter = c.Guard.Breaker, c.Guard.Breaker.StallAfter
	g.Breaker.StallAfter, g.Policy = 0, c.Guard.Policy
	g.Retry, g.Timeouts, g.Gray = c.Guard.Retry, c.Guard.Timeouts, c.Guard.Gray
	g.Commit, g.CommitAfter = c.Guard.Commit, c.Guard.CommitAfter
	g.GateWait, g.FallBackOn, g.WhenRefused, g.Limits = c.Guard.GateWait, c.Guard.FallBackOn, c.Guard.WhenRefused, c.Guard.Limits
	o.guard = g
}

// stallAfter is also a deadline of calls.
const stallAfter = "breaker.stall_after"

// pattern reads a text in which * stands for any.
func (p *parser) pattern(path string, f field, use, never string) string {
	switch {
	case f.node.Kind != yaml.ScalarNode || isNull(f.node):
		p.wrong(f.line, "%s is %s: use %s", path, kindOf(f.node), use)
	case f.node.Value == "" || never != "" && strings.ContainsAny(f.node.Value, never):
		p.wrong(f.line, "%s is %s: use %s", path, shown(f.node.Value), use)
	default:
		return f.node.Value
	}
	return ""
}

// models reads a list of names, or one.
func (p *parser) models(path string, f field) (names []string) {
	const use = "the name of a model, such as gpt-5*"
	if f.node.Kind != yaml.SequenceNode {
		if name := p.pattern(path, f, "a list of models, such as [o3, gpt-5*]", ""); name != "" {
			names = []string{name}
		}
		return names
	}
	for i, n := range f.node.Content {
		name := p.pattern(fmt.Sprintf("%s[%d]", path, i), field{line: n.Line, node: resolve(n)}, use, "")
		if name != "" {
			names = append(names, name)
		}
	}
	if len(f.node.Content) == 0 {
		p.wrong(f.line, "%s is an empty list: use a list of models, such as [o3, gpt-5*], or remove the line", path)
	}
	return names
}

func (p *parser) yesOrNo(path string, f field) *bool {
	if f.node.Kind == yaml.ScalarNode {
		switch f.node.Value {
		case "true":
			return new(true)
		case "false":
			return new(false)
		}
		p.wrong(f.line, "%s is %s: use true or false", path, shown(f.node.Value))
		return nil
	}
	p.wrong(f.line, "%s is %s: use true or false", path, kindOf(f.node))
	return nil
}
