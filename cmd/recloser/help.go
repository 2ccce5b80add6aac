package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groupKey is the annotation of a flag with the heading that it is under.
const groupKey = "group"

// Where help pages put things.
const (
	helpWidth  = 80
	helpIndent = 34
)

// usage writes the part of a help page that lists things.
func usage(cmd *cobra.Command) error {
	w := cmd.OutOrStderr()
	line := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		line = cmd.CommandPath() + " COMMAND [flags]"
	}
	fmt.Fprintf(w, "Usage:\n  %s\n", line)
	if cmd.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\nCommands:\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				entry(w, c.Name(), c.Short)
			}
		}
	}
	for _, g := range groups(cmd) {
		fmt.Fprintf(w, "\n%s:\n", g.heading)
		for _, f := range g.flags {
			entry(w, syntax(f), meaning(f))
		}
	}
	return nil
}

// group is a heading with the flags under it.
type group struct {
	heading string
	flags   []*pflag.Flag
}

// groups puts a command's flags under their headings, those without one last.
func groups(cmd *cobra.Command) []group {
	var all []group
	rest := group{heading: "Flags"}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		heading := strings.Join(f.Annotations[groupKey], "")
		switch {
		case f.Hidden:
		case heading == "":
			rest.flags = append(rest.flags, f)
		case len(all) == 0 || all[len(all)-1].heading != heading:
			all = append(all, group{heading, []*pflag.Flag{f}})
		default:
			last := &all[len(all)-1]
			last.flags = append(last.flags, f)
		}
	})
	if len(rest.flags) == 0 {
		return all
	}
	if len(all) > 0 {
		rest.heading = "Other"
	}
	return append(all, rest)
}

// syntax is how a flag is written.
func syntax(f *pflag.Flag) string {
	line := "--" + f.Name
	if f.Shorthand != "" {
		line = "-" + f.Shorthand + ", " + line
	}
	if arg, _ := pflag.UnquoteUsage(f); arg != "" {
		line += " " + arg
	}
	return line
}

// meaning is a flag's line, with its default.
func meaning(f *pflag.Flag) string {
	_, usage := pflag.UnquoteUsage(f)
	if f.DefValue == "" || f.DefValue == "false" || f.DefValue == "[]" {
		return usage
	}
	return usage + " (default " + f.DefValue + ")"
}

// entry writes two columns, the second of which is wrapped.
func entry(w io.Writer, left, right string) {
	line := "  " + left
	if len(line) > helpIndent-2 {
		fmt.Fprintln(w, line)
		line = ""
	}
	line += strings.Repeat(" ", helpIndent-len(line))
	empty := true
	for word := range strings.FieldsSeq(right) {
		switch {
		case empty:
			line += word
		case len(line)+1+len(word) > helpWidth:
			fmt.Fprintln(w, line)
			line = strings.Repeat(" ", helpIndent) + word
		default:
			line += " " + word
		}
		empty = false
	}
	fmt.Fprintln(w, line)
}
