package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/alert"
	"github.com/recloser/recloser/cmd/recloser/internal/app"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
)

func newAlert(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alert",
		Short: "Try whether alerts arrive; list and mute those of a proxy that runs",
		Long: `Try whether alerts arrive where the configuration sends them, and list and mute the
troubles of a running proxy. docs/alerts.md tells what is one.`,
		Example: `  recloser alert test --config recloser.yaml
  recloser alert list
  recloser alert mute circuit/api.openai.com/gpt-5 --for 2h`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAlertTest(s), newAlertList(s), newAlertMute(s), newAlertUnmute(s))
	return cmd
}

// testTime is how long an alert may take to be sent.
const testTime = 30 * time.Second

func newAlertTest(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use: "test", Short: "Send an alert that says that nothing is wrong to every target",
		Long: `Send an alert that says that nothing is wrong to every target of the configuration,
which is read as "recloser serve" reads it, and say what came of each. Nothing is tried
twice. The exit code is 1 if one did not take it.`,
		Example: `  recloser alert test --config recloser.yaml
  RECLOSER_ALERTS='slack://hook:TOKENS@webhook' recloser alert test`,
		Args: noArguments, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Read(config.Given{Flags: given(cmd), Environ: s.environ})
			if err != nil {
				return usageError{err}
			}
			targets, err := app.AlertTargets(cfg)
			if err != nil {
				return usageError{err}
			}
			if len(targets) == 0 {
				return usageError{errors.New("the configuration has no target for alerts: set alerts: [slack://...] in the file, or " + config.Variable("alerts"))}
			}
			return testAlerts(cmd.Context(), cmd.OutOrStdout(), targets, cfg.Alerts.Rules.Link)
		},
	}
	addOptions(cmd, alertTestOptions())
	_ = cmd.MarkFlagFilename(config.FileOption().Name, "yaml", "yml")
	return cmd
}

// alertTestOptions are the settings that matter.
func alertTestOptions() []config.Option {
	list := []config.Option{config.FileOption()}
	for _, o := range config.Options() {
		if o.Name == "alerts" || o.Name == "alert-link" {
			list = append(list, o)
		}
	}
	return list
}

func testAlerts(ctx context.Context, out io.Writer, targets []*alert.Target, link string) error {
	failed := 0
	for _, t := range targets {
		arrived, err := testAlert(ctx, t, link)
		if err != nil {
			failed++
		}
		switch {
		case err == nil:
			fmt.Fprintf(out, "%s\tsent\n", t.Name())
		case arrived:
			fmt.Fprintf(out, "%s\tsent, but that it is over was not taken: %v\n", t.Name(), err)
		default:
			fmt.Fprintf(out, "%s\tfailed: %v\n", t.Name(), err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d targets did not take the alert, or that it is over", failed, len(targets))
	}
	return nil
}

// testAlert also says that it is over, since some services keep what is not. It reports
// whether the alert itself has arrived.
func testAlert(ctx context.Context, t *alert.Target, link string) (arrived bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	p := alert.NewTest(time.Now(), link)
	if err := alert.Send(ctx, t, p); err != nil {
		return false, err
	}
	return true, alert.Send(ctx, t, p.Over(time.Now()))
}

func newAlertList(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List what is wrong: severity, key, since when, what, and until when it is muted",
		Args: noArguments, ValidArgsFunction: cobra.NoFileCompletions,
	}
	c := adminFlags(cmd, s)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		answer, err := c.ask(cmd.Context(), http.MethodGet, nil, "alerts")
		if err != nil {
			return err
		}
		var list struct{ Firing []firing }
		if err := json.Unmarshal(answer, &list); err != nil {
			return fmt.Errorf("the answer is none of a proxy: %w", err)
		}
		for _, f := range list.Firing {
			fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\t%s%s\n", f.Severity, shown(f.Key), f.Since.UTC().Format(time.RFC3339), shown(f.Title), f.muted())
		}
		return nil
	}
	return cmd
}

// firing is what the commands need of an alert.
type firing struct {
	Key      string     `json:"key"`
	Severity string     `json:"severity"`
	Title    string     `json:"title"`
	Since    time.Time  `json:"since"`
	Muted    *time.Time `json:"muted"`
}

func (f firing) muted() string {
	if f.Muted == nil {
		return ""
	}
	return " (muted until " + f.Muted.UTC().Format(time.RFC3339) + ")"
}

func newAlertMute(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use: "mute KEY", Short: "Send no alerts of a trouble for a while, but that it is over",
		Example: `  recloser alert mute circuit/api.openai.com/gpt-5 --for 2h`,
		Args:    words("the key of a trouble, as recloser alert list has it", 1), ValidArgsFunction: cobra.NoFileCompletions,
	}
	c := adminFlags(cmd, s)
	span := &text{"1h", "TIME"}
	cmd.Flags().Var(span, "for", "how long: 2h, 1d")
	_ = cmd.RegisterFlagCompletionFunc("for", cobra.NoFileCompletions)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := report.ParseAge(span.value)
		if err != nil {
			return usageError{fmt.Errorf("--for is %q: %w", span.value, err)}
		}
		until := time.Now().Add(d)
		return c.mute(cmd, args[0], &until)
	}
	return cmd
}

func newAlertUnmute(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use: "unmute KEY", Short: "Send alerts of a trouble again",
		Args: words("the key of a trouble, as recloser alert list has it", 1), ValidArgsFunction: cobra.NoFileCompletions,
	}
	c := adminFlags(cmd, s)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return c.mute(cmd, args[0], nil) }
	return cmd
}

// mute mutes a trouble until then; nil: no longer.
func (c *adminClient) mute(cmd *cobra.Command, key string, until *time.Time) error {
	if _, err := c.ask(cmd.Context(), http.MethodPost, map[string]any{"key": key, "until": until}, "alerts", "mute"); err != nil {
		return err
	}
	if until == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "%s: not muted\n", shown(key))
		return nil
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: muted until %s\n", shown(key), until.UTC().Format(time.RFC3339))
	return nil
}
