package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/internal/nearest"
	"github.com/recloser/recloser/replay"
)

// The most that may be asked for: a day of computing.
const (
	maxSeeds  = 10_000
	maxWorlds = 100_000
)

func newSimulate(streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Play made-up outages to circuit breakers, and compare them",
		Long: `Play policies against made-up services and those who call them, in virtual time,
and print how much worse each is than an oracle that knows the state of the
service: its regret, in requests of 1000, with its standard error. Scenarios
differ by their faults; random worlds have traffic, answer times and faults
drawn by the seed. Each attempt has the same luck whatever a policy does, and
the same command prints the same each time.

With one scenario, or with --detail, there is also the scorecard of each.

Scenarios:
` + scenarioHelp() + `

Policies:
` + policyHelp(),
		Example: `  recloser simulate
  recloser simulate --scenario outage --policy adaptive --policy gobreaker
  recloser simulate --scenario stall --format html > stall.html
  recloser simulate --seeds 20 --worlds 200 --json > table.json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().SortFlags = false
	scenarios := cmd.Flags().StringArray("scenario", nil, "a `NAME` of the list above, random for the worlds, random-NUMBER for one of them; may be given again. Without it: all")
	_ = cmd.RegisterFlagCompletionFunc("scenario", cobra.FixedCompletions(scenarioNames(), cobra.ShellCompDirectiveNoFileComp))
	names, list := policyFlags(cmd)
	seeds := cmd.Flags().Int("seeds", 4, "play each scenario with that `NUMBER` of seeds, from --seed on")
	worlds := cmd.Flags().Int("worlds", 40, "that `NUMBER` of random worlds; 0: none")
	detail := cmd.Flags().Bool("detail", false, "also the scorecard of each scenario")
	out := outputFlags(cmd)
	for _, name := range []string{"seeds", "worlds"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *list {
			return listPolicies(cmd.OutOrStdout())
		}
		format, err := out.format(cmd)
		if err != nil {
			return err
		}
		write, err := renderer(format, cmd.OutOrStdout())
		if err != nil {
			return err
		}
		columns, err := columnsOf(*scenarios, out.seed, *seeds, *worlds)
		if err != nil {
			return usageError{err}
		}
		c, err := choose(cmd, *names)
		if err != nil {
			return err
		}
		shown := *detail || len(columns) == 1
		b := &backtest{policies: c.together, seed: out.seed, watch: shown && format == "html", bar: newProgress(cmd.ErrOrStderr())}
		ctx, stop := onSignals(cmd.Context(), func() {})
		defer stop()
		made, err := b.simulate(ctx, columns, c, shown)
		if err != nil {
			return quietly(ctx, err)
		}
		return write(made)
	}
	return cmd
}

// random is the scenario that is another with each seed.
const random = "random"

func scenarioNames() []string {
	names := []string{}
	for _, s := range replay.Scenarios() {
		names = append(names, s.Name)
	}
	return append(names, random)
}

func scenarioHelp() string {
	var b strings.Builder
	for _, s := range replay.Scenarios() {
		entry(&b, s.Name, s.About)
	}
	entry(&b, random, "worlds drawn by the seed: any traffic, any of these faults")
	return strings.TrimRight(b.String(), "\n")
}

// columnsOf are the scenarios that are asked for.
func columnsOf(names []string, first uint64, seeds, worlds int) ([]replay.Column, error) {
	switch {
	case seeds < 1 || seeds > maxSeeds:
		return nil, fmt.Errorf("--seeds is %d: use 1 to %d", seeds, maxSeeds)
	case worlds < 0 || worlds > maxWorlds:
		return nil, fmt.Errorf("--worlds is %d: use 0 to %d", worlds, maxWorlds)
	}
	all := replay.Columns(first, seeds, worlds)
	if len(names) == 0 {
		return all, nil
	}
	var chosen []replay.Column
	var errs []error
	for _, name := range names {
		c, err := columnOf(name, all, worlds)
		chosen, errs = append(chosen, c), append(errs, err)
	}
	return chosen, errors.Join(errs...)
}

func columnOf(name string, all []replay.Column, worlds int) (replay.Column, error) {
	for _, c := range all {
		if c.Name == name {
			return c, nil
		}
	}
	if number, found := strings.CutPrefix(name, random+"-"); found {
		if seed, err := strconv.ParseUint(number, 10, 64); err == nil {
			return replay.Column{Name: name, Seeds: []uint64{seed}, Make: replay.Random}, nil
		}
	}
	if name == random && worlds == 0 {
		return replay.Column{}, errors.New("--scenario random: --worlds is 0")
	}
	return replay.Column{}, fmt.Errorf("--scenario %s: there is none of that name%s", name, didYouMean(nearest.Of(name, scenarioNames())))
}

// simulate plays scenarios.
func (b *backtest) simulate(ctx context.Context, columns []replay.Column, c chosen, detail bool) (*report.Backtest, error) {
	played := make([]report.Played, len(columns))
	p, total := &plays{bar: b.bar}, 0.
	about := map[string]string{}
	for _, s := range replay.Scenarios() {
		about[s.Name] = s.About
	}
	for i, column := range columns {
		policies := c.together
		if column.Keyed {
			policies = c.keyed
		}
		played[i].Name, played[i].About = column.Name, about[column.Name]
		if played[i].About == "" {
			played[i].About = "drawn by the seed"
		}
		for run, seed := range column.Seeds {
			s := column.Make(seed)
			stage := s.Stage(seed)
			if run == 0 {
				b.room(&played[i], len(column.Seeds), lengthOf(s))
			}
			b.add(p, stage, policies, &played[i], run)
			total += requestsOf(s) * float64(len(policies)+1)
		}
	}
	if err := p.shown(ctx, "simulating", int(total)); err != nil {
		return nil, err
	}
	return report.MakeBacktest(report.BacktestInput{
		Title: "Simulation", Seed: b.seed, Costs: replay.SpecCosts(), Policies: b.policies, Played: played, Table: true, Detail: detail,
	}), nil
}

// lengthOf is how long requests arrive in a scenario, and requestsOf about how many: by
// default as Scenario says.
func lengthOf(s replay.Scenario) time.Duration { return cmp.Or(s.Length, 20*time.Minute) }

func requestsOf(s replay.Scenario) float64 { return cmp.Or(s.Rate, 12) * lengthOf(s).Seconds() }
