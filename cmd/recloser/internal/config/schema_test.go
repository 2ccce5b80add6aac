package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"
)

// schemaOf describes the values of an option.
func schemaOf(o Option) *jsonschema.Schema {
	s := &jsonschema.Schema{Description: o.Usage}
	text := func(pattern string) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Pattern: pattern} }
	const duration = `^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`
	var forms []*jsonschema.Schema
	switch o.Kind {
	case Addresses: // below
	case Text:
		forms = append(forms, &jsonschema.Schema{Type: "string"})
	case Whole:
		forms = append(forms, &jsonschema.Schema{Type: "integer", Minimum: new(float64(o.Low)), Maximum: new(float64(o.High))})
	case Share:
		forms = append(forms, &jsonschema.Schema{Type: "number", Minimum: new(0.0), Maximum: new(1.0)})
	case Number:
		forms = append(forms, &jsonschema.Schema{Type: "number", Minimum: new(0.0)})
	case Duration:
		forms = append(forms, text(duration))
		if o.OrOff {
			forms = append(forms, &jsonschema.Schema{Const: new(any(0))})
		}
	case Size:
		forms = append(forms, &jsonschema.Schema{Type: "integer", Minimum: new(1.0)}, text(`^[0-9]+ *(KiB|MiB|GiB)?$`))
	case Choice:
		for _, v := range o.Values {
			s.Enum = append(s.Enum, v)
		}
	case List:
		if o.Values == nil {
			forms = append(forms, &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{Type: "string"}, MinItems: new(1)}, text(""))
			break
		}
		one := "(" + strings.Join(o.Values, "|") + ")"
		item := &jsonschema.Schema{}
		for _, v := range o.Values {
			item.Enum = append(item.Enum, v)
		}
		forms = append(forms, &jsonschema.Schema{Type: "array", Items: item, MinItems: new(1), UniqueItems: true}, text("^ *"+one+" *(, *"+one+" *)*$"))
	case Toggle:
		s.Enum = []any{"on", off, true, false}
	}
	if o.OrOff && o.Kind != Text {
		forms = append(forms, &jsonschema.Schema{Const: new(any(off))})
	}
	switch {
	case o.Kind == Addresses:
		one := append(references(), text("://"))
		forms = append(one, &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{AnyOf: one}, MaxItems: new(maxAlertTargets)})
		s.Description += ". A secret may be given by reference"
	case o.Secret:
		s.Description += ". A secret is given by reference"
		forms = references()
	}
	switch len(forms) {
	case 0:
	case 1:
		s.Type, s.Pattern, s.Minimum, s.Maximum = forms[0].Type, forms[0].Pattern, forms[0].Minimum, forms[0].Maximum
	default:
		s.AnyOf = forms
	}
	if o.Default != "" {
		s.Default, _ = json.Marshal(defaultOf(o))
	}
	return s
}

func defaultOf(o Option) any {
	var n float64
	if _, err := fmt.Sscan(o.Default, &n); err == nil && (o.Kind == Whole || o.Kind == Share || o.Kind == Number) {
		return n
	}
	return o.Default
}

// references are the ways to give a secret.
func references() []*jsonschema.Schema {
	return []*jsonschema.Schema{referenceTo("env", "an environment variable", variableName.String()), referenceTo("file", "a file, from this one's folder", "")}
}

// targetsSchema describes a list of targets.
func targetsSchema() *jsonschema.Schema {
	entry := object()
	entry.Required = []string{"name"}
	word := func(description string) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: "^[!-~]{1,64}$", Description: description}
	}
	fields := map[string]*jsonschema.Schema{
		"name":     word("what reports call it; no other of the list has it"),
		"pool":     word("a name that neighbours share which are equal"),
		"weight":   {Type: "integer", Minimum: new(1.0), Maximum: new(1000.0), Default: json.RawMessage("1"), Description: "how much of the calls it gets first, against the others of its pool"},
		"url":      {Type: "string", Pattern: "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@]+([/?][^#]*)?$", Description: "base URL of another API; without one, the upstream"},
		"model":    {Type: "string", Pattern: `^[^\x00-\x1f\x7f]+$`, MaxLength: new(maxModel), Description: "takes the place of the request's"},
		"key":      {AnyOf: references(), Description: "sent as the bearer token, in place of the client's. A secret is given by reference"},
		"pass_key": {Type: "boolean", Default: json.RawMessage("false"), Description: "sends the client's own key to url"},
		"headers": {
			Types: []string{"object", "null"}, Description: "set in the request, in place of what it has; null removes one. A secret is given by reference",
			PropertyNames:        &jsonschema.Schema{Pattern: headerName.String()},
			AdditionalProperties: &jsonschema.Schema{AnyOf: append(references(), &jsonschema.Schema{Type: "string", Pattern: "^[!-~]([ -~]*[!-~])?$"}, &jsonschema.Schema{Type: "null"})},
		},
	}
	for _, name := range targetFields() {
		add(entry, name, fields[name])
	}
	return &jsonschema.Schema{Types: []string{"array", "null"}, Items: entry, MaxItems: new(maxTargets)}
}

func targetsRef(description string) *jsonschema.Schema {
	return &jsonschema.Schema{Ref: "#/$defs/targets", Description: description}
}

func referenceTo(field, where, pattern string) *jsonschema.Schema {
	s := object()
	s.Required = []string{field}
	add(s, field, &jsonschema.Schema{Type: "string", Pattern: pattern, MinLength: new(1), Description: "the name of " + where})
	return s
}

// object is a mapping that has no other fields than those that are added.
func object() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}}}
}

func add(s *jsonschema.Schema, field string, of *jsonschema.Schema) {
	if s.Properties[field] == nil {
		s.PropertyOrder = append(s.PropertyOrder, field)
	}
	s.Properties[field] = of
}

// addOptions adds options with their sections, which may also be empty.
func addOptions(s *jsonschema.Schema, which func(Option) bool) {
	for _, o := range Options() {
		if !which(o) {
			continue
		}
		section, field := o.section()
		one := schemaOf(o)
		if section == "" {
			add(s, field, one)
			continue
		}
		if s.Properties[section] == nil {
			part := object()
			part.Type, part.Types = "", []string{"object", "null"}
			part.Description = o.Group
			add(s, section, part)
		}
		add(s.Properties[section], field, one)
	}
}

func fileSchema() *jsonschema.Schema {
	root := object()
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.Title = "The configuration file of recloser serve"
	addOptions(root, func(Option) bool { return true })
	entry := object()
	entry.AnyOf = []*jsonschema.Schema{{Required: []string{"upstream"}}, {Required: []string{"endpoint"}}, {Required: []string{"models"}}}
	pattern := func(does string) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", MinLength: new(1), Description: does + "; * stands for any text"}
	}
	upstream, endpoint := pattern("host and port of the upstream"), pattern("end of the path")
	upstream.Pattern, endpoint.Pattern = "^[^/@]+$", "^/"
	add(entry, "upstream", upstream)
	add(entry, "endpoint", endpoint)
	add(entry, "models", &jsonschema.Schema{
		Description: "names of models; * stands for any text",
		AnyOf:       []*jsonschema.Schema{{Type: "array", MinItems: new(1), Items: pattern("a model")}, pattern("a model")},
	})
	add(entry, "safe_to_repeat", &jsonschema.Schema{Type: "boolean", Description: "whether doing a call twice does no harm"})
	addOptions(entry, func(o Option) bool { return o.Varies })
	add(entry, "targets", targetsRef("where these calls go, in place of the list above; an empty list: as they come"))
	root.Defs = map[string]*jsonschema.Schema{"targets": targetsSchema()}
	alerts := root.Properties["alerts"]
	root.Properties["alerts"] = &jsonschema.Schema{
		Description: groupAlert + ". In short: a list of where they go",
		AnyOf:       []*jsonschema.Schema{alerts, alerts.Properties["to"]},
	}
	add(root, "targets", targetsRef("where calls go, in order: the first that lets a call through"))
	add(root, "overrides", &jsonschema.Schema{
		Types: []string{"array", "null"}, Items: entry, MaxItems: new(64),
		Description: "settings for some of the calls; later ones win, field by field",
	})
	return root
}

func TestSchemaIsThatOfTheCode(t *testing.T) {
	text, err := json.MarshalIndent(fileSchema(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	written(t, "recloser.schema.json", string(text)+"\n")
}

// instance is a file as a schema sees it.
func instance(t *testing.T, text string) any {
	t.Helper()
	v := any(map[string]any{})
	if text != "" { // nothing is no document
		if err := yaml.Load([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func publishedSchema(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	data, err := os.ReadFile(docs("recloser.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	r, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSchemaTakesWhatIsTaken: every default and value, the examples of the
// documentation, and what check prints.
func TestSchemaTakesWhatIsTaken(t *testing.T) {
	schema := publishedSchema(t)
	files := examples(t)
	for _, o := range Options() {
		texts := slices.Clone(o.Values)
		if !o.Secret {
			texts = append(texts, o.Default)
		}
		if o.OrOff {
			texts = append(texts, off)
		}
		if o.Kind == Toggle {
			texts = append(texts, "true", "false")
		}
		if o.Kind == Duration {
			texts = append(texts, "1m30s", "1.5s", "5ms")
		}
		if o.Kind == Size {
			texts = append(texts, "1048576", "4 KiB")
		}
		section, field := o.section()
		for _, text := range texts {
			file := field + ": " + text
			if section != "" {
				file = section + ":\n  " + file
			}
			files = append(files, file)
		}
	}
	files = append(files, "", "breaker:\noverrides:\n", "admin_token: {env: TOKEN}", "admin_token: {file: x}")
	for _, text := range files {
		if err := schema.Validate(instance(t, text)); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
	c, err := readText(t, nil, []string{"KEY=x"}, chains+"overrides:\n  - models: [a]\n    targets: []\n    timeouts: {idle: off}\n    breaker: {failure_rate: 0.5}\n    safe_to_repeat: true\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance(t, writeYAML(t, c))); err != nil {
		t.Error(err)
	}
}

// TestSchemaRefusesWhatIsRefused: the wrong files, where a schema can know it.
func TestSchemaRefusesWhatIsRefused(t *testing.T) {
	schema := publishedSchema(t)
	beyond := map[string]string{ // file: why a schema does not know
		"twice": "YAML", "section-twice": "YAML", "documents": "YAML", "tab": "YAML", "bracket": "YAML", "merge": "YAML", "anchor": "YAML", "tag": "YAML",
		"no-variable": "another place", "no-secret-file": "another place",
		"open-admin": "two fields", "base-over-reset": "two fields", "slow-rate-alone": "two fields", "nothing-trips": "two fields",
		"policy-threshold": "two fields", "policy-odds": "two fields", "override-policy": "two fields", "override-policies": "two fields",
		"override-circuit": "two fields", "override-back": "two fields", "override-alone": "two fields", "override-together": "two fields",
		"upstream": "an address", "unit": "", "address": "",
		"target-twice": "two targets", "target-pool-apart": "two targets", "target-open": "two fields", "target-weight-alone": "two fields",
		"target-key-twice": "two fields", "target-pass-key": "two fields", "override-limits": "two fields", "target-circle": "two fields",
		"target-literal-header": "a secret", "target-query": "a secret", "target-name-secret": "a secret", "target-lines": "a secret",
		"target-no-variable": "another place", "target-unsendable": "another place", "target-managed": "names of headers", "target-header-twice": "names of headers", "target-field-twice": "YAML", "client-token": "another place",
		"client-token-admin": "another place",
	}
	seen := map[string]bool{}
	for name, text := range wrongFiles(t) {
		if beyond[name] != "" {
			seen[name] = true
			continue
		}
		if err := schema.Validate(instance(t, text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(beyond)) {
		if beyond[name] != "" && !seen[name] {
			t.Errorf("there is no file %s", name)
		}
	}
}

func docs(name string) string { return filepath.Join("..", "..", "..", "..", "docs", name) }
