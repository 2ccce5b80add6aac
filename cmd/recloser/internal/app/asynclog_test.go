package app

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stuck is a writer that takes nothing before it is told to.
type stuck struct {
	release chan struct{}

	mu  sync.Mutex
	got bytes.Buffer
}

func newStuck() *stuck { return &stuck{release: make(chan struct{})} }

func (s *stuck) Write(p []byte) (int, error) {
	<-s.release
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.Write(p)
}

func (s *stuck) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.String()
}

// nextBatch lets the fake time pass until what waits is being written.
func nextBatch() {
	time.Sleep(batchTime)
	synctest.Wait()
}

func TestAsyncLogWritesABatchAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writes []string
		l := newAsyncLog(writerFunc(func(p []byte) { writes = append(writes, string(p)) }), 100, func(int) {})
		for range 3 {
			l.Write([]byte("a\n"))
			time.Sleep(batchTime / 4)
		}
		nextBatch()
		l.Write([]byte("b\n"))
		if err := l.Close(time.Second); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprintf("%q", writes); got != `["a\na\na\n" "b\n"]` {
			t.Errorf("writes %s", got)
		}
	})
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

func TestAsyncLogNeverWaitsAndCountsWhatItDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := newStuck()
		var lost []int
		l := newAsyncLog(to, 40, func(n int) { lost = append(lost, n) })
		line := []byte("123456789\n")
		l.Write(line)
		nextBatch() // the first is being written, which hangs
		for range 10 {
			if n, err := l.Write(line); n != len(line) || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		}
		close(to.release)
		nextBatch()
		if got := to.String(); got != strings.Repeat(string(line), 5) {
			t.Errorf("written: %q", got)
		}
		if len(lost) != 1 || lost[0] != 6 {
			t.Errorf("lost %v, want 6 told once", lost)
		}
		l.Write(line)
		if err := l.Close(time.Second); err != nil {
			t.Error(err)
		}
		if len(to.String()) != 60 || len(lost) != 1 {
			t.Errorf("%q, %v", to.String(), lost)
		}
	})
}

func TestAsyncLogCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := newStuck()
		l := newAsyncLog(to, 100, func(int) {})
		l.Write([]byte("a line\n"))
		began := time.Now()
		if err := l.Close(time.Second); err == nil || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		l.Write([]byte("too late\n"))
		close(to.release)
		if err := l.Close(time.Second); err != nil {
			t.Error(err)
		}
		if got := to.String(); got != "a line\n" {
			t.Errorf("written: %q", got)
		}
	})
}

func TestAsyncLogKeepsLinesWhole(t *testing.T) {
	var to bytes.Buffer
	dropped := 0
	l := newAsyncLog(&to, 1<<10, func(n int) { dropped += n })
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 500 {
				fmt.Fprintf(l, "writer %d line %d end\n", w, i)
			}
		})
	}
	writers.Wait()
	if err := l.Close(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(to.String()) {
		lines++
		if !strings.HasPrefix(line, "writer ") || !strings.HasSuffix(line, " end\n") {
			t.Fatalf("a torn line: %q", line)
		}
	}
	if lines+dropped != 8*500 {
		t.Errorf("%d written and %d dropped, of 4000", lines, dropped)
	}
}
