package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/internal/nearest"
)

// text is a flag whose value is read later, so that all bad values are told at
// once.
type text struct{ value, arg string }

func (t *text) String() string { return t.value }
func (t *text) Type() string   { return t.arg }

// Set takes any text.
func (t *text) Set(value string) error {
	t.value = value
	return nil
}

// addOptions makes flags of options.
func addOptions(cmd *cobra.Command, options []config.Option) {
	for _, o := range options {
		cmd.Flags().Var(&text{o.Default, o.Arg}, o.Name, o.Usage)
		// The only errors are those of a flag that does not exist.
		_ = cmd.Flags().SetAnnotation(o.Name, groupKey, []string{o.Group})
		if o.Arg == "FILE" {
			continue // the shell knows them
		}
		_ = cmd.RegisterFlagCompletionFunc(o.Name, cobra.FixedCompletions(o.Values, cobra.ShellCompDirectiveNoFileComp))
	}
	cmd.Flags().SortFlags = false
}

// addServeOptions makes the flags of "recloser serve".
func addServeOptions(cmd *cobra.Command) {
	addOptions(cmd, append([]config.Option{config.FileOption()}, config.Options()...))
	_ = cmd.MarkFlagFilename(config.FileOption().Name, "yaml", "yml")
}

// given returns the flags that are on the command line.
func given(cmd *cobra.Command) map[string]string {
	texts := make(map[string]string)
	cmd.Flags().Visit(func(f *pflag.Flag) { texts[f.Name] = f.Value.String() })
	return texts
}

// explainFlag words what the command line parser found.
func explainFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	if words := cmd.Flags().Args(); !cmd.HasParent() && len(words) > 0 {
		return noSuchCommand(cmd, words) // the flags are of no command that there is
	}
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		err = fmt.Errorf("there is no flag -%s", unknown.GetSpecifiedShortnames())
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		near := nearest.Of(name, flagNames(cmd))
		if near != "" {
			near = "--" + near
		}
		err = fmt.Errorf("there is no flag --%s%s", name, didYouMean(near))
	case errors.As(err, &bare):
		err = fmt.Errorf("--%s needs a value: %s", bare.GetFlag().Name, bare.GetFlag().Value.Type())
	case errors.As(err, &invalid):
		err = fmt.Errorf("--%s is %q: use %s", invalid.GetFlag().Name, invalid.GetValue(), accepted(invalid.GetFlag()))
	}
	return usageError{err}
}

// accepted says what a flag that is read at once takes.
func accepted(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "duration":
		return "a duration such as 30s or 1m30s"
	case "bool":
		return "true or false"
	}
	return "a whole number from 0"
}

// noFiles keeps completion from offering files as values of flags.
func noFiles(cmd *cobra.Command) {
	for _, name := range flagNames(cmd) {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}
