package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/recloser/recloser/cmd/recloser/internal/app"
	"github.com/recloser/recloser/cmd/recloser/internal/config"
)

func newServe(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the proxy",
		Long: `Run the proxy. Point an OpenAI client at it (base_url=http://127.0.0.1:8484/v1):
calls are passed on with the client's own key, and refused at once with 503 and
Retry-After while their circuit is open.

Each flag is also an environment variable, --reset-timeout is
RECLOSER_RESET_TIMEOUT, and a field of the file that --config names, which can also
have other settings for some upstreams, endpoints and models: see
docs/configuration.md. A flag wins over its variable, that over the file; an empty
variable counts as not set. "recloser check" shows what comes of it. HTTPS_PROXY,
NO_PROXY and SSL_CERT_FILE are honoured.

SIGHUP reads the file again: all of it takes effect or, if something is wrong,
nothing, and the log says which. Circuits keep their state, calls the settings that
they began with. Without --config, SIGHUP ends the process as usual.

Sizes are bytes, or KiB, MiB, GiB. The log goes to stderr, one line a call.

Traces and metrics go out by OpenTelemetry where its environment says where to,
OTEL_EXPORTER_OTLP_ENDPOINT for both; OTEL_TRACES_EXPORTER=none or
OTEL_METRICS_EXPORTER=none switches one off, OTEL_TRACES_SAMPLER samples.

SIGTERM or Ctrl-C ends it in order: /readyz answers 503 at once, new calls are
taken for --drain-delay more, and running ones may end within --shutdown-grace.
A second one, half a second later or more, ends it at once, with exit code 1.`,
		Example: `  recloser serve
  recloser serve --failure-threshold 3 --reset-timeout 1m --retries 0
  recloser serve --upstream https://openrouter.ai/api/v1
  recloser serve --mode observe --log-format json
  recloser serve --config recloser.yaml
  RECLOSER_ADMIN_TOKEN=... recloser serve --listen :8484 --admin :8485`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			given := config.Given{Flags: given(cmd), Environ: s.environ}
			cfg, err := config.Read(given)
			if err != nil {
				return usageError{err}
			}
			return serve(cmd.Context(), cfg, given, s)
		},
	}
	addServeOptions(cmd)
	return cmd
}

// serve runs the proxy until a signal ends it.
func serve(ctx context.Context, cfg *config.Serve, given config.Given, s streams) error {
	log := app.OpenLog(s.err, isTerminal(s.err), cfg)
	err := serveLogged(ctx, cfg, given, log)
	return errors.Join(err, log.Close())
}

func serveLogged(ctx context.Context, cfg *config.Serve, given config.Given, log *app.Log) error {
	for _, v := range cfg.Unknown(given.Environ) {
		log.Warn("unknown environment variable", "name", v.Name, "did_you_mean", v.Nearest)
	}
	attrs := cfg.Settings.Changed().Attrs()
	if name := given.File(); name != "" {
		attrs = append(attrs, slog.String("config", name), slog.Int("overrides", len(cfg.Guard.Overrides)), slog.Int("targets", len(cfg.Guard.Targets)))
	}
	if len(attrs) > 0 {
		log.LogAttrs(ctx, slog.LevelInfo, "settings", attrs...)
	}
	policy, because := cfg.Policy()
	log.Info("circuits", "policy", policy, "because", because)
	app.Warn(log.Logger, cfg)
	a, err := app.New(ctx, cfg, app.Options{Version: buildVersion(), Log: log.Logger})
	if err != nil {
		return err
	}
	// Whoever reads the log may go away; the proxy must not go with them.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := onSignals(ctx, func() { _ = a.Close() })
	defer stop()
	if given.File() != "" {
		defer onReload(func() {
			next, err := config.Read(given)
			if a.Reload(next, err) {
				log.SetLevel(next.LogLevel)
			}
		})()
	}
	if err := a.Run(ctx); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// isTerminal tells whether somebody reads w on a screen.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
