package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

// What the commands about a history have in common.

// historyFlag adds the flag that names the file. Without it, it is the one that
// "recloser serve" would have.
func historyFlag(cmd *cobra.Command, s streams, file *string) {
	def := config.DefaultHistory()
	for _, entry := range s.environ {
		if name, text, _ := strings.Cut(entry, "="); name == config.Variable("history") && text != "" && text != "off" && text != "auto" {
			def = text
		}
	}
	cmd.Flags().Var(&text{def, "FILE"}, "history", "the history, as of recloser serve")
	cmd.PreRun = func(cmd *cobra.Command, _ []string) { *file = cmd.Flags().Lookup("history").Value.String() }
}

// readHistory opens a history that may be in use.
func readHistory(ctx context.Context, file string) (*history.Reader, error) {
	r, err := history.Read(ctx, file, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no history %s: run recloser serve first, or name another with --history", file)
	}
	return r, err
}

// sinceFlag adds the flag that says how far to look back.
func sinceFlag(cmd *cobra.Command, def string) *text {
	t := &text{def, "TIME"}
	cmd.Flags().Var(t, "since", "how far back: 30d, 12h; or all")
	return t
}

// from is where a span begins that ends at to: not before the first that is known,
// since what was before would count as calm.
func from(ctx context.Context, r *history.Reader, since string, to time.Time) (time.Time, error) {
	begin := time.Time{}
	if since != "all" {
		d, err := report.ParseAge(since)
		if err != nil {
			return time.Time{}, usageError{fmt.Errorf("--since is %q: %w, or all", since, err)}
		}
		begin = to.Add(-d)
	}
	first, _, err := r.Bounds(ctx)
	switch {
	case err != nil:
		return time.Time{}, err
	case first.IsZero() || first.After(to):
		first = to
	}
	if first.After(begin) {
		begin = first
	}
	return begin, nil
}
