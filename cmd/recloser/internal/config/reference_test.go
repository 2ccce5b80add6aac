package config

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/configuration.md and docs/recloser.schema.json anew")

// referenceText is what docs/configuration.md says around its tables.
//
//go:embed testdata/configuration.md
var referenceText string

// referenceTables list all options, by section of the file.
func referenceTables() string {
	var b strings.Builder
	last := ""
	for _, o := range Options() {
		if o.Group != last {
			last = o.Group
			fmt.Fprintf(&b, "\n### %s\n\n| field | flag | variable | default | meaning |\n| --- | --- | --- | --- | --- |\n", o.Group)
		}
		name := "`" + o.Path + "`"
		if o.Varies {
			name += " †"
		}
		def := "none"
		if o.Default != "" {
			def = "`" + o.Default + "`"
		}
		meaning := strings.NewReplacer("|", "\\|").Replace(o.Usage)
		if o.Kind == Choice && len(o.Values) > 1 {
			meaning += ". One of `" + strings.Join(o.Values, "`, `") + "`"
		}
		if o.Fixed {
			meaning += ". Not changed by SIGHUP"
		}
		fmt.Fprintf(&b, "| %s | `--%s` | `%s` | %s | %s |\n", name, o.Name, Variable(o.Name), def, meaning)
	}
	return strings.TrimPrefix(b.String(), "\n")
}

func TestReferenceIsThatOfTheCode(t *testing.T) {
	written(t, "configuration.md", strings.Replace(referenceText, "{{tables}}\n", referenceTables(), 1))
}

// written demands that a file of docs has the text, or writes it.
func written(t *testing.T, name, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(docs(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.ReadFile(docs(name))
	if err != nil {
		t.Fatal(err)
	}
	if string(was) != text {
		t.Errorf("docs/%s is not what the code says: run go test ./internal/config -run IsThatOfTheCode -update in cmd/recloser", name)
	}
}

// examples are the files that the documentation shows.
func examples(t *testing.T) (files []string) {
	t.Helper()
	for _, name := range []string{docs("configuration.md"), docs("../README.md")} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(string(data), "```yaml\n")
		for _, part := range parts[1:] {
			text, _, _ := strings.Cut(part, "```")
			files = append(files, text)
		}
	}
	if len(files) == 0 {
		t.Error("the documentation shows no file")
	}
	return files
}

func TestExamplesOfTheDocumentationAreRight(t *testing.T) {
	for _, text := range examples(t) {
		c, err := readFurnished(t, []string{"RECLOSER_ADMIN_TOKEN=swordfish"}, text)
		if err != nil {
			t.Errorf("%s\n%v", text, err)
		} else if len(c.Warnings) > 0 {
			t.Errorf("%s\n%v", text, c.Warnings)
		}
	}
}

// readFurnished reads a file whose secrets it puts where they are looked for. Each
// has "hunter2" in it, and is another one.
func readFurnished(t *testing.T, environ []string, text string) (*Serve, error) {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "recloser.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, ref := range parse(name, dir, []byte(text)).references() {
		secret := fmt.Sprintf("hunter2-hunter2-%d", i)
		if ref.file == "" {
			environ = append(environ, ref.env+"="+secret)
			continue
		}
		if err := os.MkdirAll(filepath.Dir(ref.file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(ref.file, []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Read(Given{Flags: map[string]string{"config": name}, Environ: environ})
}
