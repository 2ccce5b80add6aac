package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

var update = flag.Bool("update", false, "write the reports of testdata anew")

func TestReportsReadAsTheyDid(t *testing.T) {
	r := report.Make(month())
	empty := report.Make(report.Input{From: at(0), To: at(30 * 24 * 3600e9), SLO: 0.999})
	var b bytes.Buffer
	for _, one := range []struct {
		name  string
		write func() error
	}{
		{"month.txt", func() error { return r.WriteText(&b, 0, false) }},
		{"month-colour-100.txt", func() error { return r.WriteText(&b, 100, true) }},
		{"month.json", func() error { return r.WriteJSON(&b) }},
		{"month.html", func() error { return r.WriteHTML(&b) }},
		{"empty.txt", func() error { return empty.WriteText(&b, 80, false) }},
		{"empty.json", func() error { return empty.WriteJSON(&b) }},
		{"empty.html", func() error { return empty.WriteHTML(&b) }},
	} {
		b.Reset()
		if err := one.write(); err != nil {
			t.Fatal(one.name, err)
		}
		golden(t, one.name, b.Bytes())
	}
}

// golden demands that a file of testdata has the text, or writes it.
func golden(t *testing.T, name string, text []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, text) {
		t.Errorf("%s is another; if it should be: go test ./internal/report -update\n%s", file, text)
	}
}

func TestJSONCanBeReadBack(t *testing.T) {
	r := report.Make(month())
	var first, second bytes.Buffer
	if err := r.WriteJSON(&first); err != nil {
		t.Fatal(err)
	}
	var back report.Report
	if err := json.Unmarshal(first.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if err := back.WriteJSON(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("not what was written (%v)", err)
	}
}
