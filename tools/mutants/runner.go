package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// verdict is what became of a mutant.
type verdict string

const (
	killed      verdict = "killed"
	survived    verdict = "SURVIVED"
	notApplied  verdict = "DID NOT APPLY"
	notCompiled verdict = "DID NOT COMPILE"
	notTested   verdict = "NOT TESTED"
)

type result struct {
	verdict verdict
	detail  string
	took    time.Duration
}

type runner struct {
	dir     string
	timeout time.Duration
	jobs    int
	out     io.Writer
}

// baseline runs the tests that the list names on the code as it is. If they
// fail there, a failure says nothing of a mutant.
func (r runner) baseline(ctx context.Context, list []mutant) bool {
	tried := map[[2]string]bool{}
	sound := true
	for _, m := range list {
		command := [2]string{m.tests, m.run}
		if tried[command] {
			continue
		}
		tried[command] = true
		o, err := goTest(ctx, r.dir, "", m.tests, m.run, r.timeout)
		switch {
		case err != nil:
			fmt.Fprintf(r.out, "without any mutant, %s: %v\n", m.tests, err)
		case !o.exitZero:
			fmt.Fprintf(r.out, "without any mutant, the tests of %s fail (run: %q):\n%s\n", m.tests, m.run, tail(o.output))
		case o.passed == 0:
			fmt.Fprintf(r.out, "no test of %s was run (run: %q)\n", m.tests, m.run)
		default:
			continue
		}
		sound = false
	}
	return sound
}

// all tries every mutant, prints each verdict as it comes and a sum at the
// end, and tells whether all were killed.
func (r runner) all(ctx context.Context, list []mutant) bool {
	var mu sync.Mutex
	var counts = map[verdict]int{}
	var wg sync.WaitGroup
	slots := make(chan struct{}, r.jobs)
	for _, m := range list {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			res := r.try(ctx, m)
			mu.Lock()
			defer mu.Unlock()
			counts[res.verdict]++
			fmt.Fprintf(r.out, "%-16s %s (%.1f s)%s\n", res.verdict, m.name, res.took.Seconds(), indent(res.detail))
		})
	}
	wg.Wait()
	fmt.Fprintf(r.out, "mutants: %d killed, %d survived, %d could not be tried\n",
		counts[killed], counts[survived], len(list)-counts[killed]-counts[survived])
	return counts[killed] == len(list)
}

func (r runner) try(ctx context.Context, m mutant) result {
	began := time.Now()
	v, detail := r.verdict(ctx, m)
	return result{v, detail, time.Since(began)}
}

func (r runner) verdict(ctx context.Context, m mutant) (verdict, string) {
	scratch, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return notTested, err.Error()
	}
	defer os.RemoveAll(scratch)
	overlay, err := m.overlay(r.dir, scratch)
	if err != nil {
		return notApplied, err.Error()
	}
	o, err := goTest(ctx, r.dir, overlay, m.tests, m.run, r.timeout)
	if err != nil {
		return notTested, err.Error()
	}
	return judge(o, m)
}

// judge tells a kill from everything else that makes go test fail.
func judge(o outcome, m mutant) (verdict, string) {
	switch {
	case o.noBuild:
		return notCompiled, tail(o.output)
	case len(o.failed) > 0:
		return killed, "by " + o.failed[0]
	case !o.exitZero:
		return notTested, tail(o.output)
	case o.passed == 0:
		return notTested, "no test was run"
	}
	return survived, fmt.Sprintf("%s: %q became %q, and %d tests of %s passed", m.file, m.old, m.new, o.passed, m.tests)
}

// tail returns the last lines of a text.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

func indent(text string) string {
	return strings.ReplaceAll("\n"+text, "\n", "\n    ")
}
