package history

import (
	"sync"
	"time"
)

// State is how a history is.
type State string

// The states of a history.
const (
	Good     State = "ok"
	Degraded State = "degraded" // what comes is not written, but kept for now
	InMemory State = "memory"   // nothing is written at all
)

// Status is how a history is at a moment.
type Status struct {
	State    State
	Reason   string    // why it is not Good, in words
	Since    time.Time // when the state began
	Path     string    // "": none
	SetAside string    // where a damaged file went that was found since the start
	Pending  Backlog
	Dropped  Loss
	Size     int64     // of the file and its journal, in bytes
	Written  time.Time // the last time; zero: not yet
}

// Status returns how it is.
func (h *History) Status() Status {
	s := h.health.status(h.cfg.Now(), time.Now())
	s.Pending, s.Dropped = h.queue.state()
	return s
}

// hangTime is how long a write may take before that is said.
const hangTime = 5 * time.Second

// health is what is known of the disk. It is safe for concurrent use.
type health struct {
	mu    sync.Mutex
	calm  Status    // without a failure
	bad   string    // in words; "": none
	since time.Time // when it began
	begun time.Time // a write that has not ended, by the real clock
}

func (h *health) begin(c Config) {
	h.calm = Status{State: Good, Path: c.Path, Since: c.Now()}
	if c.VFS == memoryVFS {
		h.calm.State, h.calm.Reason, h.calm.Path = InMemory, c.Reason, ""
	}
}

// fail tells whether that is news.
func (h *health) fail(now time.Time, err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	words := Why(err)
	news := h.bad != words
	if h.bad == "" {
		h.since = now
	}
	h.bad = words
	return news
}

// succeed tells since when it failed, if it did.
func (h *health) succeed(now time.Time, size int64) (since time.Time, again bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calm.Written, h.calm.Size = now, size
	if h.bad == "" {
		return time.Time{}, false
	}
	h.bad, h.calm.Since = "", now
	return h.since, true
}

func (h *health) setAside(path string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calm.SetAside = path
}

func (h *health) writing(realNow time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begun = realNow
}

func (h *health) wrote() { h.writing(time.Time{}) }

func (h *health) status(now, realNow time.Time) Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.calm
	switch hangs := realNow.Sub(h.begun); {
	case h.bad != "":
		s.State, s.Reason, s.Since = Degraded, h.bad, h.since
	case !h.begun.IsZero() && hangs > hangTime:
		s.State, s.Reason, s.Since = Degraded, "the disk does not answer", now.Add(-hangs)
	}
	return s
}
