package demo

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

func screen(columns, rows int, colour bool) *terminal {
	return &terminal{measure: func() (int, int, error) { return columns, rows, nil }, colour: colour}
}

// What is left on the normal screen tells the whole story again.
func TestLiveViewGivesTheScreenBack(t *testing.T) {
	t.Parallel()
	opts := hurried()
	opts.terminal = screen(80, 24, false)
	var out bytes.Buffer
	if err := Run(t.Context(), opts, &out); err != nil {
		t.Fatal(err)
	}
	before, after, ok := strings.Cut(out.String(), "\x1b[?25h\x1b[?1049l")
	if !ok || !strings.HasPrefix(before, "\x1b[?1049h\x1b[?25l") {
		t.Fatal("the alternate screen is not entered and left")
	}
	if strings.Contains(after, "\x1b") {
		t.Error("there are escape sequences after it")
	}
	for _, part := range []string{"  open       5 failures", "  half-open  one test", "  closed     the test", "Summary of"} {
		if !strings.Contains(after, part) {
			t.Errorf("there is no %q on the normal screen", part)
		}
	}
}

func TestLiveViewIsLeftInAPanic(t *testing.T) {
	t.Parallel()
	opts := hurried()
	sizes := 0
	opts.terminal = screen(80, 24, false)
	opts.terminal.measure = func() (int, int, error) {
		if sizes++; sizes == 3 {
			panic("boom")
		}
		return 80, 24, nil
	}
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	func() {
		defer func() { _ = recover() }()
		_ = Run(ctx, opts, &out)
		t.Error("there was no panic")
	}()
	if !strings.Contains(out.String(), "\x1b[?1049l") {
		t.Error("the alternate screen is still there")
	}
}

func TestPlainWinsOverATerminal(t *testing.T) {
	t.Parallel()
	opts := hurried()
	opts.terminal, opts.Plain = screen(80, 24, true), true
	opts.script.phases = opts.script.phases[:1]
	var out bytes.Buffer
	if err := Run(t.Context(), opts, &out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("there are escape sequences")
	}
}
