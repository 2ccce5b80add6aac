package demo

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Run plays the demo and writes to stdout: a live view if that is a terminal,
// else lines; a summary in both cases. It returns nil also if ctx ends it early.
// The error is that of a proxy that does not start, or of stdout.
func Run(ctx context.Context, opts Options, stdout io.Writer) error {
	if err := opts.validate(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &output{w: stdout, fail: cancel}
	opts, err := opts.withDefaults(stdout)
	if err != nil {
		return err
	}
	limited, stop := context.WithCancel(ctx) // no deadline: users who are cut off had not lost patience
	defer stop()
	defer time.AfterFunc(opts.longest, stop).Stop()
	s, err := newShow(ctx, opts)
	if err != nil && ctx.Err() != nil {
		return nil // it did not start because it is not to run any more
	}
	if err != nil {
		return err
	}
	defer s.close()
	s.watch(limited, out)
	early := ctx.Err() != nil
	fmt.Fprintf(out, "\n%s", s.summary(early).text(s.columns()))
	if !early {
		fmt.Fprint(out, nextSteps)
	}
	if opts.Keep && !early {
		s.keep(ctx, out)
	}
	if out.err != nil {
		return fmt.Errorf("the demo cannot be shown: %w", out.err)
	}
	return nil
}

// watch plays the run in the view that there is, which it leaves in order
// whatever happens.
func (s *show) watch(ctx context.Context, out *output) {
	var v view = lines{out}
	if s.opts.terminal != nil {
		v = newLive(out, *s.opts.terminal)
	} else {
		does := "fails and recovers"
		if s.opts.Recording != nil {
			does = "plays a recorded incident"
		}
		fmt.Fprintf(out, "An OpenAI stand-in %s, with and without Recloser: %.0f seconds, no key needed.\n\n",
			does, s.opts.script.lasting().Seconds())
		if s.adminURL != "" {
			fmt.Fprintf(out, "The dashboard, while it lasts: %s\n\n", s.adminURL)
		}
	}
	defer v.close()
	s.play(ctx, v)
}

// columns is how wide lines may be.
func (s *show) columns() int {
	if s.opts.terminal == nil {
		return 80
	}
	columns, _ := s.opts.terminal.size()
	return columns
}
