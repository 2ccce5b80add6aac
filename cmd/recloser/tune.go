package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/tune"
	"github.com/recloser/recloser/internal/nearest"
	"github.com/recloser/recloser/replay"
)

func newTune() *cobra.Command {
	times := &text{"answer", "answer|start"}
	limit, holdout, budget := &text{"1/month", "N/TIME"}, &text{"0.3", "SHARE"}, &text{"200", "N|TIME"}
	cmd := &cobra.Command{
		Use:   "tune TRACE...",
		Short: "Search recorded attempts for the best settings of circuits",
		Long: `Search for the settings of circuits and gates that would have lost least on recorded
attempts, and write them as a configuration for "recloser serve", with the reason for
each. Traces are those of "recloser replay".

The last part of each trace is held out: candidates are found on what comes before,
and the best few are judged on what they have not seen. If the gain over the defaults
may be chance, or is lost on that part, the defaults are recommended. Without an
outage on record nothing is.

The configuration goes to stdout, a summary to stderr. The same command prints the
same each time, unless its budget is a time.`,
		Example: `  recloser export > attempts.csv && recloser tune attempts.csv > recloser.yaml
  recloser tune --max-false-trips 0 --budget 1000 january.csv.gz february.csv.gz
  recloser tune --budget 30s recloser.db --json`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"csv", "gz", "db"}, cobra.ShellCompDirectiveFilterFileExt
		},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("name the traces to tune for, or - for the standard input")}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Var(limit, "max-false-trips", "openings while the service was well that there may be: 1/month, 2/week, 0")
	f.Var(holdout, "holdout", "share of each trace, at its end, that the search does not see")
	seed := f.Uint64("seed", 1, "another `NUMBER` is another search")
	f.Var(budget, "budget", "how many candidates are tried; or for how long, such as 30s")
	f.Var(times, "times", "where rows stand: at the answer or the start of an attempt; a history has it by itself")
	json := f.Bool("json", false, "write all that was found as JSON in place of the configuration")
	noFiles(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in := tune.Input{Options: tunable(), Build: buildCircuits, Seed: *seed}
		if err := readTuneFlags(&in, limit.value, holdout.value, budget.value, times.value); err != nil {
			return usageError{err}
		}
		bar := newProgress(cmd.ErrOrStderr())
		ctx, stop := onSignals(cmd.Context(), func() {})
		defer stop()
		var err error
		if in.Sources, err = sources(ctx, &traceReader{cmd.InOrStdin(), times.value == "answer", bar}, args); err != nil {
			return quietly(ctx, err)
		}
		begun := false
		in.Begun = func(n int) { begun = true; bar.begin("tuning", int64(n)) }
		in.Played = func(n int) { bar.add(int64(n)) }
		r, err := tune.Run(ctx, in)
		if begun {
			bar.end()
		}
		if err != nil {
			return quietly(ctx, err)
		}
		if err := r.WriteText(cmd.ErrOrStderr()); err != nil {
			return err
		}
		if *json {
			return r.WriteJSON(cmd.OutOrStdout())
		}
		return r.WriteYAML(cmd.OutOrStdout())
	}
	return cmd
}

// sources reads traces. The error joins what is wrong with each.
func sources(ctx context.Context, reader *traceReader, names []string) ([]tune.Source, error) {
	var all []tune.Source
	var errs []error
	for _, name := range names {
		t, err := reader.read(ctx, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		all = append(all, tune.Source{Name: filepath.Base(name), Trace: t.Trace})
	}
	return all, errors.Join(errs...)
}

// tunable are the options that tune may turn.
func tunable() []tune.Option {
	var all []tune.Option
	for _, o := range config.Options() {
		if strings.HasPrefix(o.Path, "breaker.") || strings.HasPrefix(o.Path, "gate.") {
			all = append(all, tune.Option{Name: o.Name, Path: o.Path, Default: o.Default, Values: o.Values})
		}
	}
	return all
}

// buildCircuits makes what "recloser serve" would make of settings, which are checked
// as its own.
func buildCircuits(of tune.Settings) (replay.Circuits, error) {
	c, err := config.Load(config.Flags(of))
	if err != nil {
		return replay.Circuits{}, err
	}
	return circuitsOf(c), nil
}

// maxCandidates bounds a search.
const maxCandidates = 1_000_000

// readTuneFlags reads the values of flags. The error joins what is wrong.
func readTuneFlags(in *tune.Input, limit, holdout, budget, times string) error {
	var errs []error
	wrong := func(flag, value, use string) { errs = append(errs, fmt.Errorf("--%s is %q: %s", flag, value, use)) }
	var err error
	if in.Limit, err = tune.ParseLimit(limit); err != nil {
		wrong("max-false-trips", limit, err.Error())
	}
	if in.Holdout, err = strconv.ParseFloat(holdout, 64); err != nil || !(in.Holdout >= 0.05 && in.Holdout <= 0.9) {
		wrong("holdout", holdout, "use a share from 0.05 to 0.9")
	}
	if n, err := strconv.Atoi(budget); err == nil && n > 0 && n <= maxCandidates {
		in.Budget.Candidates = n
	} else if d, err := time.ParseDuration(budget); err == nil && d > 0 && d <= 24*time.Hour {
		in.Budget = tune.Budget{Candidates: maxCandidates, Time: d}
	} else {
		wrong("budget", budget, fmt.Sprintf("use a number of candidates from 1 to %d, or a time such as 30s", maxCandidates))
	}
	return errors.Join(append(errs, checkTimes(times))...)
}

// checkTimes reads --times.
func checkTimes(text string) error {
	if text == "answer" || text == "start" {
		return nil
	}
	return fmt.Errorf("--times is %q: use answer or start%s", text, didYouMean(nearest.Of(text, []string{"answer", "start"})))
}
