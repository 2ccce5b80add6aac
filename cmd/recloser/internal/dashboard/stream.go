package dashboard

import (
	"net/http"
	"time"
)

const (
	heartbeat = 15 * time.Second
	// writeTime is how long a viewer's connection may take nothing before it ends.
	writeTime = 30 * time.Second
)

// events is the event stream.
func (d *Dashboard) events(w http.ResponseWriter, r *http.Request) {
	if !d.feed.enter() {
		tooMany(w)
		return
	}
	defer d.feed.streams.Done()
	v, missed, whole := d.feed.join(r.Header.Get("Last-Event-ID"))
	if v == nil {
		tooMany(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // reverse proxies must not collect events
	w.WriteHeader(http.StatusOK)
	s := &stream{feed: d.feed, v: v, w: w, rc: http.NewResponseController(w)}
	defer s.end()
	if r.Method == http.MethodHead {
		return
	}
	s.serve(r, missed, whole)
}

func tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	writeError(w, http.StatusServiceUnavailable, "too_many_viewers", "Too many are looking, or the process is about to end.")
}

// stream is one viewer's connection.
type stream struct {
	feed *feed
	v    *viewer
	w    http.ResponseWriter
	rc   *http.ResponseController
}

func (s *stream) end() {
	s.feed.leave(s.v)
	_ = s.rc.SetWriteDeadline(time.Time{}) // for the next request on the connection
}

// serve writes events until the viewer leaves or the process ends.
func (s *stream) serve(r *http.Request, missed []*frame, whole bool) {
	if !s.write([]byte("retry: 1000\n\n")) || !s.begin(missed, whole) {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for good := true; good; {
		select {
		case <-r.Context().Done():
			return
		case <-s.feed.closing:
			return
		case <-s.v.dropped:
			good = s.again()
		case e := <-s.v.queue:
			good = s.writeAll(e)
		case <-beat.C:
			good = s.write([]byte("event: ping\ndata: {}\n\n")) && s.flush()
		}
	}
}

// begin brings a viewer to where the feed is.
func (s *stream) begin(missed []*frame, whole bool) bool {
	if whole {
		missed = []*frame{s.feed.overview()}
	}
	for _, e := range missed {
		if !s.write(e.text) {
			return false
		}
	}
	return s.flush()
}

// again takes a new place for a viewer who was too slow, and begins anew.
func (s *stream) again() bool {
	s.feed.leave(s.v)
	v, missed, whole := s.feed.join("")
	if v == nil {
		return false
	}
	s.v = v
	return s.begin(missed, whole)
}

// writeAll writes an event and those that wait behind it.
func (s *stream) writeAll(e *frame) bool {
	for {
		if !s.write(e.text) {
			return false
		}
		select {
		case e = <-s.v.queue:
		default:
			return s.flush()
		}
	}
}

func (s *stream) write(text []byte) bool {
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeTime)) // what cannot do that does not block for ever either
	_, err := s.w.Write(text)
	return err == nil
}

func (s *stream) flush() bool { return s.rc.Flush() == nil }
