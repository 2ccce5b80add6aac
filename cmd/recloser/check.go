package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/app"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

func newCheck(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a configuration, and show what comes of it",
		Long: `Check a configuration as "recloser serve" would read it: the file, the environment
and the flags. If something is wrong, all of it is said, with file, line and field,
and the exit code is 1.

If nothing is, print the settings that are in force as a file that can be used
again, each with where it comes from. Secrets are not in it: they are written as
references, or left out.`,
		Example: `  recloser check --config recloser.yaml
  recloser check --config recloser.yaml --retries 0 > effective.yaml`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Read(config.Given{Flags: given(cmd), Environ: s.environ})
			if err != nil {
				return err
			}
			if _, err := app.AlertTargets(cfg); err != nil {
				return err
			}
			for _, v := range cfg.Unknown(s.environ) {
				fmt.Fprintf(cmd.ErrOrStderr(), "recloser: warning: %s is no setting%s\n", v.Name, didYouMean(v.Nearest))
			}
			for _, warning := range cfg.Warnings {
				fmt.Fprintf(cmd.ErrOrStderr(), "recloser: warning: %s\n", warning)
			}
			return cfg.WriteYAML(cmd.OutOrStdout())
		},
	}
	addServeOptions(cmd)
	return cmd
}
