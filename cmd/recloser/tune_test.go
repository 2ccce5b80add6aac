package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/tune"
	"github.com/recloser/recloser/replay"
)

// writeTraces writes traces of a call a second: with an outage every five minutes, with
// one, and with none.
func writeTraces(dir string) error {
	for name, fails := range map[string]func(second int) bool{
		"busy.csv": func(s int) bool { return s%300 >= 200 && s%300 < 230 },
		"once.csv": func(s int) bool { return s >= 600 && s < 640 },
		"calm.csv": func(int) bool { return false },
	} {
		var b strings.Builder
		b.WriteString("timestamp_s,model,outcome,latency_s,status\n")
		for s := range 2400 {
			if fails(s) {
				fmt.Fprintf(&b, "%d,m,error,0.1,503\n", s)
			} else {
				fmt.Fprintf(&b, "%d,m,ok,0.1,200\n", s)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(b.String()), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// TestEverythingThatIsTriedIsAConfiguration: what a search plays is what a file with
// these settings, written as tune writes them, makes.
func TestEverythingThatIsTriedIsAConfiguration(t *testing.T) {
	dir := t.TempDir()
	if err := writeTraces(dir); err != nil {
		t.Fatal(err)
	}
	sources, err := sources(t.Context(), &traceReader{ended: true}, []string{filepath.Join(dir, "busy.csv")})
	if err != nil {
		t.Fatal(err)
	}
	sources[0].Trace = sources[0].Trace.Part(0, 10*time.Minute)
	var mu sync.Mutex
	var good []tune.Settings
	wrong := 0
	in := tune.Input{
		Sources: sources, Options: tunable(), Limit: tune.Limit{In: time.Hour}, Holdout: 0.4, Budget: tune.Budget{Candidates: 64},
		Build: func(of tune.Settings) (replay.Circuits, error) {
			c, err := buildCircuits(of)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				wrong++
			} else {
				good = append(good, of)
			}
			return c, err
		},
	}
	if _, err := tune.Run(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if len(good) < 40 || wrong > len(good) {
		t.Errorf("%d candidates can be used and %d cannot", len(good), wrong)
	}
	for i, of := range good {
		if i%5 == 0 { // the rest is alike
			checkFile(t, filepath.Join(dir, "recloser.yaml"), of)
		}
	}
}

// checkFile writes settings as tune does, and reads them as serve does.
func checkFile(t *testing.T, file string, of tune.Settings) {
	t.Helper()
	r := tune.Result{Recommended: 1, Rows: make([]tune.Row, 2)}
	for _, o := range tunable() {
		if v, ok := of[o.Name]; ok {
			r.Fields = append(r.Fields, tune.Field{Path: o.Path, Value: v, Reason: "a reason"})
		}
	}
	var b strings.Builder
	if err := r.WriteYAML(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Read(config.Given{Flags: map[string]string{"config": file}})
	if err != nil {
		t.Errorf("%v: %v\n%s", of, err, b.String())
		return
	}
	for name, text := range of {
		if got := c.Settings.Get(name); got.Text != text {
			t.Errorf("%v: %s is %s", of, name, got.Text)
		}
	}
}

func TestBudgets(t *testing.T) {
	var in tune.Input
	if err := readTuneFlags(&in, "1/month", "0.3", "200", "answer"); err != nil || in.Budget != (tune.Budget{Candidates: 200}) {
		t.Errorf("%+v, %v", in.Budget, err)
	}
	if err := readTuneFlags(&in, "1/month", "0.3", "30s", "start"); err != nil || in.Budget.Time != 30*time.Second {
		t.Errorf("%+v, %v", in.Budget, err)
	}
}

// cmdTraces writes the traces of writeTraces where the script is.
func cmdTraces(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: traces")
	}
	ts.Check(writeTraces(ts.Getenv("WORK")))
}
