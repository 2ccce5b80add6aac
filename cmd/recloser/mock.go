package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/app"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/openaitest"
)

func newMock() *cobra.Command {
	var addr string
	var cfg openaitest.Config
	cmd := &cobra.Command{
		Use:   "mock",
		Short: "Run a stand-in for the OpenAI API that fails as scripted",
		Long: `Run a stand-in for the OpenAI API. It answers chat completions, responses,
embeddings, models, files, batches and realtime with made-up text, and fails as the
script says: phases of a fault and a duration, divided by commas. The script's time
begins with the first call. Several faults at once are joined by +; the word loop
in place of a last phase begins again. The same seed gives the same run.

The faults:
` + faultTable(),
		Example: `  recloser mock
  recloser mock --script "healthy 5s, down 20s, flaky 0.3 10s, healthy"
  recloser mock --script "rate-limited retry-after=3s" --key sk-test-1234567890
  recloser serve --upstream http://127.0.0.1:8486/v1    a proxy in front of it`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkMock(addr, cfg); err != nil {
				return usageError{err}
			}
			return runMock(cmd.Context(), addr, cfg, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&addr, "listen", "127.0.0.1:8486", "`HOST:PORT` to listen on; port 0 takes a free one")
	f.StringVar(&cfg.Script, "script", "healthy", "the `SCRIPT` that it plays")
	f.Uint64Var(&cfg.Seed, "seed", 0, "another `NUMBER` is another run")
	f.DurationVar(&cfg.Latency, "latency", 0, "`DURATION` before a healthy answer")
	f.DurationVar(&cfg.ChunkInterval, "chunk-interval", 0, "`DURATION` between two events of a healthy stream")
	f.IntVar(&cfg.Chunks, "chunks", 8, "`NUMBER` of tokens in an answer; in a stream each is an event")
	f.StringSliceVar(&cfg.Models, "models", nil, "the only models that exist, as a `LIST` divided by commas; every one by default")
	f.StringVar(&cfg.APIKey, "key", "", "API `KEY` that calls must present; none by default")
	noFiles(cmd)
	return cmd
}

// checkMock names the flags that are wrong.
func checkMock(addr string, cfg openaitest.Config) error {
	errs := []error{config.CheckListen("listen", addr)}
	wrong := func(ok bool, flag string, value any, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("--%s is %v: use %s", flag, value, want))
		}
	}
	wrong(cfg.Latency >= 0, "latency", cfg.Latency, "0 or more, such as 200ms")
	wrong(cfg.ChunkInterval >= 0, "chunk-interval", cfg.ChunkInterval, "0 or more, such as 50ms")
	wrong(cfg.Chunks >= 1 && cfg.Chunks <= 100_000, "chunks", cfg.Chunks, "1 to 100000")
	if _, err := openaitest.Parse(cfg.Script); err != nil {
		errs = append(errs, scriptProblem(err))
	}
	return errors.Join(errs...)
}

// scriptProblem says where in the flag's value an error is.
func scriptProblem(err error) error {
	var syntax *openaitest.SyntaxError
	if !errors.As(err, &syntax) {
		return fmt.Errorf("--script: %w", err)
	}
	line, column := syntax.Position()
	if line > 1 {
		return fmt.Errorf("--script, line %d, column %d: %s", line, column, syntax.Message)
	}
	return fmt.Errorf("--script, column %d: %s", column, syntax.Message)
}

// runMock serves until a signal ends it, and says what it served.
func runMock(ctx context.Context, addr string, cfg openaitest.Config, out io.Writer) error {
	line, err := openaitest.Parse(cfg.Script)
	if err != nil {
		return err
	}
	local, err := openaitest.Listen(addr, cfg)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", addr, app.ListenProblem(err))
	}
	ctx, stop := onSignals(ctx, func() {})
	defer stop()
	fmt.Fprintf(out, "listening on %s\nplaying %s\n", local.BaseURL, line)
	<-ctx.Done()
	err = local.Close()
	fmt.Fprintf(out, "served %s\n", served(local.Counts()))
	return err
}

// served is "3 calls: 1 down, 2 healthy".
func served(c openaitest.Counts) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c.ByFault)) {
		parts = append(parts, fmt.Sprintf("%d %s", c.ByFault[name], name))
	}
	calls := fmt.Sprintf("%d calls", c.Attempts)
	if c.Attempts == 1 {
		calls = "1 call"
	}
	if len(parts) == 0 {
		return calls
	}
	return calls + ": " + strings.Join(parts, ", ")
}

// faultTable lists the words of scripts, two lines each.
func faultTable() string {
	var b strings.Builder
	for _, w := range openaitest.Words() {
		entry(&b, w.Usage, w.Meaning)
	}
	return strings.TrimRight(b.String(), "\n")
}
