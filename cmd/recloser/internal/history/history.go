package history

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/cmd/recloser/internal/report"
	"github.com/recloser/recloser/gate"
)

// History is the one writer of a file, and a Reader of it: what was told to it less
// than a second ago its answers may lack. All methods are safe for concurrent use;
// after Close they do nothing.
type History struct {
	*Reader
	cfg    Config
	levels [levelCount]level
	meter  *meter
	queue  *queue
	health health
	lock   *flock.Flock // nil: in memory

	snapshots atomic.Pointer[func() ([]breaker.Snapshot, []gate.Snapshot)]

	disk   sync.Mutex // held by who writes
	f      *file      // nil: it could not be opened again
	ledger *ledger
	saved  savedSnapshots
	known  map[string][]byte // secrets, for a file that must be begun anew
	tidier tidier

	events chan struct{} // has one element when an event waits
	calls  chan struct{} // and when calls do
	// ctx ends when Close cannot wait any longer.
	ctx     context.Context //nolint:containedctx // the life of the writing goroutine
	cancel  context.CancelFunc
	closed  atomic.Bool
	closing chan struct{}
	done    chan struct{} // both goroutines have ended
	last    error         // of the last write, once done
	end     sync.Once
	endErr  error
}

// Open opens the file at c.Path, or begins it, and takes the lock beside it, so that
// there is one writer: else ErrLocked. A file of a newer version is not touched:
// ErrNewer. A damaged one is set aside, as Status tells, and a new one begun. After
// any error, Memory will do.
func Open(ctx context.Context, c Config) (*History, error) {
	c = c.withDefaults()
	if c.Path == "" {
		return nil, errors.New("history: no path given")
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	c.Path = path
	if err := makeFolder(path); err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil { // one lock for all its names
		path = real
	}
	h := newHistory(c, onDisk)
	if h.lock, err = lock(path); err != nil {
		return nil, err
	}
	if err := h.openFile(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), unlock(h.lock))
	}
	h.start()
	return h, nil
}

// Memory keeps what Open keeps for as long as the process lives, and less of the past:
// 10 s for an hour, minutes for 6, hours for 7 days.
func Memory(c Config) *History {
	c.VFS, c.Path = memoryVFS, memoryName()
	if c.RecordMax == 0 {
		c.RecordMax = 100_000
	}
	if c.EventMax == 0 {
		c.EventMax = 10_000
	}
	c = c.withDefaults()
	h := newHistory(c, inMemory)
	if err := h.openFile(context.Background()); err != nil { // no way is known
		h.health.fail(h.cfg.Now(), err)
	}
	h.start()
	return h
}

func newHistory(c Config, levels [levelCount]level) *History {
	h := &History{
		Reader: &Reader{now: c.Now, levels: levels}, cfg: c, levels: levels, meter: newMeter(c), queue: newQueue(c),
		events: make(chan struct{}, 1), calls: make(chan struct{}, 1),
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.health.begin(c)
	return h
}

func (h *History) start() {
	var both sync.WaitGroup
	both.Go(h.gatherLoop)
	both.Go(h.writeLoop)
	go func() {
		both.Wait()
		close(h.done)
	}()
}

// Attempt takes an HTTP exchange that has ended. It never waits for the disk, and
// hardly for anybody.
func (h *History) Attempt(a Attempt) {
	if !h.closed.Load() {
		h.meter.attempt(&a)
	}
}

// Call takes a call that has ended, like Attempt.
func (h *History) Call(c Call) {
	if !h.closed.Load() {
		h.meter.call(&c)
	}
}

// Event takes an event, which gets the next ID, and has it written within about 100 ms
// together with a snapshot of all circuits and gates. It never waits for the disk.
// When too much waits, everything else is dropped before the first event.
func (h *History) Event(e report.Event) {
	if h.closed.Load() {
		return
	}
	if e.At.IsZero() {
		e.At = h.cfg.Now()
	}
	h.queue.event(e)
	notify(h.events)
}

// SetSnapshots says where the circuits and gates can be had as they are. From then on
// they are saved whenever events or calls are written.
func (h *History) SetSnapshots(f func() (circuits []breaker.Snapshot, gates []gate.Snapshot)) {
	h.snapshots.Store(&f)
}

// Close writes what waits and releases the file. Its error says what got lost. If ctx
// ends before that, the rest is given up.
func (h *History) Close(ctx context.Context) error {
	h.end.Do(func() {
		h.closed.Store(true)
		close(h.closing)
		h.endErr = h.finish(ctx)
	})
	return h.endErr
}

// finishTime is how long the writer may take to notice that it must give up.
const finishTime = time.Second

func (h *History) finish(ctx context.Context) error {
	defer h.cancel()
	select {
	case <-h.done:
	case <-ctx.Done():
		h.cancel()
		select {
		case <-h.done:
		case <-time.After(finishTime):
			return fmt.Errorf("history: the disk does not answer: %w", ctx.Err())
		}
	}
	h.disk.Lock()
	defer h.disk.Unlock()
	var errs []error
	if h.last != nil {
		waiting, _ := h.queue.state()
		errs = append(errs, fmt.Errorf("history: %d events and %d cells could not be written: %w", waiting.Events, waiting.Cells, h.last))
	}
	h.pool.Store(nil)
	if h.f != nil {
		errs = append(errs, h.f.close())
		h.f = nil
	}
	return errors.Join(append(errs, unlock(h.lock))...)
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
