package integration

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that runs beside a test and ends with it.
type process struct {
	name string
	cmd  *exec.Cmd

	mu    sync.Mutex
	lines []string      // the last of what it printed
	ended chan struct{} // closed once it is gone
}

// maxLines is how much of a program's output is kept to show.
const maxLines = 200

// start runs cmd and hands each line that it prints to onLine, which may be
// nil. The lines are shown if the test fails.
func start(t *testing.T, cmd *exec.Cmd, onLine func(string)) *process {
	t.Helper()
	p := &process{name: cmd.Path, cmd: cmd, ended: make(chan struct{})}
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	cmd.WaitDelay = 5 * time.Second // for a child of its own that holds the pipe
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read(reader, onLine)
	}()
	go func() {
		_ = cmd.Wait() // how it ended is for who asks, in cmd.ProcessState
		_ = writer.Close()
		<-read
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("the last lines of %s:\n%s", p.name, p.output())
		}
	})
	return p
}

func (p *process) read(from io.Reader, onLine func(string)) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		p.lines = p.lines[max(0, len(p.lines)-maxLines):]
		p.mu.Unlock()
		if onLine != nil {
			onLine(lines.Text())
		}
	}
	_, _ = io.Copy(io.Discard, from) // a line too long must not block the program
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// stop asks the program to end, and kills it after ten seconds.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// environment returns this process's environment without the variables that
// begin with one of the prefixes, plus the given ones.
func environment(without []string, plus ...string) []string {
	var env []string
next:
	for _, v := range os.Environ() {
		for _, prefix := range without {
			if strings.HasPrefix(v, prefix) {
				continue next
			}
		}
		env = append(env, v)
	}
	return append(env, plus...)
}
