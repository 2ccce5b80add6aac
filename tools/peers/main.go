// Command peers makes Markdown tables of the benchmarks of bench/peers, which
// benchstat would spread over a dozen columns:
//
//	peers FILE...
//
// A FILE is the output of one or more runs. Each figure is the median of all.
// Ratios are to Recloser in the same form, on as many cores: 3.0 means that a
// call takes three times as long as Recloser's.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(files []string, out io.Writer) error {
	r, err := readRuns(files)
	if err != nil {
		return err
	}
	r.write(out)
	return nil
}
