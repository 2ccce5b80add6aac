package openaitest

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// A Request is what the server remembers of one attempt.
type Request struct {
	// N is the ordinal number among all attempts, from 1.
	N uint64
	// At is when the headers had arrived, by Config.Now.
	At time.Time
	// Method and Path are as they were sent, the path without its query.
	Method string
	Path   string
	// Header is a copy without Authorization, Api-Key and cookies.
	Header http.Header
	// KeyTail is the last four characters of the key that the request presented,
	// so that keys can be told apart; of a key under 12 characters, nothing.
	KeyTail string
	// Endpoint, Model, Stream and Client are those of the Attempt. Model is cut
	// after 200 bytes.
	Endpoint string
	Model    string
	Stream   bool
	Client   string
	// Body is the beginning of the body, at most 4 KiB; nil for an upload.
	Body []byte
	// BodyBytes is the length of the whole body.
	BodyBytes int64
	// Fault is the name of the fault served; empty while the body is arriving.
	Fault string
	// Status is the status sent; 0 if none was, or while none is.
	Status int
	// Done tells that the attempt has ended, and Canceled that the client left
	// before its answer was whole.
	Done     bool
	Canceled bool
}

const (
	logBodyBytes  = 4 << 10
	logModelBytes = 200
)

// journal keeps the latest requests in a ring.
type journal struct {
	mu   sync.Mutex
	ring []Request // the n-th attempt is at (n-1) % len
	last uint64
}

func newJournal(size int) *journal { return &journal{ring: make([]Request, size)} }

// change applies edit to the entry of attempt n, if it is still kept.
func (j *journal) change(n uint64, edit func(*Request)) {
	if len(j.ring) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := &j.ring[(n-1)%uint64(len(j.ring))]; r.N == n {
		edit(r)
	}
}

// add enters an attempt. Attempts may be added out of order; one that is too
// old to be kept is dropped.
func (j *journal) add(r Request) {
	if len(j.ring) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if slot := &j.ring[(r.N-1)%uint64(len(j.ring))]; slot.N < r.N {
		*slot = r
	}
	j.last = max(j.last, r.N)
}

// all returns copies, oldest first. The headers and bodies are shared with the
// ring, which never writes to them.
func (j *journal) all() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	size := uint64(len(j.ring))
	first := uint64(1)
	if j.last > size {
		first = j.last - size + 1
	}
	out := make([]Request, 0, min(j.last, size))
	for n := first; size > 0 && n <= j.last; n++ {
		if r := j.ring[(n-1)%size]; r.N == n {
			out = append(out, r)
		}
	}
	return out
}

// withoutSecrets copies h without what must never be kept.
func withoutSecrets(h http.Header) http.Header {
	out := h.Clone()
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Api-Key", "Cookie"} {
		out.Del(name)
	}
	return out
}

// keyOf returns the key that r presents, or "".
func keyOf(r *http.Request) string {
	kind, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "Bearer") {
		return strings.TrimSpace(key)
	}
	return r.Header.Get("Api-Key")
}

// tailOf returns the end of a key that is long enough to lose four characters.
func tailOf(key string) string {
	if len(key) < 12 {
		return ""
	}
	return key[len(key)-4:]
}
