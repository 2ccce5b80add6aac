package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/internal/nearest"
)

// streams are what a command has of the world around it.
type streams struct {
	out     io.Writer
	err     io.Writer
	environ []string // as os.Environ has it
}

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// run is the whole program, and returns its exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := newRoot(s)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	if told, ok := errors.AsType[exitError](err); ok {
		return told.code
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(s.err, "recloser: %s\n", strings.TrimRight(line, "\n"))
	}
	if _, ok := errors.AsType[usageError](err); !ok {
		return exitFailure
	}
	if cmd.Name() == helpName {
		cmd = root // help about help helps nobody
	}
	fmt.Fprintf(s.err, "Run \"%s --help\" for help.\n", cmd.CommandPath())
	return exitUsage
}

// usageError is what the command line or the environment is to blame for.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// newRoot builds the tree of commands.
func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "recloser",
		Short: "A circuit breaker in front of LLM APIs",
		Long: `Recloser stands between an application and the OpenAI API (or one like it).
When the API fails, it refuses calls at once instead of letting everybody wait,
asks with one call at a time whether the API is back, and then lets all in again.`,
		Example: `  recloser demo                  watch an outage and the recovery, with no key
  recloser serve                 the proxy, for base_url=http://127.0.0.1:8484/v1
  recloser mock --script "healthy 5s, down 20s, healthy"`,
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version:       buildVersion(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("recloser {{.Version}}\n")
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(explainFlag)
	root.SetUsageFunc(usage)
	root.AddCommand(newDemo(), newServe(s), newCheck(s), newStatus(s), newCircuits(s), newAlert(s), newReport(s), newExport(s), newImport(s), newReplay(s), newSimulate(s), newTune(), newMock(), newExplain(), newVersion())
	strictHelp(root)
	return root
}

// strictHelp makes "help" refuse what is no command.
func strictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{helpName})
	if err != nil {
		return // it has none
	}
	help.Args = func(_ *cobra.Command, args []string) error {
		cmd, rest, err := root.Find(args)
		if err != nil {
			return usageError{err}
		}
		return noSuchCommand(cmd, rest)
	}
}

// helpName is the command that prints help pages.
const helpName = "help"

// noSuchCommand refuses words after the program's name.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usageError{fmt.Errorf("there is no command %q%s", args[0], didYouMean(nearest.Of(args[0], names)))}
}

// noArguments refuses words that belong to no flag.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("%q belongs to no flag: this command takes only flags", args[0])}
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}
