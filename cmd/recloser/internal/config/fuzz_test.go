package config

import (
	"os"
	"strings"
	"testing"
)

// FuzzFile: a file is refused with places and no panic, or what it comes to can be
// written, read again and is the same. The secret is never told.
func FuzzFile(f *testing.F) {
	files, err := os.ReadFile("../../testdata/script/wrong-files.txtar")
	if err != nil {
		f.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(files), "\n-- ")
	for part := range strings.SplitSeq(rest, "\n-- ") {
		if _, text, found := strings.Cut(part, ".yaml --\n"); found {
			f.Add(text)
		}
	}
	f.Add("overrides:\n  - &a\n    models: [o3*]\n    breaker: {failure_rate: 0.5, ramp: on}\n  - *a\nadmin_token: {env: TOKEN}\n")
	f.Add("breaker: {slow_rate: 0.5, slow_after: 1s}\nadmin: off\nlog: {level: debug}\ngray: {html: off}\n")
	environ := []string{"TOKEN=hunter2"}
	f.Fuzz(func(t *testing.T, text string) {
		parsed := parse("f.yaml", "/nowhere", []byte(text))
		for _, v := range parsed.values {
			if v.ref != nil && v.ref.file != "" {
				t.Skip("it would open a file")
			}
		}
		c, err := assemble(nil, parsed, environ)
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if strings.HasPrefix(line, "recloser") || strings.Contains(line, "hunter2") && !strings.Contains(text, "hunter2") {
					t.Errorf("%q: %s", text, line)
				}
			}
			return
		}
		written := writeYAML(t, c)
		if strings.Contains(written, "hunter2") && !strings.Contains(text, "hunter2") {
			t.Errorf("%q: the secret is written", text)
		}
		again, err := assemble(nil, parse("f.yaml", "/nowhere", []byte(written)), environ)
		if err != nil {
			t.Fatalf("%q: %v\n%s", text, err, written)
		}
		if have, want := withoutComments(writeYAML(t, again)), withoutComments(written); have != want {
			t.Errorf("%q:\n%s\nthen\n%s", text, want, have)
		}
	})
}
