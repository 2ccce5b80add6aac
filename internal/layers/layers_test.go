package layers_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recloser/recloser/internal/layers"
)

const rule = "the rule"

// tree parses sources given as path, text, path, text.
func tree(t *testing.T, pathsAndTexts ...string) layers.Tree {
	t.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i < len(pathsAndTexts); i += 2 {
		fsys[pathsAndTexts[i]] = &fstest.MapFile{Data: []byte(pathsAndTexts[i+1])}
	}
	loaded, err := layers.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// expect wants exactly one violation with all of the words, or none without
// words.
func expect(t *testing.T, found []string, words ...string) {
	t.Helper()
	if len(words) == 0 {
		if len(found) != 0 {
			t.Errorf("violations where none is: %q", found)
		}
		return
	}
	if len(found) != 1 {
		t.Fatalf("want one violation with %q, have %q", words, found)
	}
	for _, w := range words {
		if !strings.Contains(found[0], w) {
			t.Errorf("%q does not mention %q", found[0], w)
		}
	}
}

func TestLoadLeavesOutWhatGoIgnores(t *testing.T) {
	got := tree(t,
		"a/a.go", "package a",
		"a/a_test.go", "package a_test",
		"a/testdata/x.go", "not Go at all",
		"a/node_modules/x/x.go", "not Go at all",
		".cache/x.go", "not Go at all",
		"_old/x.go", "not Go at all",
		"a/_x.go", "not Go at all",
		"a/README.md", "not Go at all",
	)
	if len(got.Files) != 2 || len(got.Shipped().Files) != 1 {
		t.Errorf("want a.go and a_test.go, have %v", got.Files)
	}
}

func TestLoadRefusesBrokenSource(t *testing.T) {
	_, err := layers.Load(fstest.MapFS{"a/a.go": {Data: []byte("pakage a")}})
	if err == nil || !strings.Contains(err.Error(), "a/a.go:1") {
		t.Errorf("want an error that names the file, have %v", err)
	}
}

func TestCheckImports(t *testing.T) {
	rules := []layers.Rule{
		{Name: rule, Dir: ".", Ours: []string{"core"}},
		{Name: rule, Dir: "core", Never: []string{"net/http"}},
		{Name: rule, Dir: "edge", Ours: []string{"core"}, Tests: []string{"fake"}},
		{Name: rule, Dir: "fake"},
	}
	for _, test := range []struct {
		name, path, src string
		want            []string
	}{
		{"allowed", "edge/e.go", `import "example.com/m/core"`, nil},
		{"allowed with net/http", "edge/e.go", `import "net/http"`, nil},
		{"its own inner package", "core/c.go", `import "example.com/m/core/internal/w"`, nil},
		{"its own outer package", "core/internal/w/w_test.go", `import "example.com/m/core"`, nil},
		{"another module with the same beginning", "core/c.go", `import "example.com/mm/edge"`, nil},
		{"forbidden package", "core/c.go", `import "net/http"`, []string{"core/c.go", "net/http", rule}},
		{"below a forbidden package", "core/c.go", `import "net/http/httptest"`, []string{"net/http/httptest"}},
		{"forbidden in tests too", "core/c_test.go", `import "net/http"`, []string{"core/c_test.go"}},
		{"sideways", "core/c.go", `import "example.com/m/edge"`, []string{"core may not import edge"}},
		{"from an inner folder", "core/internal/w/w.go", `import "example.com/m/fake"`, []string{"core may not import fake"}},
		{"the root", "core/c.go", `import "example.com/m"`, []string{"core may not import ."}},
		{"in tests", "edge/e_test.go", `import "example.com/m/fake"`, nil},
		{"for tests only", "edge/e.go", `import "example.com/m/fake"`, []string{"edge may not import fake"}},
		{"no row", "new/n.go", ``, []string{"no rule", "new", "add a row"}},
		{"a name with the same beginning", "corex/c.go", ``, []string{"no rule", "corex"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := tree(t, test.path, "package x; "+test.src)
			expect(t, layers.CheckImports(got, "example.com/m", rules), test.want...)
		})
	}
}

func TestCheckStandardOnly(t *testing.T) {
	got := tree(t, "a/a.go", `package a; import ("net/http"; "example.com/m/b"; "gopkg.in/yaml")`)
	expect(t, layers.CheckStandardOnly(got, rule, "example.com/m"), "a/a.go", "gopkg.in/yaml", rule)
}

func TestCheckImporters(t *testing.T) {
	table := map[string][]string{"example.com/db": {"store"}}
	got := tree(t,
		"store/inner/s.go", `package s; import "example.com/db/driver"`,
		"page/p.go", `package p; import "example.com/db"`,
		"page/q.go", `package p; import "example.com/dbx"`,
	)
	expect(t, layers.CheckImporters(got, rule, table), "page/p.go", "only [store] may", rule)
}

func TestCheckSiblings(t *testing.T) {
	check := func(path, imported string) []string {
		got := tree(t, path, `package x; import "`+imported+`"`)
		return layers.CheckSiblings(got, rule, "internal", "m.org/internal", []string{"app"}, []string{"report"})
	}
	expect(t, check("internal/app/a.go", "m.org/internal/feed"))
	expect(t, check("internal/feed/f.go", "m.org/internal/report"))
	expect(t, check("internal/fleet/redis/r.go", "m.org/internal/fleet"))
	expect(t, check("main.go", "m.org/internal/feed"))
	expect(t, check("internal/feed/f.go", "m.org/internal/history"), "internal/feed/f.go", "sibling history", rule)
	expect(t, check("internal/feed/f_test.go", "m.org/internal/fleet/redis"), "sibling fleet")
	expect(t, check("internal/report/r.go", "m.org/internal/app"), "sibling app")
}

func TestCheckNoRequire(t *testing.T) {
	expect(t, layers.CheckNoRequire([]byte("module m\n\ngo 1.26\n"), rule))
	expect(t, layers.CheckNoRequire([]byte("module m\n\nrequire example.com/x v1.0.0\n"), rule), "go.mod:3", "example.com/x", rule)
	expect(t, layers.CheckNoRequire([]byte("module m\n\nrequire (\n\texample.com/x v1.0.0\n)\n"), rule), "go.mod:3")
}
