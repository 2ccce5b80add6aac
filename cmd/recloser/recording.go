package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/recloser/recloser/cmd/recloser/internal/demo"
)

// recordingFlags say what "recloser demo" plays in place of its own outage.
type recordingFlags struct {
	trace        string
	speed, times *text
}

// mostSpeed bounds --speed: a day in a second.
const mostSpeed = 86400

// read reads the trace; nil: there is none.
func (f *recordingFlags) read(ctx context.Context, cmd *cobra.Command) (*demo.Recording, error) {
	speed := 0.
	var wrong error
	if f.speed.value != "" {
		var err error
		if speed, err = strconv.ParseFloat(f.speed.value, 64); err != nil || !(speed >= 0.1 && speed <= mostSpeed) {
			wrong = fmt.Errorf("--speed is %q: use a number from 0.1 to %d", f.speed.value, mostSpeed)
		}
	}
	if err := errors.Join(wrong, checkTimes(f.times.value)); err != nil {
		return nil, usageError{err}
	}
	if f.trace == "" {
		if f.speed.value != "" {
			return nil, usageError{errors.New("--speed is about a recording: name it with --trace")}
		}
		return nil, nil
	}
	reader := &traceReader{cmd.InOrStdin(), f.times.value == "answer", newProgress(cmd.ErrOrStderr())}
	t, err := reader.read(ctx, f.trace)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.trace, err)
	}
	return &demo.Recording{Name: filepath.Base(f.trace), Trace: t.Trace, Speed: speed}, nil
}
