package dashboard

import (
	"slices"
	"strconv"
)

// queueLength is how many events wait for a viewer at most.
const queueLength = 64

// viewer is one who gets the events. Its place in the feed may be lost: then dropped is
// closed.
type viewer struct {
	queue   chan *frame
	dropped chan struct{}
}

// enter counts a stream, unless the end has come.
func (f *feed) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.streams.Add(1)
	}
	return !f.closed
}

// join adds a viewer. What he has missed since the event of that id comes first; if that
// is not known any more, whole says that he needs the whole picture. Nil: there is no
// room, or the end has come.
func (f *feed) join(id string) (v *viewer, missed []*frame, whole bool) {
	f.joining.Lock()
	defer f.joining.Unlock()
	if !f.runs() { // what happened while nobody looked is no news to who sees the whole picture
		f.tell(true)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || len(f.viewers) >= maxViewers {
		return nil, nil, false
	}
	v = &viewer{make(chan *frame, queueLength), make(chan struct{})}
	f.viewers[v] = struct{}{}
	missed, known := f.since(id)
	if !f.running {
		f.running = true
		go f.run()
	}
	return v, missed, !known
}

func (f *feed) runs() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running
}

// since returns the events after the one of that id, if all of them are known.
func (f *feed) since(id string) (missed []*frame, known bool) {
	last, err := strconv.ParseUint(id, 10, 64)
	if err != nil || last > f.seq {
		return nil, false
	}
	backlog := f.backlog[max(len(f.backlog)-maxBacklog, 0):]
	if f.seq-last > uint64(len(backlog)) {
		return nil, false
	}
	missed = slices.Clone(backlog[uint64(len(backlog))-(f.seq-last):])
	// An old picture would set the page's clock wrong: it gets a new one.
	return missed, !slices.ContainsFunc(missed, func(e *frame) bool { return e.whole })
}

// leave ends that; with the last one the goroutine ends.
func (f *feed) leave(v *viewer) {
	f.mu.Lock()
	delete(f.viewers, v)
	alone := len(f.viewers) == 0
	f.mu.Unlock()
	if alone {
		f.news.notify()
	}
}

// close ends all streams, and takes no more.
func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.closing)
	}
}
