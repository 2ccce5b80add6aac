// Command mutants checks the tests: it breaks one line of the code at a time
// and demands that a test fails.
//
//	mutants [-j 2] [-timeout 2m] [-only text] [-dir .] LIST
//
// LIST is described in mutants.txt beside this file. Nothing is written to the
// tree: each mutant is shown to the go command with its -overlay flag, so the
// build cache stays warm and mutants can run beside each other. A test that
// reads source files from the disk does not see a mutant; one that runs the go
// command itself does.
//
// It exits 0 if every mutant was killed, 1 if one survived or could not be
// tried, and 2 if the list cannot be read or names none.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(stderr)
	jobs := flags.Int("j", 2, "how many mutants to try at a time")
	timeout := flags.Duration("timeout", 2*time.Minute, "how long the tests of one mutant may take")
	only := flags.String("only", "", "try only mutants whose name contains this text")
	dir := flags.String("dir", ".", "the root of the tree that the list speaks of")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 || *jobs < 1 {
		fmt.Fprintln(stderr, "usage: mutants [-j N] [-timeout D] [-only TEXT] [-dir DIR] LIST")
		return 2
	}
	list, err := readList(flags.Arg(0))
	if err != nil {
		fmt.Fprintln(stderr, "mutants:", err)
		return 2
	}
	list = named(list, *only)
	if len(list) == 0 {
		fmt.Fprintln(stderr, "mutants: there is none to try")
		return 2
	}
	r := runner{dir: *dir, timeout: *timeout, jobs: *jobs, out: stdout}
	if !r.baseline(ctx, list) || !r.all(ctx, list) {
		return 1
	}
	return 0
}
