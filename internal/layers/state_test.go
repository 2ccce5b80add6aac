package layers_test

import (
	"testing"

	"github.com/recloser/recloser/internal/layers"
)

func TestCheckNoState(t *testing.T) {
	for _, test := range []struct {
		name, src string
		want      []string
	}{
		{"a constant", `const c = 1`, nil},
		{"an interface check", `var _ error = (*T)(nil)`, nil},
		{"a sentinel", `import "errors"; var ErrX = errors.New("x")`, nil},
		{"a sentinel of a type", `var ErrX = &kind{"x"}`, nil},
		{"a pattern", `import "regexp"; var p = regexp.MustCompile("x")`, nil},
		{"a table", `var names = map[int]string{1: "a"}; func F() string { return names[1] }`, nil},
		{"a page", "import _ \"embed\"\n\n//go:embed page.html\nvar page []byte", nil},
		{"a local variable", `func F() { var n int; n++ }`, nil},
		{"a row of a table", `var t = []T{}; func F() string { return (&t[0]).name }`, nil},
		{"a namesake", `var t = []int{1}; func F() { t := T{}; t.x = 1 }; func G(t *T) { t.x = 1 }; func H() { for _, t := range u { t.x = 1 } }`, nil},

		{"a counter", `var n int`, []string{"a/a.go:1", "a.n", "neither", rule}},
		{"a mutex", `import "sync"; var mu sync.Mutex`, []string{"a.mu"}},
		{"a second name", `var m, n = f()`, []string{"a.m", "a.n"}},
		{"a clock", `import "time"; var now = time.Now`, []string{"a.now"}},
		{"a default made by a function", `var Default = New()`, []string{"a.Default"}},
		{"a table that is assigned", `var t = []int{}; func F() { t = nil }`, []string{"a.t", "written", rule}},
		{"a table that grows", `var t = map[int]int{}; func F() { t[1] = 2 }`, []string{"a.t", "written"}},
		{"a table that shrinks", `var t = map[int]int{}; func F() { delete(t, 1) }`, []string{"a.t", "written"}},
		{"a field", `var c = T{}; func F() { c.x.y++ }`, []string{"a.c", "written"}},
		{"an address", `var c = T{}; func F() *T { return &c }`, []string{"a.c", "written"}},
		{"an exempt one", `var version = "dev"`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := tree(t, "a/a.go", "package a; "+test.src, "a/a_test.go", "package a; var seed int")
			found := layers.CheckNoState(got, rule, "a.version")
			if test.name == "a second name" {
				if len(found) != 2 {
					t.Errorf("want two violations, have %q", found)
				}
				return
			}
			expect(t, found, test.want...)
		})
	}
}
