package config

import (
	"iter"
	"os"
	"strings"
	"testing"
)

// wrongFiles are those of the scripts, by name.
func wrongFiles(tb testing.TB) iter.Seq2[string, string] {
	tb.Helper()
	var all []string
	for _, script := range []string{"wrong-files", "wrong-targets"} {
		data, err := os.ReadFile("../../testdata/script/" + script + ".txtar")
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, strings.Split(string(data), "\n-- ")[1:]...)
	}
	return func(yield func(name, text string) bool) {
		for _, part := range all {
			if name, text, found := strings.Cut(part, ".yaml --\n"); found && !yield(name, text) {
				return
			}
		}
	}
}

// FuzzFile: a file is refused with places and no panic, or what it comes to can be
// written, read again and is the same. The secret is never told.
func FuzzFile(f *testing.F) {
	for _, text := range wrongFiles(f) {
		f.Add(text)
	}
	f.Add(strings.ReplaceAll(chains, "KEY", "TOKEN"))
	f.Add("targets: &t\n  - name: a\n    headers: {x-a: null, Api-Key: {env: TOKEN}}\noverrides:\n  - models: [b]\n    targets: *t\n  - models: c\n    targets: []\nfallback: {on: [quota]}\n")
	f.Add("overrides:\n  - &a\n    models: [o3*]\n    breaker: {failure_rate: 0.5, ramp: on}\n  - *a\nadmin_token: {env: TOKEN}\n")
	f.Add("breaker: {slow_rate: 0.5, slow_after: 1s}\nadmin: off\nlog: {level: debug}\ngray: {html: off}\n")
	environ := []string{"TOKEN=hunter2"}
	f.Fuzz(func(t *testing.T, text string) {
		parsed := parse("f.yaml", "/nowhere", []byte(text))
		for _, ref := range parsed.references() {
			if ref.file != "" {
				t.Skip("it would open a file")
			}
		}
		c, err := assemble(Given{Environ: environ}, nil, parsed)
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if strings.HasPrefix(line, "recloser") || strings.Contains(line, "guard: ") || strings.Contains(line, "hunter2") && !strings.Contains(text, "hunter2") {
					t.Errorf("%q: %s", text, line)
				}
			}
			return
		}
		written := writeYAML(t, c)
		if strings.Contains(written, "hunter2") && !strings.Contains(text, "hunter2") {
			t.Errorf("%q: the secret is written", text)
		}
		again, err := assemble(Given{Environ: environ}, nil, parse("f.yaml", "/nowhere", []byte(written)))
		if err != nil {
			t.Fatalf("%q: %v\n%s", text, err, written)
		}
		if have, want := withoutComments(writeYAML(t, again)), withoutComments(written); have != want {
			t.Errorf("%q:\n%s\nthen\n%s", text, want, have)
		}
	})
}
