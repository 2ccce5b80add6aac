package config

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// parse reads the text of a file.
func parse(name, dir string, data []byte) *file {
	f := newFile(name, dir)
	root := f.load(data)
	if root == nil {
		return f
	}
	p := parser{f, newKnown()}
	p.top(root)
	f.check()
	return f
}

// load returns the file's one mapping, or nil if there is none to read.
func (f *file) load(data []byte) *yaml.Node {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		f.wrong(1, "%s", syntax(err))
		return nil
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); errors.Is(err, io.EOF) {
		return nil // empty
	} else if err != nil {
		f.wrong(syntaxLine(err), "%s", syntax(err))
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		f.wrong(second.Line, "a second document begins here: everything belongs in one, so remove the line ---")
	case !errors.Is(err, io.EOF):
		f.wrong(syntaxLine(err), "%s", syntax(err))
	}
	if len(doc.Content) != 1 {
		return nil
	}
	root := doc.Content[0]
	if isNull(root) {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		f.wrong(root.Line, "the file is %s: use fields such as listen: 127.0.0.1:8484", kindOf(root))
		return nil
	}
	return root
}

// parser walks the tree of a file beside the table of options.
type parser struct {
	*file
	known
}

// field is an entry of a mapping.
type field struct {
	name string
	line int
	node *yaml.Node
}

// fields returns the entries of a mapping, those that are there twice aside.
// path is what comes before their names.
func (p *parser) fields(path string, n *yaml.Node) (all []field) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode:
			p.wrong(key.Line, "%s has a field whose name is %s: use a word", cmp.Or(path, "the file"), kindOf(key))
			continue
		case key.Tag == "!!merge" || key.Value == "<<":
			p.wrong(key.Line, "%s: merging (<<) is not supported: write the fields out", join(path, "<<"))
			continue
		}
		first := slices.IndexFunc(all, func(f field) bool { return f.name == key.Value })
		if first >= 0 {
			p.wrong(key.Line, "%s is there twice, first in line %d: remove one", join(path, clip(key.Value)), all[first].line)
			continue
		}
		all = append(all, field{key.Value, key.Line, resolve(n.Content[i+1])})
	}
	return all
}

// top reads the whole file.
func (p *parser) top(root *yaml.Node) {
	beside := []string{"overrides", "targets"}
	for section := range p.sections {
		beside = append(beside, section)
	}
	slices.Sort(beside)
	for _, f := range p.fields("", root) {
		if f.name == "overrides" {
			p.readOverrides(f)
			continue
		}
		if f.name == "targets" {
			p.targets = p.readTargets(f.name, f)
			continue
		}
		if o, ok := p.options[f.name]; ok {
			p.read(o, f.name, f, func(v value) { p.values[o.Name] = v })
			continue
		}
		if o := p.options["alerts.to"]; f.name == "alerts" && f.node.Kind != yaml.MappingNode && !isNull(f.node) { // in short
			p.read(o, f.name, f, func(v value) { p.values[o.Name] = v })
			continue
		}
		if _, ok := p.sections[f.name]; ok && f.name != "" {
			p.section(f, "", func(o option, _ string, v value) { p.values[o.Name] = v })
			continue
		}
		p.unknown(f, "", "", beside)
	}
}

// section reads the fields of a section; path is what comes before its name.
func (p *parser) section(f field, path string, take func(o option, path string, v value)) {
	if isNull(f.node) {
		return // all of it is commented out
	}
	if f.node.Kind != yaml.MappingNode {
		p.wrong(f.line, "%s is %s: put its fields beneath it, such as %s", join(path, f.name), kindOf(f.node), f.name+"."+p.sections[f.name][0])
		return
	}
	here := join(path, f.name)
	for _, one := range p.fields(here, f.node) {
		o, ok := p.options[f.name+"."+one.name]
		if !ok {
			p.unknown(one, path, f.name, nil)
			continue
		}
		full := here + "." + one.name
		p.read(o, full, one, func(v value) { take(o, full, v) })
	}
}

// read takes the value of a field.
func (p *parser) read(o option, path string, f field, take func(value)) {
	switch {
	case o.Kind == Addresses:
		if v, ok := p.addresses(path, f); ok {
			take(v)
		}
	case o.Secret:
		if ref := p.reference(path, f); ref != nil {
			take(value{line: f.line, ref: ref})
		}
	case o.Kind == List && f.node.Kind == yaml.SequenceNode:
		if texts, ok := p.list(path, f); ok {
			take(value{text: strings.Join(texts, ","), line: f.line})
		}
	default:
		if text, ok := p.scalar(path, f); ok {
			take(value{text: text, line: f.line})
		}
	}
}

// scalar reads a single value.
func (p *parser) scalar(path string, f field) (text string, ok bool) {
	switch {
	case isNull(f.node):
		p.wrong(f.line, "%s has no value: give it one, or remove the line", path)
	case f.node.Kind != yaml.ScalarNode:
		p.wrong(f.line, "%s is %s: use one value", path, kindOf(f.node))
	case strings.HasPrefix(f.node.Tag, "!") && !strings.HasPrefix(f.node.Tag, "!!"):
		p.wrong(f.line, "%s has a tag, and tags mean nothing here: remove it, or quote the value", path)
	default:
		return f.node.Value, true
	}
	return "", false
}

// list reads a list of single values.
func (p *parser) list(path string, f field) (texts []string, ok bool) {
	if len(f.node.Content) == 0 {
		p.wrong(f.line, "%s is an empty list: use off, or remove the line", path)
	}
	for i, n := range f.node.Content {
		if text, ok := p.scalar(path+"["+strconv.Itoa(i)+"]", field{line: n.Line, node: resolve(n)}); ok {
			texts = append(texts, text)
		}
	}
	return texts, len(texts) > 0 && len(texts) == len(f.node.Content)
}

func (p *parser) unknown(f field, path, section string, beside []string) {
	hint := ""
	if near := p.nearest(section, f.name, beside); near != "" {
		hint = "; did you mean " + near + "?"
	}
	p.wrong(f.line, "there is no field %s%s", join(path, join(section, clip(f.name))), hint)
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	for range 100 { // an alias cannot lead to itself, but nothing here depends on it
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			break
		}
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	}
	return "a single value"
}

// clip returns a name as a message may show it.
func clip(name string) string {
	quoted := strings.TrimSuffix(strings.TrimPrefix(shown(name), `"`), `"`)
	if strings.ContainsAny(quoted, " :") || quoted == "" {
		return `"` + quoted + `"`
	}
	return quoted
}

// syntaxForm is what the library's messages look like: "go-yaml load error in
// scanner (while …) at L1.C4-L2.C1: found …".
var syntaxForm = regexp.MustCompile(`(?s)^go-yaml load error in .*? at (?:L(\d+)\.C\d+(?:-L(\d+)\.C\d+)?|<[^>]*>): (.*)$`)

func syntaxParts(err error) (line int, text string) {
	m := syntaxForm.FindStringSubmatch(err.Error())
	if m == nil {
		return 1, "it cannot be read"
	}
	line, _ = strconv.Atoi(cmp.Or(m[2], m[1]))
	return max(line, 1), m[3]
}

func syntaxLine(err error) int {
	line, _ := syntaxParts(err)
	return line
}

func syntax(err error) string {
	_, text := syntaxParts(err)
	switch {
	case strings.HasSuffix(text, "cannot start any token"):
		text = "a character that nothing can begin with, such as a tab: indent by spaces"
	case strings.HasPrefix(text, "unknown anchor"): // whose name may be half a secret
		text = "a value that begins with * refers to an anchor, and there is no such; quote it if it is a text"
	}
	return "it is not YAML: " + text
}
