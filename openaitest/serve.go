package openaitest

import (
	"context"
	"net/http"
)

// unread is the kind of an attempt whose body never arrived in full.
const unread = "unread"

// ServeHTTP answers one attempt: it reads the body, asks which fault is due, and
// lets that answer, in front of the healthy service.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := s.enter(r)
	rec := &recorder{ResponseWriter: w}
	regular := false
	defer func() { s.leave(c, rec, regular) }()

	ctx, cancel := context.WithCancel(context.WithValue(r.Context(), callKey{}, c))
	defer cancel()
	defer context.AfterFunc(s.done, cancel)()
	r = r.WithContext(ctx)

	var err error
	if c.body, err = readBody(r, s.cfg.MaxBody); err != nil {
		s.noteFault(c, unread)
		c.left = true
		panic(http.ErrAbortHandler)
	}
	c.attempt.Model, c.attempt.Stream = c.body.asks()
	f := s.decide(c)
	s.noteFault(c, f.Name())
	f.Serve(rec, r, http.HandlerFunc(s.answer))
	regular = true
}

// noteFault files the attempt under the name of its fault.
func (s *Server) noteFault(c *call, name string) {
	a := c.attempt
	s.tally.fault(a.Client, name)
	s.log.change(a.N, func(r *Request) {
		r.Fault, r.Stream = name, a.Stream
		r.Model = clip(a.Model, logModelBytes)
		r.BodyBytes = c.body.size
		r.Body = c.body.raw[:min(len(c.body.raw), logBodyBytes)]
	})
}

// leave closes the books on the attempt.
func (s *Server) leave(c *call, w *recorder, regular bool) {
	status, class := w.class(regular)
	canceled := c.canceled(w)
	s.log.change(c.attempt.N, func(r *Request) {
		r.Status, r.Done, r.Canceled = status, true, canceled
	})
	s.tally.end(c.attempt.Client, class, canceled)
}

// labelOf returns the sender's label, bounded.
func (s *Server) labelOf(r *http.Request) string {
	label := r.Header.Get(s.cfg.ClientHeader)
	if label == "" {
		label = r.UserAgent()
	}
	return orDefault(clip(label, maxLabelBytes), "unnamed")
}

const maxLabelBytes = 100

// clip returns at most n bytes of s.
func clip(s string, n int) string { return s[:min(len(s), n)] }
