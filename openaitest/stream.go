package openaitest

import (
	"io"
	"net/http"
	"time"
)

// stream sends the events of one healthy answer, each in a write of its own.
type stream struct {
	w        http.ResponseWriter
	r        *http.Request
	interval time.Duration
	began    bool
}

// openStream makes w an event stream. Nothing is sent before the first event.
func (s *Server) openStream(w http.ResponseWriter, r *http.Request) *stream {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	return &stream{w: w, r: r, interval: s.cfg.ChunkInterval}
}

// send sends v as one event, with its name in front if it has one.
func (s *stream) send(event string, v any) error {
	text := ""
	if event != "" {
		text = "event: " + event + "\n"
	}
	return s.raw(text + "data: " + string(mustJSON(v)) + "\n\n")
}

// raw sends the text of one event, after the interval.
func (s *stream) raw(event string) error {
	if s.began {
		wait(s.r, s.interval)
	}
	s.began = true
	if _, err := io.WriteString(s.w, event); err != nil {
		noteLeft(s.r)
		return err
	}
	flush(s.w)
	return nil
}

// last says that the next event completes the answer.
func (s *stream) last() { whole(s.r) }
