package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Exit codes of "recloser status", beside 0 and 1.
const (
	exitTrouble  = 3
	exitOperated = 4
)

// exitError is how a command ends that has said everything itself.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func newStatus(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the circuits of a proxy that runs, in one look",
		Long: `Show what the dashboard of a running proxy shows in one look: which circuits are not
closed, since when and why, what is refused, when the next probe is due, and which alerts
fire.

The exit code tells how it is:

  0  all circuits are closed
  1  the proxy cannot be asked
  3  a circuit is open or half-open, a key is parked, or the history is not written
  4  nothing of that, but the bypass is on, or a circuit is forced open or disabled`,
		Example: `  recloser status
  recloser status --watch
  recloser status --json | jq '.circuits[] | select(.state != "closed")'
  RECLOSER_ADMIN_TOKEN=... recloser status --admin https://recloser.internal:8485`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c := adminFlags(cmd, s)
	watch := cmd.Flags().Bool("watch", false, "go on, and show it anew each second, until Ctrl-C")
	asJSON := cmd.Flags().Bool("json", false, "print what the API says, on one line")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		show := func(o *statusOf) { writeStatus(cmd.OutOrStdout(), o, screenOf(cmd.OutOrStdout())) }
		if *asJSON {
			show = func(o *statusOf) { fmt.Fprintf(cmd.OutOrStdout(), "%s\n", o.raw) }
		}
		if *watch {
			return watchStatus(cmd, c, show, !*asJSON)
		}
		o, err := c.status(cmd.Context())
		if err != nil {
			return err
		}
		show(o)
		return o.code()
	}
	return cmd
}

// watchStatus shows it again and again. What cannot be asked now may be soon.
func watchStatus(cmd *cobra.Command, c *adminClient, show func(*statusOf), clear bool) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if _, err := c.base(); err != nil {
		return err
	}
	clear = clear && isTerminal(cmd.OutOrStdout())
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		o, err := c.status(ctx)
		if ctx.Err() != nil {
			return nil // it was told to end
		}
		if clear {
			fmt.Fprint(cmd.OutOrStdout(), "\x1b[H\x1b[2J")
		}
		if err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "recloser: %s\n", err)
		} else {
			show(o)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// statusOf is what this command needs of /api/overview.
type statusOf struct {
	raw     []byte
	Bypass  bool `json:"bypass"`
	History struct {
		State, Reason string
	} `json:"history"`
	Circuits []statusRow `json:"circuits"`
	Gates    []struct {
		Key, Model, State, Why string
		Until                  *time.Time
	} `json:"gates"`
	Alerts []struct {
		Severity, Title string
		Since           *time.Time
		Muted, Calm     *time.Time
	} `json:"alerts"`
	Now time.Time `json:"now"`
}

type statusRow struct {
	Name        string     `json:"name"`
	State       string     `json:"state"`
	Mode        string     `json:"mode"`
	Until       *time.Time `json:"until"`
	ProbeOut    bool       `json:"probe_out"`
	Why         string     `json:"why"`
	Rate        float64    `json:"rate"`
	FailureRate *float64   `json:"failure_rate"`
	RefusedRate float64    `json:"refused_rate"`
	P50         *float64   `json:"p50"`
	P95         *float64   `json:"p95"`
	Content     *float64   `json:"ttft_p50"`
	Users       string     `json:"users"`
	Ribbon      []string   `json:"ribbon"`
}

func (c *adminClient) status(ctx context.Context) (*statusOf, error) {
	body, err := c.ask(ctx, http.MethodGet, nil, "overview")
	if err != nil {
		return nil, err
	}
	o := &statusOf{}
	if err := json.Unmarshal(body, o); err != nil {
		return nil, fmt.Errorf("the answer of %s is none of a proxy: %w", c.admin.value, err)
	}
	for len(body) > 0 && body[len(body)-1] == '\n' {
		body = body[:len(body)-1]
	}
	o.raw = body
	return o, nil
}

// code is the exit code for what was found; nil: all is well.
func (o *statusOf) code() error {
	operated := o.Bypass
	if o.History.State == "degraded" {
		return exitError{exitTrouble}
	}
	for i := range o.Gates {
		if o.Gates[i].State == "parked" {
			return exitError{exitTrouble}
		}
	}
	for i := range o.Circuits {
		c := &o.Circuits[i]
		if c.State != "closed" {
			return exitError{exitTrouble}
		}
		operated = operated || c.operated()
	}
	if operated {
		return exitError{exitOperated}
	}
	return nil
}

func (c *statusRow) operated() bool { return c.Mode == "forced-open" || c.Mode == "disabled" }

// screen is what is known of where it is shown.
type screen struct {
	width  int // columns; 0: any
	colour bool
}

func screenOf(w io.Writer) screen {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return screen{}
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		columns = 0
	}
	return screen{columns, os.Getenv("NO_COLOR") == ""}
}
