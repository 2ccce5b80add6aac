package app

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// asyncLog is an io.Writer that never waits for the one behind it. Lines wait in
// a bounded buffer for a goroutine that writes them, a batch at a time; what does
// not fit is dropped and counted. It is safe for concurrent use.
type asyncLog struct {
	to    io.Writer
	limit int
	// lost is told, on the writing goroutine, how many lines were dropped since
	// it was last told, and says so there itself.
	lost func(n int)

	mu      sync.Mutex
	pending []byte // whole lines
	dropped int
	closed  bool

	wake    chan struct{} // has one element while there is something to do
	closing chan struct{} // closed by Close
	done    chan struct{} // closed when all is written
}

// batchTime is how long the first line of a batch waits for others: a write for
// each line would cost more than the line.
const batchTime = 20 * time.Millisecond

// newAsyncLog starts a writer of at most limit bytes that wait.
func newAsyncLog(to io.Writer, limit int, lost func(n int)) *asyncLog {
	l := &asyncLog{to: to, limit: limit, lost: lost, wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{})}
	go l.drain()
	return l
}

// Write takes one line, or drops it. It never fails.
func (l *asyncLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	if l.closed || len(l.pending)+len(line) > l.limit {
		l.dropped++
	} else {
		l.pending = append(l.pending, line...)
	}
	l.mu.Unlock()
	l.signal()
	return len(line), nil
}

func (l *asyncLog) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// drain writes until the log is closed and empty. Two buffers take turns.
func (l *asyncLog) drain() {
	defer close(l.done)
	var batch []byte
	for range l.wake {
		select {
		case <-time.After(batchTime):
		case <-l.closing:
		}
		l.mu.Lock()
		batch, l.pending = l.pending, batch[:0]
		dropped, closed := l.dropped, l.closed
		l.dropped = 0
		l.mu.Unlock()
		if len(batch) > 0 {
			_, _ = l.to.Write(batch) // there is nobody left to tell
		}
		if dropped > 0 {
			l.lost(dropped)
		}
		if closed {
			return
		}
	}
}

// Close writes what waits, for at most the given time. Lines that come later are
// dropped. It may be called again.
func (l *asyncLog) Close(within time.Duration) error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.closing)
	}
	l.mu.Unlock()
	l.signal()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-l.done:
		return nil
	case <-timer.C:
		return fmt.Errorf("the log could not be written within %v", within)
	}
}
