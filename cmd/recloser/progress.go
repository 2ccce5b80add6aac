package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// progress is a bar on a terminal. Nil is one that nobody sees.
type progress struct {
	w     io.Writer
	width int

	what  string
	total int64
	done  atomic.Int64
	stop  chan struct{}
	group sync.WaitGroup
}

// redrawn is how often the bar is.
const redrawn = 100 * time.Millisecond

// newProgress returns a bar if w is a terminal.
func newProgress(w io.Writer) *progress {
	if !isTerminal(w) {
		return nil
	}
	return &progress{w: w, width: screenOf(w).width}
}

// begin shows the bar: what is done, and of how much. If that is not known, it is 0.
func (p *progress) begin(what string, total int64) {
	if p == nil {
		return
	}
	p.what, p.total, p.stop = what, total, make(chan struct{})
	p.done.Store(0)
	p.group.Go(func() {
		tick := time.NewTicker(redrawn)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprint(p.w, "\r"+p.line(p.done.Load())+"\x1b[K")
			case <-p.stop:
				fmt.Fprint(p.w, "\r\x1b[K")
				return
			}
		}
	})
}

// end takes the bar away.
func (p *progress) end() {
	if p == nil {
		return
	}
	close(p.stop)
	p.group.Wait()
}

// add says that so much more is done.
func (p *progress) add(n int64) {
	if p != nil {
		p.done.Add(n)
	}
}

// line is the bar as it is now.
func (p *progress) line(done int64) string {
	room := p.width - 1
	if p.width <= 0 {
		room = 79
	}
	text := p.what
	if p.total > 0 {
		const cells = 24
		part := min(float64(done)/float64(p.total), 1)
		full := int(part * cells)
		text = fmt.Sprintf("%s%s %3.0f %%  %s", strings.Repeat("█", full), strings.Repeat("░", cells-full), 100*part, p.what)
	} else if done > 0 {
		text = fmt.Sprintf("%s: %d MB", p.what, done/1_000_000)
	}
	if runes := []rune(text); len(runes) > room {
		return string(runes[:room])
	}
	return text
}

// counted tells how much of a reader was read.
type counted struct {
	io.Reader

	bar *progress
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.bar.add(int64(n))
	return n, err
}
