package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/internal/nearest"
)

func newCircuits(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "circuits",
		Short: "List the circuits of a proxy that runs, and operate them",
		Long: `List the circuits of a running proxy, force one open, disable, observe or reset it,
or bypass all in an emergency. Whatever is done is in the proxy's history and log.`,
		Example: `  recloser circuits list
  recloser circuits mode api.openai.com/gpt-5 forced-open
  recloser circuits reset api.openai.com/gpt-5
  recloser circuits bypass on`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c := adminFlags(cmd, s)
	cmd.AddCommand(newCircuitsList(c), newCircuitsMode(c), newCircuitsReset(c), newBypass(c))
	return cmd
}

func newCircuitsList(c *adminClient) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the circuits: name, state, mode, why",
		Args: noArguments, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := c.status(cmd.Context())
			if err != nil {
				return err
			}
			for _, row := range o.Circuits {
				fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\t%s\n", shown(row.Name), row.State, row.Mode, shown(row.Why))
			}
			return nil
		},
	}
}

func newCircuitsMode(c *adminClient) *cobra.Command {
	modes := []string{breaker.Normal.String(), breaker.Observe.String(), breaker.ForcedOpen.String(), breaker.Disabled.String()}
	return &cobra.Command{
		Use: "mode NAME MODE", Short: "Set the mode of a circuit: normal, observe, forced-open or disabled",
		Long: `Set the mode of a circuit, which stays over restarts:

  normal       refuse as its state says
  observe      decide and count, but refuse nothing
  forced-open  refuse everything
  disabled     refuse nothing and decide nothing`,
		Args: words("the name of a circuit and a mode", 2),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return modes, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(modes, args[1]) {
				return usageError{fmt.Errorf("the mode is %q: use normal, observe, forced-open or disabled%s", args[1], didYouMean(nearest.Of(args[1], modes)))}
			}
			return c.act(cmd, map[string]string{"mode": args[1]}, "circuits", args[0], "mode")
		},
	}
}

func newCircuitsReset(c *adminClient) *cobra.Command {
	return &cobra.Command{
		Use: "reset NAME", Short: "Close a circuit, and forget what spoke against the service",
		Args: words("the name of a circuit", 1), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error { return c.act(cmd, nil, "circuits", args[0], "reset") },
	}
}

func newBypass(c *adminClient) *cobra.Command {
	return &cobra.Command{
		Use: "bypass on|off", Short: "In an emergency: let every call through, whatever the circuits say",
		Long: `Let every call through, whatever the circuits say, or end that. It also ends with the
proxy's process.`,
		Args: words("on or off", 1), ValidArgsFunction: cobra.FixedCompletions([]string{"on", "off"}, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "on" && args[0] != "off" {
				return usageError{fmt.Errorf("%q is neither on nor off", args[0])}
			}
			return c.act(cmd, map[string]bool{"on": args[0] == "on"}, "bypass")
		},
	}
}

// words demands so many.
func words(what string, n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return usageError{fmt.Errorf("give %s", what)}
	}
}

// act does something, and says what came of it.
func (c *adminClient) act(cmd *cobra.Command, body any, parts ...string) error {
	answer, err := c.ask(cmd.Context(), http.MethodPost, body, parts...)
	if err != nil {
		return err
	}
	var done struct {
		Row    *statusRow
		Bypass *bool
	}
	if err := json.Unmarshal(answer, &done); err != nil {
		return fmt.Errorf("the answer is none of a proxy: %w", err)
	}
	switch {
	case done.Row != nil:
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, mode %s\n", shown(done.Row.Name), done.Row.State, done.Row.Mode)
	case done.Bypass != nil && *done.Bypass:
		fmt.Fprintln(cmd.OutOrStdout(), "The bypass is on: every call is let through.")
	default:
		fmt.Fprintln(cmd.OutOrStdout(), "The bypass is off.")
	}
	return nil
}
