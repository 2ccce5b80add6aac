package main

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	list, err := parse(`
# a comment
mutant: first
file: a/b.go
old:   if x == "a: b" {  
new:   if false && x == "" {
test: ./a   ./b
run: TestX|TestY

mutant: second
file: c.go
old: count++
new:
test: .
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []mutant{
		{name: "first", file: "a/b.go", old: `if x == "a: b" {`, new: `if false && x == "" {`, tests: "./a ./b", run: "TestX|TestY", line: 3},
		{name: "second", file: "c.go", old: "count++", tests: ".", line: 10},
	}
	if len(list) != 2 || list[0] != want[0] || list[1] != want[1] {
		t.Errorf("have %+v", list)
	}
	if got := named(list, "sec"); len(got) != 1 || got[0] != want[1] {
		t.Errorf("named: %+v", got)
	}
}

func TestParseErrors(t *testing.T) {
	const whole = "mutant: m\nfile: f\nold: a\nnew: b\ntest: .\n"
	for text, want := range map[string]string{
		"file: f":                 "1: \"file\" comes before the first",
		"mutant: m\nfile f":       "2: want \"key: value\"",
		"mutant: m\nflie: f":      "2: unknown key \"flie\"",
		"mutant: m\nfile: f":      "1: mutant \"m\" needs file, old and test",
		whole + "new: c":          "6: \"new\" is given twice",
		whole + "\n" + whole:      "7: a second mutant \"m\"",
		whole[:len(whole)-8] + "": "needs file, old and test",
		"mutant: m\nfile: f\nold: a\nnew: a\ntest: .": "changes nothing",
	} {
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want an error with %q, have %v", text, want, err)
		}
	}
}

// The list that is in use must stay readable.
func TestTheListParses(t *testing.T) {
	if _, err := readList("mutants.txt"); err != nil {
		t.Error(err)
	}
}
