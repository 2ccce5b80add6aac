package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/history"
)

func newImport(s streams) *cobra.Command {
	var file string
	start, circuit := &text{"", "TIME"}, &text{"", "NAME"}
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Read recorded attempts, or incidents, into a history",
		Long: `Read traces into a history, so that "recloser report" can be made of them. A trace
is CSV, packed by gzip or not, as "recloser export" writes it: it needs timestamp_s
(seconds) and outcome (ok or error), and may have model, latency_s, request_tokens,
response_tokens, status, call, attempt, circuit and kind, in any order.

What a circuit would have done is found by playing the attempts to one that only
observes, with the thresholds of "recloser serve" as they are by default: that is
where the outages of the report come from.

A file that has start and end instead is a history of incidents, as status pages
have it: each is an outage.

The history must be one that nobody else writes: name a file of its own.`,
		Example: `  recloser import attempts.csv.gz --history trace.db
  recloser report --history trace.db --since all`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"csv", "gz"}, cobra.ShellCompDirectiveFilterFileExt
		},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("name the files to read")}
			}
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	historyFlag(cmd, s, &file)
	cmd.Flags().Var(start, "start", "when the trace begins, such as 2026-11-24T09:00:00Z; without it, it ends now")
	cmd.Flags().Var(circuit, "circuit", "name of the circuit where the file has none; without it, the file's name")
	for _, name := range []string{"start", "circuit"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		begin := time.Time{}
		if start.value != "" {
			t, err := time.Parse(time.RFC3339, start.value)
			if err != nil {
				return usageError{fmt.Errorf("--start is %q: use a time such as 2026-11-24T09:00:00Z", start.value)}
			}
			begin = t
		}
		h, err := history.Open(cmd.Context(), history.Config{Path: file})
		if err != nil {
			return err
		}
		var problems []error
		for _, name := range args {
			taken, err := importFile(cmd.Context(), h, name, circuit.value, begin)
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", name, err))
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d attempts, %d events\n", name, taken.Attempts, taken.Events)
		}
		return errors.Join(append(problems, h.Close(cmd.Context()))...)
	}
	return cmd
}

// importFile reads one file.
func importFile(ctx context.Context, h *history.History, name, circuit string, begin time.Time) (history.Imported, error) {
	f, err := os.Open(name)
	if err != nil {
		return history.Imported{}, unpathed(err)
	}
	defer f.Close()
	if circuit == "" {
		circuit, _, _ = strings.Cut(filepath.Base(name), ".")
	}
	items, err := past(f, circuit, begin)
	if err != nil {
		return history.Imported{}, err
	}
	return h.Import(ctx, items)
}

// unpathed is an error of a file whose name the message has.
func unpathed(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err
	}
	return err
}
