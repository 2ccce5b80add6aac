package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/internal/nearest"
)

func newReport(s streams) *cobra.Command {
	var file string
	format, slo := &text{"text", "text|json|html"}, &text{"0.999", "SHARE"}
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Say how reliable the service was, and what Recloser saved",
		Long: `Print a report from a history: for each circuit and in total, how often the service
answered and how often users were answered; the outages, with their causes, how long
it took to notice them and until the service was back; what was refused, and what
was saved and rescued by that; latencies; and what is left of the error budget.

The history is that of "recloser serve", which may be running, or one that
"recloser import" made. HTML is one file, which needs nothing else.`,
		Example: `  recloser report
  recloser report --since 7d --format html > report.html
  recloser report --since all --format json --history trace.db`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().SortFlags = false
	historyFlag(cmd, s, &file)
	since := sinceFlag(cmd, "30d")
	cmd.Flags().Var(format, "format", "how it is written")
	cmd.Flags().Var(slo, "slo", "share of calls that are to be answered")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json", "html"}, cobra.ShellCompDirectiveNoFileComp))
	for _, name := range []string{"since", "slo"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		target, err := strconv.ParseFloat(slo.value, 64)
		if err != nil || !(target > 0 && target < 1) {
			return usageError{fmt.Errorf("--slo is %q: use a share between 0 and 1, such as 0.999", slo.value)}
		}
		write, err := renderer(format.value, cmd.OutOrStdout())
		if err != nil {
			return err
		}
		r, err := readHistory(cmd.Context(), file)
		if err != nil {
			return err
		}
		defer r.Close()
		to := time.Now()
		begin, err := from(cmd.Context(), r, since.value, to)
		if err != nil {
			return err
		}
		if since.value == "all" {
			if to, err = end(cmd.Context(), r, begin, to); err != nil {
				return err
			}
		}
		made, err := makeReport(cmd.Context(), r, begin, to, target)
		if err != nil {
			return err
		}
		return write(made)
	}
	return cmd
}

// end is where all that is known ends: of what was imported, at its last; of a proxy
// now, where it may be calm.
func end(ctx context.Context, r *history.Reader, from, now time.Time) (time.Time, error) {
	starts, err := r.Events(ctx, from, now, report.StartEvent)
	if err != nil || len(starts) > 0 {
		return now, err
	}
	_, last, err := r.Bounds(ctx)
	if err != nil || last.IsZero() {
		return now, err
	}
	return last.Add(time.Nanosecond), nil
}

// makeReport reads what a report is made of.
func makeReport(ctx context.Context, r *history.Reader, from, to time.Time, slo float64) (*report.Report, error) {
	cells, err := r.Cells(ctx, from, to, 0, "")
	if err != nil {
		return nil, err
	}
	events, err := r.Events(ctx, from, to)
	if err != nil {
		return nil, err
	}
	return report.Make(report.Input{From: from, To: to, Cells: cells, Events: events, SLO: slo}), nil
}

// rendered is what can be written in each format.
type rendered interface {
	WriteText(w io.Writer, width int, colour bool) error
	WriteJSON(w io.Writer) error
	WriteHTML(w io.Writer) error
}

// renderer finds how a report is written to w.
func renderer(format string, w io.Writer) (func(rendered) error, error) {
	switch format {
	case "text":
		width, colour := 80, false
		if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
				width = columns
			}
			colour = os.Getenv("NO_COLOR") == ""
		}
		return func(r rendered) error { return r.WriteText(w, width, colour) }, nil
	case "json":
		return func(r rendered) error { return r.WriteJSON(w) }, nil
	case "html":
		return func(r rendered) error { return r.WriteHTML(w) }, nil
	}
	err := fmt.Errorf("--format is %q: use text, json or html%s", format, didYouMean(nearest.Of(format, []string{"text", "json", "html"})))
	return nil, usageError{err}
}
