package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/internal/nearest"
	"github.com/recloser/recloser/replay"
)

// The policies of "recloser replay" and "recloser simulate".

const (
	adaptiveName = "adaptive"
	classicName  = "classic"
	policyName   = "policy" // the option that chooses one of them
	aboutOurs    = "Recloser's %s, at two levels, a gate holding back calls after a 429 (docs/configuration.md)"
)

// defaultPolicies are those that are compared unless others are named.
func defaultPolicies() []string {
	return []string{adaptiveName, classicName, "gobreaker", "resilience4j", "hystrix", "polly", "envoy", "sre-throttle", "none"}
}

// presets are all that have a name. Each model has a circuit of the peers if keyed,
// otherwise all have one.
func presets(keyed bool) ([]replay.Policy, error) {
	var own [2]replay.Circuits
	for i, name := range []string{adaptiveName, classicName} {
		c, err := config.Load(config.Flags(map[string]string{policyName: name}))
		if err != nil {
			return nil, err
		}
		own[i] = circuitsOf(c)
	}
	return append([]replay.Policy{
		own[0].Policy(adaptiveName, fmt.Sprintf(aboutOurs, "adaptive policy: opens when a row of failures is too unlikely at the failure rate of before, and probes by a square root law")),
		own[1].Policy(classicName, fmt.Sprintf(aboutOurs, "defaults: 5 failures in a row open a circuit for 1 s, doubling to 30 s, with up to 1 s more at random; then one probe")),
	}, replay.Peers(keyed)...), nil
}

// circuitsOf are those of a configuration of "recloser serve".
func circuitsOf(c *config.Serve) replay.Circuits {
	x := replay.Circuits{Breaker: c.Guard.Breaker, Gates: c.Guard.Gates != guard.Off, Gate: c.Guard.Gate}
	if c.Guard.GateWait == guard.On {
		x.Patience = c.Guard.Gate.MaxWait
	}
	if policy, _ := c.Policy(); policy == adaptiveName {
		learns := c.Guard.Adaptive
		learns.QuotaRun = cmp.Or(learns.QuotaRun, breaker.Off) // as in the guard: a 429 is the gate's
		x.Breaker.NewPolicy = breaker.Adaptive(learns)
	}
	return x
}

// policyOf finds what a text names: NAME or FILE, and perhaps options.
func policyOf(text string, all []replay.Policy, warn func(string)) (replay.Policy, error) {
	name, options, _ := strings.Cut(text, ",")
	at := slices.IndexFunc(all, func(p replay.Policy) bool { return p.Name == name })
	flags, err := circuitFlags(options)
	switch {
	case err != nil:
		return replay.Policy{}, usageError{fmt.Errorf("--policy %s: %w", text, err)}
	case (name == classicName || name == adaptiveName) && len(flags) > 0:
		return ours(text, name, options, flags)
	case at >= 0 && len(flags) > 0:
		return replay.Policy{}, usageError{fmt.Errorf("--policy %s: %s is as it is: only adaptive, classic and files take options", text, name)}
	case at >= 0:
		return all[at], nil
	case isFile(name):
		return policyOfFile(text, name, flags, warn)
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return replay.Policy{}, usageError{fmt.Errorf("--policy %s: there is neither a policy nor a file of that name%s", text, didYouMean(nearest.Of(name, names)))}
}

// ours is a policy of Recloser with options.
func ours(text, name, options string, flags map[string]string) (replay.Policy, error) {
	if _, given := flags[policyName]; given {
		return replay.Policy{}, usageError{fmt.Errorf("--policy %s: %s is a policy already: leave out %s=", text, name, policyName)}
	}
	flags[policyName] = name
	c, err := config.Load(config.Flags(flags))
	if err != nil {
		return replay.Policy{}, usageError{fmt.Errorf("--policy %s: %w", text, err)}
	}
	return circuitsOf(c).Policy(text, fmt.Sprintf(aboutOurs, name+" policy with "+options)), nil
}

// isFile tells whether a name is that of a file, there or not.
func isFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil || strings.ContainsAny(name, "./"+string(filepath.Separator))
}

// policyOfFile is that of a configuration file.
func policyOfFile(text, name string, flags map[string]string, warn func(string)) (replay.Policy, error) {
	switch info, err := os.Stat(name); {
	case err != nil:
		return replay.Policy{}, fmt.Errorf("--policy %s: %w", text, unpathed(err))
	case info.IsDir():
		return replay.Policy{}, fmt.Errorf("--policy %s: it is a directory", text)
	}
	flags[config.FileOption().Name] = name
	c, err := config.Read(config.Given{Flags: flags, Keyless: true})
	if err != nil {
		return replay.Policy{}, err
	}
	if len(c.Guard.Overrides) > 0 {
		warn(name + ": its overrides are left aside: all models have the same circuit")
	}
	if len(c.Guard.Targets) > 0 {
		warn(name + ": its targets are left aside: calls are made where they were made")
	}
	if c.Guard.Count == guard.PerCall {
		warn(name + ": breaker.count is call, but here each attempt counts")
	}
	return circuitsOf(c).Policy(text, "the circuits and gates that "+name+" makes"), nil
}

// circuitFlags reads "reset-timeout=10s,failure-threshold=3".
func circuitFlags(text string) (map[string]string, error) {
	known := map[string]bool{}
	for _, o := range config.Options() {
		if strings.HasPrefix(o.Path, "breaker.") || strings.HasPrefix(o.Path, "gate.") {
			known[o.Name] = true
		}
	}
	flags := map[string]string{}
	if text == "" {
		return flags, nil
	}
	for one := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(one, "=")
		name = strings.TrimPrefix(strings.TrimSpace(name), "--")
		switch {
		case !found:
			return nil, fmt.Errorf("%q is no option: use one such as reset-timeout=10s", one)
		case !known[name]:
			near := nearest.Of(name, slices.Sorted(maps.Keys(known)))
			return nil, fmt.Errorf("circuits and gates have no option %s%s", name, didYouMean(near))
		case flags[name] != "":
			return nil, fmt.Errorf("%s is there twice", name)
		}
		flags[name] = strings.TrimSpace(value)
	}
	return flags, nil
}

// chosen are the policies that are asked for, each as it is with one circuit for all
// models, or with one for each.
type chosen struct{ together, keyed []replay.Policy }

func choose(cmd *cobra.Command, texts []string) (chosen, error) {
	if len(texts) == 0 {
		texts = defaultPolicies()
	}
	var c chosen
	warn := func(text string) { fmt.Fprintf(cmd.ErrOrStderr(), "recloser: warning: %s\n", text) }
	for _, into := range []*[]replay.Policy{&c.together, &c.keyed} {
		all, err := presets(into == &c.keyed)
		if err != nil {
			return c, err
		}
		var errs []error
		for i, text := range texts {
			p, err := policyOf(text, all, warn)
			if slices.Contains(texts[:i], text) {
				err = usageError{fmt.Errorf("--policy %s is there twice", text)}
			}
			*into, errs = append(*into, p), append(errs, err)
		}
		if err := errors.Join(errs...); err != nil {
			return c, firstUsage(errs, err)
		}
		warn = func(string) {} // said once
	}
	return c, nil
}

// firstUsage makes of joined errors one that tells whose fault it is.
func firstUsage(errs []error, joined error) error {
	for _, err := range errs {
		if _, ok := errors.AsType[usageError](err); ok {
			return usageError{joined}
		}
	}
	return joined
}

// policyFlags adds what says which policies are compared.
func policyFlags(cmd *cobra.Command) (names *[]string, list *bool) {
	names = new([]string)
	cmd.Flags().StringArrayVar(names, "policy", nil, "a `NAME` of the list above, or a configuration FILE of recloser serve; may be given again. Options may follow adaptive, classic and files: classic,reset-timeout=10s")
	list = cmd.Flags().Bool("policies", false, "list the policies with the sources of what they do, and end")
	_ = cmd.RegisterFlagCompletionFunc("policy", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var all []string
		known, _ := presets(false)
		for _, p := range known {
			all = append(all, p.Name)
		}
		return all, cobra.ShellCompDirectiveDefault // files too
	})
	return names, list
}

// split takes apart what a policy does and where that is written down.
func split(about string) (does, source string) {
	if at := strings.LastIndex(about, " ("); at >= 0 && strings.HasSuffix(about, ")") {
		return about[:at], strings.TrimSuffix(about[at+2:], ")")
	}
	return about, ""
}

// listPolicies writes what there is, with sources.
func listPolicies(w io.Writer) error {
	all, err := presets(false)
	for _, p := range all {
		does, source := split(p.About)
		fmt.Fprintf(w, "%s\n    %s.\n    Source: %s.\n", p.Name, does, cmp.Or(source, "a common rule, of nobody in particular"))
	}
	return err
}

// policyHelp is the list for a help page.
func policyHelp() string {
	var b strings.Builder
	all, _ := presets(false) // they do not fail: a test says so
	for _, p := range all {
		does, _ := split(p.About)
		entry(&b, p.Name, does)
	}
	return strings.TrimRight(b.String(), "\n")
}
