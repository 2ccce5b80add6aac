package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/internal/nearest"
	"github.com/recloser/recloser/replay"
)

func newReplay(streams) *cobra.Command {
	times := &text{"answer", "answer|start"}
	cmd := &cobra.Command{
		Use:   "replay TRACE...",
		Short: "Play recorded attempts to circuit breakers, and compare them",
		Long: `Replay traces with several policies, in virtual time, and print a scorecard of
each: what users would have seen, how soon an outage is noticed and how soon its
end, which calls are wasted on a dead service and which are refused that would
have succeeded; and how much worse that is than what an oracle would do, the
regret.

A trace is CSV, packed by gzip or not, as "recloser export" writes it: it needs
timestamp_s and outcome. It is also the file of a history, of a "recloser serve
--record on"; and - is the standard input. Of several each has its scorecard,
and all together one.

Rows stand at the moment when the answer came, as in the logs of clients and in
what "recloser export" writes. If they stand where the call was sent, say
--times start: nobody can tell from the rows.

What a policy does at another time than was recorded is guessed from what was
recorded around that time; the report says how much that is, and what the regret
may be at best and at worst. The same command prints the same each time.

Policies:
` + policyHelp(),
		Example: `  recloser replay attempts.csv.gz
  recloser replay --policy adaptive --policy classic,probes=2 attempts.csv
  recloser replay --policy new.yaml --format html recloser.db > replay.html`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"csv", "gz", "db"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	cmd.Flags().SortFlags = false
	names, list := policyFlags(cmd)
	cmd.Flags().Var(times, "times", "where rows stand: at the answer or the start of an attempt; a history has it by itself")
	_ = cmd.RegisterFlagCompletionFunc("times", cobra.FixedCompletions([]string{"answer", "start"}, cobra.ShellCompDirectiveNoFileComp))
	perModel := cmd.Flags().Bool("per-model", false, "policies of others have a circuit for each model; otherwise one for all")
	out := outputFlags(cmd)
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 && !*list {
			return usageError{errors.New("name the traces to replay, or - for the standard input")}
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *list {
			return listPolicies(cmd.OutOrStdout())
		}
		if times.value != "answer" && times.value != "start" {
			near := nearest.Of(times.value, []string{"answer", "start"})
			return usageError{fmt.Errorf("--times is %q: use answer or start%s", times.value, didYouMean(near))}
		}
		format, err := out.format(cmd)
		if err != nil {
			return err
		}
		write, err := renderer(format, cmd.OutOrStdout())
		if err != nil {
			return err
		}
		c, err := choose(cmd, *names)
		if err != nil {
			return err
		}
		policies := c.together
		if *perModel {
			policies = c.keyed
		}
		b := &backtest{policies: policies, seed: out.seed, watch: format == "html", bar: newProgress(cmd.ErrOrStderr())}
		ctx, stop := onSignals(cmd.Context(), func() {})
		defer stop()
		reader := &traceReader{cmd.InOrStdin(), times.value == "answer", b.bar}
		made, err := b.replay(ctx, reader, args)
		if err != nil {
			return quietly(ctx, err)
		}
		return write(made)
	}
	return cmd
}

// quietly is an error, of which nothing is said if somebody has ended the command.
func quietly(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return exitError{exitInterrupted}
	}
	return err
}

// exitInterrupted is what shells expect after Ctrl-C.
const exitInterrupted = 130

// output is how the result is written, and what it depends on.
type output struct {
	kind *text
	json bool
	seed uint64
}

// format is the one that is asked for; an error says that there are two.
func (o *output) format(cmd *cobra.Command) (string, error) {
	switch {
	case o.json && cmd.Flags().Changed("format"):
		return "", usageError{errors.New("--json is --format json: leave one out")}
	case o.json:
		return "json", nil
	}
	return o.kind.value, nil
}

func outputFlags(cmd *cobra.Command) *output {
	o := &output{kind: &text{"text", "text|json|html"}}
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "another `NUMBER` is other luck")
	cmd.Flags().Var(o.kind, "format", "how it is written")
	cmd.Flags().BoolVar(&o.json, "json", false, "the same as --format json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json", "html"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("seed", cobra.NoFileCompletions)
	return o
}

// backtest plays policies.
type backtest struct {
	policies []replay.Policy // by whose name a result is known
	seed     uint64
	watch    bool // for plots
	bar      *progress
}

// replay plays traces. The error joins what is wrong with each.
func (b *backtest) replay(ctx context.Context, reader *traceReader, names []string) (*report.Backtest, error) {
	var traces []*loaded
	var errs []error
	for _, name := range names {
		t, err := reader.read(ctx, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		traces = append(traces, t)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	played := make([]report.Played, len(traces))
	for i, t := range traces {
		facts := t.Facts()
		played[i].Name, played[i].Trace, played[i].Models = t.name, &facts, t.Models()
		played[i].Unsorted, played[i].CallsTold = t.unsorted, t.callsTold
		b.room(&played[i], len(guesses()), facts.Length)
	}
	if err := b.likely(ctx, traces, played); err != nil {
		return nil, err
	}
	if err := b.bounds(ctx, traces, played); err != nil {
		return nil, err
	}
	return report.MakeBacktest(report.BacktestInput{
		Title: "Replay", Seed: b.seed, Costs: replay.SpecCosts(), Policies: b.policies, Played: played,
	}), nil
}

// guesses are the runs of a trace.
func guesses() []replay.Guess {
	return []replay.Guess{replay.Likely, replay.Optimistic, replay.Pessimistic}
}

// recorded is the client of traces: it waits as long as was recorded, so that what is
// on record stays a fact.
func recorded() replay.Client {
	c := replay.SpecClient()
	c.GiveUp = 0
	return c
}

// likely plays the traces as they are likely.
func (b *backtest) likely(ctx context.Context, traces []*loaded, played []report.Played) error {
	p, total := &plays{bar: b.bar, logs: true}, 0
	for i, t := range traces {
		b.add(p, t.Stage(replay.Likely, recorded(), b.seed), b.policies, &played[i], 0)
		total += t.Facts().Requests * (len(b.policies) + 1)
	}
	return p.shown(ctx, "replaying", total)
}

// bounds plays what had to be guessed at best and at worst. All else is as it was:
// where there are no 429s, or nothing was refused, guesses differ only in what is
// guessed.
func (b *backtest) bounds(ctx context.Context, traces []*loaded, played []report.Played) error {
	p, total := &plays{bar: b.bar}, 0
	for i, t := range traces {
		into := &played[i]
		for run, guess := range guesses()[1:] {
			stage := t.Stage(guess, recorded(), b.seed)
			p.add(stage, replay.Oracle(replay.SpecCosts()), &into.Oracle[run+1])
			total += t.Facts().Requests
			for j, policy := range b.policies {
				if first := &into.Policies[j][0]; first.Guessed == 0 && (first.Refused == 0 || into.Trace.Limited == 0) {
					into.Policies[j][run+1] = into.Policies[j][0]
					continue
				}
				p.add(stage, policy, &into.Policies[j][run+1])
				total += t.Facts().Requests
			}
		}
	}
	return p.shown(ctx, "replaying what is guessed", total)
}

// room makes room for what will come of the runs.
func (b *backtest) room(into *report.Played, runs int, length time.Duration) {
	into.Oracle, into.Policies = make([]replay.Score, runs), make([][]replay.Score, len(b.policies))
	for i := range into.Policies {
		into.Policies[i] = make([]replay.Score, runs)
	}
	if b.watch {
		into.Series = make([]replay.Series, len(b.policies)+1)
		for i := range into.Series {
			into.Series[i].Step = momentOf(length)
		}
	}
}

// add plans the runs of a stage, the first of which is watched.
func (b *backtest) add(p *plays, stage replay.Stage, policies []replay.Policy, into *report.Played, run int) {
	watched := func(policy replay.Policy, i int) replay.Policy {
		if run > 0 || into.Series == nil {
			return policy
		}
		return replay.Watch(policy, &into.Series[i])
	}
	p.add(stage, watched(replay.Oracle(replay.SpecCosts()), 0), &into.Oracle[run])
	for i, policy := range policies {
		p.add(stage, watched(policy, i+1), &into.Policies[i][run])
	}
}

// moments is about how many a plot has.
const moments = 100

// momentOf is the step of a plot.
func momentOf(length time.Duration) time.Duration {
	return (length / moments).Truncate(time.Second) + time.Second
}
