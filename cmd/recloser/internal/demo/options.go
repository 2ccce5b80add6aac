package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/recloser/recloser/breaker"
)

// Options say how a demo runs. Only StartProxy is needed.
type Options struct {
	// StartProxy starts the proxy for the API at upstreamURL, which ends in /v1,
	// on free ports of this machine. Every change of state of its circuits goes
	// to onTransition, which is quick. proxyURL and adminURL are roots without a
	// path; adminURL may be empty. stop is called once, at the end.
	StartProxy func(ctx context.Context, upstreamURL string, onTransition func(breaker.Transition)) (
		proxyURL, adminURL string, stop func(), err error)

	// Plain prints lines even where stdout is a terminal.
	Plain bool

	// Keep leaves everything up after the summary, until the context ends.
	Keep bool

	// Seed changes when users call, their luck, and what the service answers.
	// Each value, zero too, is one run.
	Seed uint64

	// Recording is played in place of the usual outage. Nil: that.
	Recording *Recording

	script   script    // the course of the run; tests shorten it
	policy   policy    // how clients retry; tests hurry
	terminal *terminal // what stdout is; nil: none

	longest time.Duration // of everything before the summary; tests shorten it
}

// A run surely ends within a minute, unless it is a recording: it plays for less than longest, by the
// script, and no longer in any case; closing is then the most that it takes to
// end what it started.
const (
	longest = 57 * time.Second
	closing = 2 * time.Second
)

// patience is how long a user waits for an answer, whatever the client does.
const patience = 10 * time.Second

func (o Options) withDefaults(stdout io.Writer) (Options, error) {
	if o.Recording != nil {
		in, err := choose(*o.Recording)
		if err != nil {
			return o, fmt.Errorf("%s: %w", o.Recording.Name, err)
		}
		o.script = scriptOf(in)
		o.longest = o.script.lasting() + o.script.grace + patience + settlement + closing
	}
	if o.script.phases == nil {
		o.script = usualScript()
	}
	if o.policy == (policy{}) {
		o.policy = official()
	}
	if o.terminal == nil {
		o.terminal = terminalOf(stdout)
	}
	if o.longest == 0 {
		o.longest = longest
	}
	if o.Plain {
		o.terminal = nil
	}
	return o, nil
}

func (o Options) validate() error {
	if o.StartProxy == nil {
		return errors.New("demo: Options.StartProxy is nil")
	}
	return nil
}
