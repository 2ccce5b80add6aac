package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/app"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
	"github.com/recloser/recloser/cmd/recloser/internal/demo"
)

func newDemo() *cobra.Command {
	opts := demo.Options{StartProxy: startProxy}
	recorded := &recordingFlags{speed: &text{"", "N"}, times: &text{"answer", "answer|start"}}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch an outage and the recovery, with no key",
		Long: `Run a stand-in for the API, the proxy in front of it, and some users, all on free
ports of this machine, and show what happens as the API fails and recovers. It
needs no key and no network, and ends by itself in less than a minute with a
summary: what the users behind the proxy had of it, and what the users of a client
that only retries.

With --trace the stand-in plays an incident on record: of the trace, which is one of
"recloser replay", the densest failing stretch of one model, with what led to it and
how it ended. It answers as the attempts on record around that time were answered,
and the users call as often as they did, scaled to what a screen can show. Unless
--speed is given it takes about 40 seconds: everything on record, also how long an
answer takes, is then as much faster; Recloser and the clients are not. Of a limit of
rate a part is played, as fast as it was.`,
		Example: `  recloser demo
  recloser demo --seed 7         other users, other luck
  recloser demo --plain --keep   lines instead of a screen; stay up afterwards
  recloser demo --trace attempts.csv.gz`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := onSignals(cmd.Context(), func() {})
			defer stop()
			var err error
			if opts.Recording, err = recorded.read(ctx, cmd); err != nil {
				return quietly(ctx, err)
			}
			return demo.Run(ctx, opts, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&opts.Keep, "keep", false, "stay up after the summary, until Ctrl-C")
	f.Uint64Var(&opts.Seed, "seed", 0, "another `NUMBER` is another run: other users, other luck; the circuit's own jitter varies in any case")
	f.BoolVar(&opts.Plain, "plain", false, "print lines also on a terminal")
	f.Var(recorded.speed, "speed", "with --trace, recorded seconds that pass in one; without it, as many as make it short")
	f.Var(recorded.times, "times", "with --trace, where its rows stand: at the answer or the start of an attempt")
	noFiles(cmd)
	f.StringVar(&recorded.trace, "trace", "", "`FILE` with recorded attempts, an incident of which is played")
	_ = cmd.MarkFlagFilename("trace", "csv", "gz", "db")
	return cmd
}

// startProxy runs what "recloser serve" runs with its defaults, without a log, on
// free ports.
func startProxy(ctx context.Context, upstream string, onTransition func(breaker.Transition)) (proxy, admin string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "recloser-demo-") // what is played is not to be remembered
	if err != nil {
		return "", "", nil, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	cfg, err := config.Load(config.Flags(map[string]string{
		"listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "upstream": upstream, "history": filepath.Join(dir, "recloser.db"),
	}))
	if err != nil {
		return "", "", nil, err
	}
	a, err := app.New(ctx, cfg, app.Options{Version: buildVersion(), OnTransition: onTransition})
	if err != nil {
		return "", "", nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = a.Run(context.WithoutCancel(ctx)) // until stop; all that it can say is that it was broken off
	}()
	return rootURL(a.ProxyAddr()), rootURL(a.AdminAddr()), func() { _ = a.Close(); <-ended; _ = os.RemoveAll(dir) }, nil
}

func rootURL(addr fmt.Stringer) string { return "http://" + addr.String() }
