package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// outcome is what one run of go test showed.
type outcome struct {
	passed   int      // tests that passed
	failed   []string // tests that failed; a package's path if it failed outside a test
	noBuild  bool     // a package did not compile
	exitZero bool
	output   string // what was printed, for the reader of an error
}

// event is what we read of go test's -json lines.
type event struct {
	Action, Package, Test, Output, FailedBuild string
}

// goTest runs the packages' tests, with the overlay if there is one.
func goTest(ctx context.Context, dir, overlay, packages, pattern string, timeout time.Duration) (outcome, error) {
	args := []string{"test", "-json", "-vet=off", "-failfast", "-timeout=" + timeout.String()}
	if pattern != "" {
		args = append(args, "-run="+pattern)
	}
	args = append(args, strings.Fields(packages)...)

	// The build of the tests is in this bound too, hence the slack; go test's
	// own timeout, which names the hanging test, comes first.
	ctx, cancel := context.WithTimeout(ctx, timeout+5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = os.Environ()
	if overlay != "" {
		// In GOFLAGS, so that go commands which tests run see it as well.
		cmd.Env = append(cmd.Env, fmt.Sprintf("GOFLAGS=%s '-overlay=%s'", os.Getenv("GOFLAGS"), overlay))
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return outcome{}, fmt.Errorf("go test was stopped: %w", ctx.Err())
	}
	o := read(stdout.Bytes())
	o.exitZero = err == nil
	o.output += stderr.String()
	return o, nil
}

// read takes in the -json lines of a go test run.
func read(lines []byte) outcome {
	var o outcome
	var text strings.Builder
	failedIn := map[string]bool{}
	scanner := bufio.NewScanner(bytes.NewReader(lines))
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var e event
		if json.Unmarshal(scanner.Bytes(), &e) != nil {
			text.Write(scanner.Bytes())
			text.WriteByte('\n')
			continue
		}
		text.WriteString(e.Output)
		switch {
		case e.Action == "build-fail" || e.FailedBuild != "":
			o.noBuild = true
		case e.Action == "pass" && e.Test != "":
			o.passed++
		case e.Action == "fail" && e.Test != "":
			failedIn[e.Package] = true
			o.failed = append(o.failed, e.Test)
		case e.Action == "fail" && !failedIn[e.Package]:
			o.failed = append(o.failed, e.Package)
		}
	}
	slices.Sort(o.failed) // a parent right before its subtests
	o.output = text.String()
	return o
}
