package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/internal/nearest"
)

// chain is a list of targets in the file.
type chain struct {
	line    int // 0: there is none
	targets []target
}

// target is an entry of one. A field that is not there has no line.
type target struct {
	line int
	path string // targets[0], overrides[2].targets[0]

	name, pool, weight, url, model, passKey value
	key                                     value // a reference
	headers                                 []header

	guard guard.Target // what it comes to, without key and headers
}

// targetFields are those of an entry, in the order in which they are written.
func targetFields() []string {
	return []string{"name", "pool", "weight", "url", "model", "key", "headers", "pass_key"}
}

// meant are names that people know from elsewhere.
func meant(name string) string {
	switch name {
	case "api_key", "token":
		return "key"
	case "base_url", "upstream":
		return "url"
	}
	return nearest.Of(name, targetFields())
}

// The most that guard takes.
const (
	maxTargets    = 32
	maxTargetName = 64
	maxWeight     = 1000
	maxModel      = 256
)

// readTargets reads a list of targets.
func (p *parser) readTargets(path string, f field) chain {
	switch {
	case isNull(f.node):
		return chain{} // all of it is commented out
	case f.node.Kind != yaml.SequenceNode:
		p.wrong(f.line, "%s is %s: it is a list, whose entries begin with a dash", path, kindOf(f.node))
		return chain{}
	case len(f.node.Content) > maxTargets:
		p.wrong(f.line, "%s has %d entries: use at most %d", path, len(f.node.Content), maxTargets)
		return chain{}
	}
	c := chain{line: f.line}
	for i, n := range f.node.Content {
		c.targets = append(c.targets, p.target(path+"["+strconv.Itoa(i)+"]", resolve(n)))
	}
	p.together(c)
	return c
}

func (p *parser) target(path string, n *yaml.Node) target {
	t := target{line: n.Line, path: path}
	if n.Kind != yaml.MappingNode {
		p.wrong(n.Line, "%s is %s: use fields such as name and url", path, kindOf(n))
		return t
	}
	for _, f := range p.fields(path, n) {
		p.targetField(&t, f)
	}
	if t.name.line == 0 {
		p.wrong(n.Line, "%s has no name: give it one that no other target of the list has", path)
	}
	p.alone(&t)
	return t
}

func (p *parser) targetField(t *target, f field) {
	here, g := t.path+"."+f.name, &t.guard
	switch f.name {
	case "name":
		t.name = p.text(here, f, func(text string) error { g.Name = text; return targetName(text) })
	case "pool":
		t.pool = p.text(here, f, func(text string) error { g.Pool = text; return targetName(text) })
	case "weight":
		t.weight = p.text(here, f, func(text string) (err error) { g.Weight, err = targetWeight(text); return err })
	case "url":
		t.url = p.text(here, f, func(text string) (err error) { g.URL, err = targetURL(text); return err })
	case "model":
		t.model = p.text(here, f, func(text string) error { g.Model = text; return targetModel(text) })
	case "pass_key":
		t.passKey = value{line: f.line}
		if pass := p.yesOrNo(here, f); pass != nil {
			g.PassKey, t.passKey.text = *pass, strconv.FormatBool(*pass)
		}
	case "key":
		t.key = value{line: f.line, ref: p.reference(here, f)}
	case "headers":
		t.headers = p.headers(here, f)
	default:
		hint := ""
		if near := meant(f.name); near != "" {
			hint = "; did you mean " + t.path + "." + near + "?"
		}
		p.wrong(f.line, "there is no field %s%s", t.path+"."+clip(f.name), hint)
	}
}

// text reads a single value. What looks like a secret is not shown.
func (p *parser) text(path string, f field, check func(string) error) value {
	v := value{line: f.line}
	text, ok := p.scalar(path, f)
	if !ok {
		return v
	}
	switch err := check(text); {
	case err == nil:
		v.text = text
	case looksSecret(text) || strings.ContainsAny(text, "@#"): // which may be a URL with a password
		p.wrong(f.line, "%s: %v", path, err)
	default:
		p.wrong(f.line, "%s is %s: %v", path, shown(text), err)
	}
	return v
}

// targetName checks what reports call a target or its pool.
func targetName(text string) error {
	switch {
	case text == "" || len(text) > maxTargetName || !sendable(text):
		return errors.New("use up to 64 letters, digits and signs of ASCII, without spaces")
	case looksSecret(text):
		return errors.New("it looks like a secret, and names are shown everywhere: " + aReference + ", as key")
	}
	return nil
}

func targetWeight(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxWeight {
		return 0, fmt.Errorf("use a whole number from 1 to %d", maxWeight)
	}
	return n, nil
}

func targetModel(text string) error {
	odd := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
	if text == "" || len(text) > maxModel || strings.ContainsFunc(text, odd) {
		return errors.New("use the name of a model: up to 256 bytes without control characters")
	}
	return nil
}

// targetURL reads the base of another API.
func targetURL(text string) (*url.URL, error) {
	u, err := baseURL(text)
	switch {
	case err != nil:
		return nil, err
	case u.User != nil:
		return nil, errors.New("it has a user or password: give it key or headers, which refer to a secret; " + exampleURL)
	case strings.Contains(text, "#"):
		return nil, errors.New("it has a fragment, which no server gets to see: remove it")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("its query cannot be read; " + exampleURL)
	}
	for name, values := range query {
		if secretName.MatchString(name) || slices.ContainsFunc(values, looksSecret) {
			return nil, errors.New("its query has what looks like a secret, which does not belong in this file: use key or headers, which refer to one")
		}
	}
	return u, nil
}

// alone checks the fields of one target with each other.
func (p *parser) alone(t *target) {
	if t.weight.line != 0 && t.pool.line == 0 {
		p.wrong(t.weight.line, "%s.weight is among the targets of a pool: give it pool too, or remove weight", t.path)
	}
	if t.key.line != 0 {
		if i := slices.IndexFunc(t.headers, func(h header) bool { return h.name == "Authorization" }); i >= 0 {
			p.wrong(t.headers[i].line, "%s.headers.Authorization is set by key too: remove one", t.path)
		}
	}
	switch {
	case !t.guard.PassKey:
	case t.url.line == 0:
		p.wrong(t.passKey.line, "%s.pass_key: without a url, calls go to the upstream, and the client's key with them: remove pass_key", t.path)
	case t.ownKey():
		p.wrong(t.passKey.line, "%s.pass_key: the target has a key of its own, which goes there in place of the client's: remove one", t.path)
	}
}

// together checks the targets of a list with each other.
func (p *parser) together(c chain) {
	for i, t := range c.targets {
		before := c.targets[:i]
		if first := slices.IndexFunc(before, func(o target) bool { return o.name.text == t.name.text }); first >= 0 && t.name.text != "" {
			p.wrong(t.name.line, "%s.name is %s, as that of %s: use one that no other target of the list has", t.path, shown(t.name.text), c.targets[first].path)
		}
		first := slices.IndexFunc(before, func(o target) bool { return o.pool.text == t.pool.text })
		if first >= 0 && t.pool.text != "" && before[i-1].pool.text != t.pool.text {
			p.wrong(t.pool.line, "%s.pool is %s, as that of %s, with others in between: the targets of a pool are neighbours: move them together, or use another name",
				t.path, shown(t.pool.text), c.targets[first].path)
		}
	}
}

// ownKey tells whether a target brings what somebody pays for: a key, or a header
// that refers to a secret.
func (t *target) ownKey() bool { return t.keyAt() != 0 }

// keyAt is the line of a target's own key, or 0.
func (t *target) keyAt() int {
	if t.key.line != 0 {
		return t.key.line
	}
	for _, h := range t.headers {
		if h.ref != nil {
			return h.line
		}
	}
	return 0
}

// references are where a target's secrets are.
func (t *target) references() (all []*reference) {
	if t.key.ref != nil {
		all = append(all, t.key.ref)
	}
	for _, h := range t.headers {
		if h.ref != nil {
			all = append(all, h.ref)
		}
	}
	return all
}
