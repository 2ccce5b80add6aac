package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const output = `cpu: Some CPU
BenchmarkPeerClosed/form=do/impl=recloser     100  30.0 ns/op  0 B/op  0 allocs/op
BenchmarkPeerClosed/form=do/impl=gobreaker    100  100 ns/op  48 B/op  1 allocs/op
BenchmarkPeerClosed/form=do/impl=gobreaker-2  100  300 ns/op  48 B/op  1 allocs/op
BenchmarkPeerClosed/form=do/impl=go-zero      100  900 ns/op  0 B/op  0 allocs/op
BenchmarkPeerClosed/form=do/impl=recloser     100  50.0 ns/op  0 B/op  0 allocs/op
BenchmarkPeerClosed/form=do/impl=gobreaker    100  140 ns/op  48 B/op  1 allocs/op
BenchmarkOther/impl=gobreaker                 100  1 ns/op
PASS
`

func TestTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.txt")
	if err := os.WriteFile(path, []byte(output), 0o600); err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := run([]string{path}, &page); err != nil {
		t.Fatal(err)
	}
	const want = `
| do | gobreaker | 120 | 300 | 48 | 1 | 3.0 |  |
| do | go-zero | 900 |  | 0 | 0 | 22 |  |
| do | recloser | 40 |  | 0 | 0 | 1.0 |  |
`
	if !strings.Contains(page.String(), want) || strings.Contains(page.String(), "Open:") {
		t.Errorf("got\n%s\nwant rows\n%s", page.String(), want)
	}
	for _, row := range []string{"Medians of 1 runs on Some CPU", "gobreaker to recloser | 3.0 | ≥ 4 | no |"} {
		if !strings.Contains(page.String(), row) {
			t.Errorf("no %q in\n%s", row, page.String())
		}
	}
	if err := run([]string{os.DevNull}, &page); err == nil {
		t.Error("an empty file was not noticed")
	}
}
