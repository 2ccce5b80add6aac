package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// try runs the command on the module in testdata.
func try(t *testing.T, list string, args ...string) (code int, out string) {
	t.Helper()
	t.Setenv("GOWORK", "off")
	path := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	args = append(append([]string{"-dir", filepath.Join("testdata", "module")}, args...), path)
	code = run(t.Context(), args, &b, &b)
	return code, b.String()
}

const entry = "mutant: NAME\nfile: sum/sum.go\nold: OLD\nnew: NEW\ntest: ./sum\n\n"

func mutantOf(name, old, new string) string {
	return strings.NewReplacer("NAME", name, "OLD", old, "NEW", new).Replace(entry)
}

func TestVerdicts(t *testing.T) {
	for _, test := range []struct{ name, list, want string }{
		{"a failing test", mutantOf("m", "total += n", "total -= n"), `(?s)killed +m .*by TestOf`},
		{"a panic", mutantOf("m", "total := 0", "total := 0; _ = numbers[9]"), `(?s)killed +m .*by TestOf`},
		{"a hang", mutantOf("m", "return total", "for { }"), `(?s)killed +m .*by `},
		{"no test notices", mutantOf("m", "if n < 0 {", "if n < -1 {"), `(?s)SURVIVED +m .*sum.go: "if n < 0 {" became`},
		{"no such line", mutantOf("m", "total *= n", ""), `(?s)DID NOT APPLY +m .*found 0 times`},
		{"not the only such line", mutantOf("m", "total", "n"), `(?s)DID NOT APPLY +m .*found [34] times`},
		{"no such file", strings.Replace(mutantOf("m", "a", "b"), "sum.go", "none.go", 1), `(?s)DID NOT APPLY +m .*none.go`},
		{"no Go", mutantOf("m", "total += n", "total += "), `(?s)DID NOT COMPILE +m .*syntax error`},
		{"a type error", mutantOf("m", "total += n", "total += nn"), `(?s)DID NOT COMPILE +m .*undefined: nn`},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out := try(t, test.list, "-timeout", "5s")
			if !regexp.MustCompile(test.want).MatchString(out) {
				t.Errorf("want %q, have:\n%s", test.want, out)
			}
			if allKilled := strings.HasPrefix(test.want, "(?s)killed"); (code == 0) != allKilled {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestManyAtATime(t *testing.T) {
	list := mutantOf("one", "total += n", "total -= n") + mutantOf("two", "total := 0", "total := 1") +
		mutantOf("three", "if n < 0 {", "if n < -1 {")
	code, out := try(t, list, "-j", "2")
	if code != 1 || !strings.Contains(out, "mutants: 2 killed, 1 survived, 0 could not be tried") {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
	code, out = try(t, list, "-only", "two")
	if code != 0 || !strings.Contains(out, "mutants: 1 killed, 0 survived, 0 could not be tried") {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
}

func TestTestsMustPassWithoutMutant(t *testing.T) {
	list := strings.Replace(mutantOf("m", "total += n", "total -= n"), "./sum", "./none", 1)
	code, out := try(t, list)
	if code != 1 || !strings.Contains(out, "without any mutant, the tests of ./none fail") {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
}

func TestTestsMustBeRun(t *testing.T) {
	code, out := try(t, mutantOf("m", "total += n", "total -= n")+"run: TestNone")
	if code != 1 || !strings.Contains(out, "no test of ./sum was run") {
		t.Errorf("exit code %d, output:\n%s", code, out)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {"-j", "0", "a"}, {"-what"}, {"none.txt"}} {
		var b strings.Builder
		if code := run(t.Context(), args, &b, &b); code != 2 || b.Len() == 0 {
			t.Errorf("%q: exit code %d, output %q", args, code, b.String())
		}
	}
}
