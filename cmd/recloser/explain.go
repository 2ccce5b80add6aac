package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/recloser/recloser/cmd/recloser/internal/explain"
)

func newExplain() *cobra.Command {
	var table bool
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say what an answer of the API means, and by which rule",
		Long: `Print the table by which Recloser tells what an answer of the API means: its rows
are tried from the top, and the first that fits decides.

Given recorded exchanges on stdin, one JSON object a line, say of each what the
proxy would have made of it:

  {"endpoint": "POST /v1/chat/completions", "status": 429, "headers": {},
   "body": {...} or "text"}
  {"endpoint": "/v1/responses", "status": 200, "events": ["{...}", "[DONE]"]}
  {"endpoint": "embeddings", "transport": "connection_refused"}

An event is its data, or an object with "event" and "data"; "transport" names the
error where no answer came, or broke the answer off. Only "status" or "transport"
must be there.

The answer, on one line:

  kind          success, service, overload, timeout, rate_limit, quota, caller
                or cancelled
  counts        whether a circuit counts it as a failure
  retry         whether the call may be sent again
  wait_seconds  how long the service asks to wait, or null
  user_message  the words for an end user, or null
  why           what it means, and which row and signals say so

A line that cannot be read is answered by {"line", "error"}, and the exit code is
then 1; the others are answered all the same.`,
		Example: `  recloser explain | less
  recloser explain < exchanges.jsonl
  echo '{"status":429,"body":{"error":{"code":"slow_down"}}}' | recloser explain`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runExplain(cmd.Context(), table, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&table, "table", false, "print the table, whatever is on stdin")
	noFiles(cmd)
	return cmd
}

// runExplain prints the table where there is nothing to explain.
func runExplain(ctx context.Context, table bool, in io.Reader, out io.Writer) error {
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		table = true
	}
	r := bufio.NewReader(in)
	if table {
		return explain.Table(out)
	}
	if _, err := r.Peek(1); errors.Is(err, io.EOF) {
		return explain.Table(out)
	}
	return explain.Lines(ctx, r, out)
}
