package history

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/fault"
)

// noon is where most tests begin.
func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

// clock is one that stands still until it is moved.
type clock struct{ at atomic.Int64 }

func newClock(t time.Time) *clock {
	c := &clock{}
	c.set(t)
	return c
}

func (c *clock) set(t time.Time)     { c.at.Store(t.UnixNano()) }
func (c *clock) add(d time.Duration) { c.at.Add(int64(d)) }
func (c *clock) now() time.Time      { return time.Unix(0, c.at.Load()).UTC() }

// logBuffer is what was logged.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// rig is a history on a real file, with a clock that stands.
type rig struct {
	*History
	t     *testing.T
	clock *clock
	log   *logBuffer
}

func newRig(t *testing.T, c Config) *rig {
	t.Helper()
	r := &rig{t: t, clock: newClock(noon()), log: &logBuffer{}}
	if c.Path == "" {
		c.Path = filepath.Join(t.TempDir(), "recloser.db")
	}
	if c.Now == nil {
		c.Now = r.clock.now
	}
	if c.Flush == 0 {
		c.Flush = 20 * time.Millisecond
	}
	c.Log = r.log.logger()
	h, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	r.History = h
	t.Cleanup(func() { h.Close(context.WithoutCancel(t.Context())) })
	return r
}

// again closes the history and opens it anew.
func (r *rig) again() *rig {
	r.t.Helper()
	r.close()
	c := r.cfg
	next := newRig(r.t, c)
	next.clock = r.clock
	return next
}

func (r *rig) close() {
	r.t.Helper()
	if err := r.Close(context.Background()); err != nil {
		r.t.Fatal(err)
	}
}

// write writes all that waits.
func (r *rig) write() {
	r.t.Helper()
	if err := r.flush(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) events(from, to time.Time) []report.Event {
	r.t.Helper()
	list, err := r.Events(r.t.Context(), from, to)
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// attempts is how many attempts the cells of a span count.
func (r *rig) attempts(span time.Duration, circuit string) (n int64) {
	r.t.Helper()
	return attemptsOf(r.t, r.Reader, span, circuit)
}

func attemptsOf(t *testing.T, r *Reader, span time.Duration, circuit string) (n int64) {
	t.Helper()
	cells, err := r.Cells(t.Context(), noon().Add(-400*day), noon().Add(400*day), span, circuit)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		for _, k := range c.Attempts {
			n += k
		}
	}
	return n
}

// until waits for something, with a bound.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

func success(at time.Time, circuit string) Attempt {
	return Attempt{At: at, Circuit: circuit, Kind: fault.Success, Status: 200, Duration: time.Second, Input: 10, Output: 3, Number: 1}
}

// shim is a way to the disk that can be troubled.
type shim struct {
	vfs.VFS
	full, broken atomic.Bool
	writes       atomic.Int64
	hang         atomic.Pointer[chan struct{}]
}

func newShim(t *testing.T) (s *shim, name string) {
	s = &shim{VFS: vfs.Find("os")}
	name = "shim-" + strings.ReplaceAll(t.Name(), "/", "-")
	vfs.Register(name, s)
	t.Cleanup(func() { vfs.Unregister(name) })
	return s, name
}

func (s *shim) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := s.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
	if err != nil {
		return nil, flags, err
	}
	return &shimFile{f, s}, flags, nil
}

func (s *shim) Delete(name string, sync bool) error { return s.VFS.Delete(name, sync) }

func (s *shim) trouble() error {
	if gate := s.hang.Load(); gate != nil {
		<-*gate
	}
	if s.full.Load() {
		return vfs.SystemError(errors.New("no space left on device"), sqlite3.FULL)
	}
	if s.broken.Load() {
		return vfs.SystemError(errors.New("input/output error"), sqlite3.IOERR_WRITE)
	}
	return nil
}

type shimFile struct {
	vfs.File
	s *shim
}

func (f *shimFile) WriteAt(b []byte, off int64) (int, error) {
	f.s.writes.Add(1)
	if err := f.s.trouble(); err != nil {
		return 0, err
	}
	return f.File.WriteAt(b, off)
}

func (f *shimFile) Sync(flags vfs.SyncFlag) error {
	if err := f.s.trouble(); err != nil {
		return err
	}
	return f.File.Sync(flags)
}

func (f *shimFile) SharedMemory() vfs.SharedMemory {
	return f.File.(vfs.FileSharedMemory).SharedMemory()
}
