package layers_test

import (
	"testing"

	"github.com/recloser/recloser/internal/layers"
)

func TestCheckClock(t *testing.T) {
	for _, test := range []struct {
		name, src string
		want      []string
	}{
		{"a pure function", `import "time"; func F(t time.Time) time.Time { return t.Add(time.Second) }`, nil},
		{"the clock", `import "time"; func FAt() time.Time { return time.Now() }`, []string{"a/a.go:1", "time.Now", "a.FAt", rule}},
		{"the clock as a value", `import "time"; func F() { f := time.Now; _ = f }`, []string{"time.Now"}},
		{"the clock under another name", `import clock "time"; func F() { clock.Sleep(1) }`, []string{"time.Sleep"}},
		{"the clock in a variable", `import "time"; var start = time.Now()`, []string{"time.Now"}},
		{"a timer", `import "time"; func F() { <-time.After(1) }`, []string{"time.After"}},
		{"a deadline", `import "context"; func F(c context.Context) { context.WithTimeout(c, 1) }`, []string{"context.WithTimeout"}},
		{"global randomness", `import "math/rand/v2"; func F() float64 { return rand.Float64() }`, []string{"math/rand/v2.Float64"}},
		{"randomness that is given", `import "math/rand/v2"; func F(r *rand.Rand) float64 { return rand.New(rand.NewPCG(1, 2)).Float64() }`, nil},
		{"a namesake", `type c struct{}; func (c) Now() {}; func F(time c) { time.Now() }`, nil},
		{"a goroutine", `func F() { go func() {}() }`, []string{"goroutine", "a.F"}},

		{"a short form", `import "time"; func F() { FAt(time.Now()) }; func FAt(time.Time) {}`, nil},
		{"a short form of a method", `import "time"; type T[K any] struct{}; func (t *T[K]) F() { t.FAt(time.Now()) }; func (t *T[K]) FAt(time.Time) {}`, nil},
		{"a short form of another type", `import "time"; type T struct{}; func (T) FAt(time.Time) {}; func F() { time.Now() }`, []string{"a.F "}},
		{"a goroutine in a short form", `func F() { go FAt() }; func FAt() {}`, []string{"goroutine"}},
		{"an exempt one", `import "time"; type T struct{}; func (T) Exempt() { time.Now() }`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := tree(t, "a/a.go", "package a; "+test.src, "a/a_test.go", `package a; import "time"; var now = time.Now`)
			expect(t, layers.CheckClock(got, rule, "a.T.Exempt"), test.want...)
		})
	}
}

func TestCheckDotImports(t *testing.T) {
	expect(t, layers.CheckDotImports(tree(t, "a/a.go", `package a; import . "time"`), rule), "a/a.go:1", "time", rule)
	expect(t, layers.CheckDotImports(tree(t, "a/a.go", `package a; import _ "time"`), rule))
}

func TestCheckPackageNames(t *testing.T) {
	expect(t, layers.CheckPackageNames(tree(t, "x/utility.go", "package utility"), rule))
	expect(t, layers.CheckPackageNames(tree(t, "x/a.go", "package util", "x/b.go", "package util"), rule), "x", `"util"`, rule)
	expect(t, layers.CheckPackageNames(tree(t, "x/a_test.go", "package common_test"), rule), "common")
}

func TestCheckNoInit(t *testing.T) {
	expect(t, layers.CheckNoInit(tree(t, "a/a.go", "package a; type T int; func (T) init() {}"), rule))
	expect(t, layers.CheckNoInit(tree(t, "a/a.go", "package a; func init() {}"), rule), "a/a.go:1", "func init", rule)
}
