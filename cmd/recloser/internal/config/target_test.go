package config

import (
	"bytes"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/recloser/recloser/guard"
)

// chains has every field of targets. Its one secret is in KEY.
const chains = `
targets:
  - name: key-a
    pool: openai
    weight: 2
    key: {env: KEY}
  - {name: key-b, pool: openai, key: {env: KEY}}
  - name: azure
    url: https://x.openai.azure.com/openai/v1/?api-version=preview
    model: "my: deployment"
    headers:
      api-key: {env: KEY}
      X-Team: 'search "and" find'
      X-Old: null
      X-No: ~
  - {name: mini, model: gpt-5-mini}
  - {name: eu, url: HTTPS://eu.api.openai.com/v1, pass_key: true}
  - {name: "7", pass_key: false, headers: }
`

func TestTargetsOfTheFile(t *testing.T) {
	const text = chains + `
overrides:
  - models: [a]
    targets: [{name: key-a, key: {env: KEY}}]
  - models: [b]
    targets: []
  - models: [c]
    targets:
    retry: {max_retries: 1}
`
	c, err := readText(t, nil, []string{"KEY=sk-hunter2"}, text)
	if err != nil {
		t.Fatal(err)
	}
	address := func(text string) *url.URL {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	bearer := http.Header{"Authorization": {"Bearer sk-hunter2"}}
	want := []guard.Target{
		{Name: "key-a", Pool: "openai", Weight: 2, Header: bearer},
		{Name: "key-b", Pool: "openai", Header: bearer},
		{
			Name: "azure", URL: address("https://x.openai.azure.com/openai/v1/?api-version=preview"), Model: "my: deployment",
			Header: http.Header{"Api-Key": {"sk-hunter2"}, "X-Team": {`search "and" find`}, "X-Old": nil, "X-No": nil},
		},
		{Name: "mini", Model: "gpt-5-mini"},
		{Name: "eu", URL: address("https://eu.api.openai.com/v1"), PassKey: true},
		{Name: "7"},
	}
	if !reflect.DeepEqual(c.Guard.Targets, want) {
		t.Errorf("have %+v\nwant %+v", c.Guard.Targets, want)
	}
	o := c.Guard.Overrides
	if len(o) != 3 || !reflect.DeepEqual(o[0].Targets, []guard.Target{{Name: "key-a", Header: bearer}}) {
		t.Fatalf("%+v", o)
	}
	if o[1].Targets == nil || len(o[1].Targets) != 0 || o[2].Targets != nil {
		t.Errorf("no targets are %#v, and none said %#v", o[1].Targets, o[2].Targets)
	}
	if found := c.Unknown([]string{"KEY=x", "RECLOSER_KEY_A=x"}); len(found) != 1 {
		t.Errorf("%v", found)
	}
	written := writeYAML(t, c)
	again, err := readText(t, nil, []string{"KEY=sk-hunter2"}, written)
	if err != nil {
		t.Fatalf("%v\n%s", err, written)
	}
	if !reflect.DeepEqual(again.Guard.Targets, want) || again.written() != c.written() || len(again.Guard.Overrides[1].Targets) != 0 || again.Guard.Overrides[1].Targets == nil {
		t.Errorf("%s\nthen %s", written, writeYAML(t, again))
	}
}

// TestSecretsOfTargetsAreNowhere but in the headers that go out: not in the
// settings, the log, what check prints, what a change is told as, and errors.
func TestSecretsOfTargetsAreNowhere(t *testing.T) {
	const canary = "hunter2"
	text := strings.ReplaceAll(chains, "key: {env: KEY}}", "key: {file: 'secrets, of/key'}}") +
		"client_token: {file: secrets/clients}\nadmin_token: {env: ADMIN}\noverrides:\n  - models: [a]\n    targets: [{name: a, headers: {X-Api-Key: {env: OTHER}}}]\n"
	c, err := readFurnished(t, nil, text)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Guard.Targets[1].Header.Get("Authorization"); !strings.HasPrefix(got, "Bearer "+canary) || len(c.ClientTokens) != 1 {
		t.Fatalf("%q %v", got, c.ClientTokens)
	}
	other, err := readFurnished(t, []string{"KEY=another-" + canary}, text)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	attrs, errs := c.Replace(other)
	more, _ := c.Replace(&Serve{Settings: c.Settings})
	slog.New(slog.NewJSONHandler(&log, nil)).LogAttrs(t.Context(), slog.LevelInfo, "", slices.Concat(c.Settings.Attrs(), attrs, more)...)
	for _, shown := range []string{log.String(), writeYAML(t, c), strings.Join(c.Warnings, "\n")} {
		if strings.Contains(shown, canary) {
			t.Errorf("it is in %s", shown)
		}
	}
	if want := `"targets":"6 -> 6 entries"`; len(errs) > 0 || !strings.Contains(log.String(), want) || !strings.Contains(log.String(), `"targets":"6 -> 0 entries"`) {
		t.Errorf("%v, want %s in %s", errs, want, log.String())
	}
}

// TestSecretsInTheWrongPlaceAreNotShown, whatever has become of them.
func TestSecretsInTheWrongPlaceAreNotShown(t *testing.T) {
	for _, entry := range []string{
		"key: sk-hunter2hunter2", "key: [sk-hunter2hunter2]", "key: {sk-hunter2hunter2}", "key: {env: sk-hunter2hunter2}", "key: {value: sk-hunter2hunter2}",
		"key: !x sk-hunter2hunter2", "api_key: hunter2", "pass_key: {env: hunter2}",
		"headers: {Authorization: hunter2}", "headers: {authorization: Bearer hunter2}", "headers: {Api-Key: hunter2}", "headers: {x-api-key: hunter2}",
		"headers: {X-Goog-Api-Key: hunter2}", "headers: {Cookie: a=hunter2}", "headers: {Ocp-Apim-Subscription-Key: hunter2}", "headers: {X-Auth: hunter2}",
		"headers: {X-Team: Bearer hunter2}", "headers: {X-Team: sk-hunter2hunter2}", "headers: {X-Team: x0123456789abcdefhunter20123456789}",
		"headers: [\"Authorization: Bearer hunter2\"]", "headers: \"Authorization: Bearer hunter2\"", "headers: {Authorization: [hunter2]}",
		"url: https://me:hunter2@host/v1", "url: https://hunter2@host/v1", "url: 'https://me:hunt#hunter2@host/v1'", "url: https://me:hunter2%@host/v1",
		"url: me:hunter2@host", "url: ftp://host?key=hunter2", "url: https://host/v1?api-key=hunter2", "url: https://host/v1?x=sk-hunter2hunter2",
		"url: 'https://host/v1#hunter2'", "url: 'ftp://host/v1#hunter2'", "url: sk-hunter2hunter2", "pool: sk-hunter2hunter2", "weight: sk-hunter2hunter2",
		"name: sk-hunter2hunter2", "model: \"sk-hunter2hunter2\\n\"",
	} {
		if !strings.HasPrefix(entry, "name") {
			entry = "name: a\n    " + entry
		}
		_, err := readText(t, nil, nil, "targets:\n  - "+entry+"\n")
		if err == nil {
			t.Errorf("%s\nis taken", entry)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s\n%v", entry, err)
		}
	}
	for _, fine := range []string{
		"headers: {X-Team: task-management, OpenAI-Organization: org-ABCdef0123456789ABCdef01, HTTP-Referer: 'https://my.example/a/b'}",
		"headers: {X-Subscription: 550e8400-e29b-41d4-a716-446655440000, X-Author: me}", "name: xai-primary", "name: hf-inference", "url: https://h/v1?api-version=2024-10-21",
	} {
		if !strings.HasPrefix(fine, "name") {
			fine = "name: a\n    " + fine
		}
		if _, err := readText(t, nil, nil, "targets:\n  - "+fine+"\n"); err != nil {
			t.Errorf("%s\n%v", fine, err)
		}
	}
}

func TestWarningsOfTargets(t *testing.T) {
	const token = "client_token: {env: CLIENTS}\n"
	const keyed, bare = "targets: [{name: a, key: {env: KEY}}]\n", "targets: [{name: a}]\n"
	rows := map[string]string{ // file: part of the warning, or ""
		keyed:         "",
		bare:          "",
		token + keyed: "",
		token + bare:  "recloser.yaml:2: targets[0] (a) would be called without any key",
		token:         "recloser.yaml:1: client_token: the upstream would be called without any key, since clients' Authorization is then not passed on, and there are no targets",
		token + keyed + "overrides: [{models: b, targets: []}]":                    "and overrides[0].targets is empty",
		token + keyed + "overrides: [{models: b, targets: [{name: c}]}]":           "recloser.yaml:3: overrides[0].targets[0] (c) would be called without any key",
		token + "targets: [{name: a, headers: {X-My: {env: KEY}}}]\n":              "",
		token + "targets: [{name: a, url: https://h/v1, pass_key: true}]\n":        "targets[0] (a) would be called without any key",
		"targets: [{name: a, url: https://api.openai.com}]\n":                      "recloser.yaml:1: targets[0].url has no path: did you mean https://api.openai.com/v1?",
		"listen: :8484\n" + token + keyed:                                          "",
		"listen: :8484\n" + bare:                                                   "",
		"listen: :8484\ntargets: [{name: a, url: https://h/v1, pass_key: true}]\n": "",
	}
	for _, text := range slices.Sorted(maps.Keys(rows)) {
		want := rows[text]
		c, err := readText(t, nil, []string{"CLIENTS=swordfish-swordfish, swordfish-of-old", "KEY=k"}, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		told := strings.ReplaceAll(strings.Join(c.Warnings, "\n"), filepath.Dir(c.file.name)+string(filepath.Separator), "")
		if want == "" && told != "" || !strings.Contains(told, want) || strings.Contains(told, "\n") {
			t.Errorf("%s: %q, want %q", text, told, want)
		}
	}
}

// TestOpenProxyWithKeys of its own is refused, however the keys are given.
func TestOpenProxyWithKeys(t *testing.T) {
	for _, text := range []string{
		"targets: [{name: a, key: {env: KEY}}]\n", "targets: [{name: a, headers: {X-My: {env: KEY}}}]\n",
		"overrides: [{models: b, targets: [{name: a, key: {env: KEY}}]}]\n",
	} {
		for _, listen := range []string{":8484", "0.0.0.0:8484", "10.0.0.1:8484", "[::]:0"} {
			_, err := readText(t, []string{"listen=" + listen}, []string{"KEY=hunter2"}, text)
			if err == nil || !strings.Contains(err.Error(), "other machines could spend through "+listen) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s at %s: %v", text, listen, err)
			}
		}
	}
}

// TestTargetsAreReadAgain with the secrets as they are then.
func TestTargetsAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	name, key := filepath.Join(dir, "recloser.yaml"), filepath.Join(dir, "key")
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func() *Serve {
		c, err := Read(Given{Flags: map[string]string{"config": name}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	write(name, "overrides: [{models: m, targets: [{name: a, key: {file: key}}]}]\n")
	write(key, "one")
	before := read()
	if attrs, _ := before.Replace(read()); len(attrs) > 0 {
		t.Errorf("the same: %v", attrs)
	}
	write(key, "two\n")
	after := read()
	if got := after.Guard.Overrides[0].Targets[0].Header.Get("Authorization"); got != "Bearer two" {
		t.Error(got)
	}
	if attrs, _ := before.Replace(after); len(attrs) != 1 || attrs[0].String() != "overrides=1 entries, with other secrets" {
		t.Errorf("another key: %v", attrs)
	}
	write(name, "targets: [{name: a}]\n")
	if attrs, _ := before.Replace(read()); len(attrs) != 2 || attrs[0].String() != "targets=0 -> 1 entries" {
		t.Errorf("another list: %v", attrs)
	}
}

// TestManyTargets and overrides are told with their line.
func TestManyTargets(t *testing.T) {
	many := func(n int) string { return strings.Repeat("  - {name: a}\n", n) }
	_, err := readText(t, nil, nil, "targets:\n"+many(33))
	if err == nil || err.Error() != "recloser.yaml:1: targets has 33 entries: use at most 32" {
		t.Error(err)
	}
	_, err = readText(t, nil, nil, "overrides:\n"+strings.Repeat("  - {models: a, retry: {max_retries: 1}}\n", 65))
	if err == nil || err.Error() != "recloser.yaml:1: overrides has 65 entries: use at most 64" {
		t.Error(err)
	}
}
