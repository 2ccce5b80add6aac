package main

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/history"
	"github.com/recloser/recloser/cmd/recloser/internal/trace"
	"github.com/recloser/recloser/fault"
)

func newExport(s streams) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the recorded attempts as CSV",
		Long: `Write the attempts that "recloser serve --record on" has kept, one a row, without
anything of their content:

  timestamp_s      seconds since the first row, when the answer had arrived
  model            that was asked for
  outcome          ok or error
  latency_s        from the start of the attempt to its end
  request_tokens   that the answer tells of; likewise response_tokens
  status           of HTTP; 0: no answer came
  call, attempt    which attempts belong to one call, and their order in it
  circuit, kind    where it was made, and what came back

What is not known is empty. "recloser import" reads it again.`,
		Example: `  recloser export > attempts.csv
  recloser export --since 1d | gzip > attempts.csv.gz`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().SortFlags = false
	historyFlag(cmd, s, &file)
	since := sinceFlag(cmd, "all")
	_ = cmd.RegisterFlagCompletionFunc("since", cobra.NoFileCompletions)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		r, err := readHistory(cmd.Context(), file)
		if err != nil {
			return err
		}
		defer r.Close()
		to := time.Now().Add(time.Minute)
		begin, err := from(cmd.Context(), r, since.value, to)
		if err != nil {
			return err
		}
		return export(cmd.Context(), r, begin, to, cmd.OutOrStdout())
	}
	return cmd
}

// errNoneRecorded is of a history without attempts.
var errNoneRecorded = errors.New("no attempts are recorded in that time: they are while recloser serve runs with --record on")

func export(ctx context.Context, r *history.Reader, from, to time.Time, out io.Writer) error {
	w := trace.NewWriter(out)
	first := time.Time{}
	for a, err := range r.Attempts(ctx, from, to) {
		if err != nil {
			return err
		}
		if first.IsZero() {
			first = a.At
		}
		if err := w.Write(rowOf(&a, a.At.Sub(first))); err != nil {
			return err
		}
	}
	if first.IsZero() {
		return errNoneRecorded
	}
	return w.Close()
}

func rowOf(a *history.Attempt, at time.Duration) trace.Row {
	_, model, found := strings.Cut(a.Circuit, "/")
	if !found {
		model = a.Circuit
	}
	row := trace.Row{
		At: max(at, 0).Round(time.Millisecond), Model: model, OK: a.Kind == fault.Success, Latency: a.Duration.Round(time.Millisecond),
		RequestTokens: told(a.Input), ResponseTokens: told(a.Output), Status: a.Status,
		Attempt: a.Number, Circuit: a.Circuit, Kind: a.Kind.String(),
	}
	if a.Duration <= 0 {
		row.Latency = trace.Unknown
	}
	if a.Call != 0 {
		row.Call = strconv.FormatUint(a.Call, 16)
	}
	return row
}

// told is a number that is not known where it is 0.
func told(n int64) int64 {
	if n == 0 {
		return trace.Unknown
	}
	return n
}
