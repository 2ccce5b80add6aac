package app

import (
	"net/http"
	"sync"
	"sync/atomic"
)

// inflight counts the requests of a handler, those whose connection was taken
// over (WebSockets) included. Once draining, it asks clients to close their
// connections.
type inflight struct {
	next     http.Handler
	draining atomic.Bool

	mu    sync.Mutex
	count int
	empty chan struct{} // closed while there are none
}

func newInflight(next http.Handler) *inflight {
	f := &inflight{next: next, empty: make(chan struct{})}
	close(f.empty)
	return f
}

func (f *inflight) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.add(1)
	defer f.add(-1)
	if f.draining.Load() && r.ProtoMajor == 1 && r.Header.Get("Upgrade") == "" {
		w.Header().Set("Connection", "close")
	}
	f.next.ServeHTTP(w, r)
}

func (f *inflight) add(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == 0 {
		f.empty = make(chan struct{})
	}
	if f.count += n; f.count == 0 {
		close(f.empty)
	}
}

// left returns how many there are, and a channel that is closed when there are
// none.
func (f *inflight) left() (count int, empty <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count, f.empty
}
