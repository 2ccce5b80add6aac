package openaitest

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// A Server is the stand-in, as an http.Handler. Make one with New. All methods
// may be called at any time, by several goroutines at once.
type Server struct {
	cfg   Config
	tally *tally
	log   *journal
	done  context.Context
	close context.CancelFunc

	mu    sync.Mutex
	fault Fault
	begun bool
	since time.Time // when fault's time began
	turns uint64    // attempts since then
}

// New returns a server that behaves as cfg says. The error names the field that
// is out of range, or is a *SyntaxError about the script.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.filled()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg:   cfg,
		tally: newTally(cfg.MaxClients),
		log:   newJournal(cfg.LogSize),
		fault: cfg.Fault,
	}
	s.done, s.close = context.WithCancel(context.Background())
	return s, nil
}

// Begin starts the time of the configured fault now, rather than with the first
// attempt. Later calls, and those after Set, change nothing.
func (s *Server) Begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beginLocked()
}

func (s *Server) beginLocked() {
	if !s.begun {
		s.begun, s.since = true, s.cfg.Now()
	}
}

// Set puts f in force for attempts that arrive from now on, and starts its time
// now. Attempts on the way keep the fault that they have: a hanging one hangs
// on. Nil means healthy.
func (s *Server) Set(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.turns = f, 0
	s.begun, s.since = true, s.cfg.Now()
}

// Current returns the fault in force, and for how much longer; 0 means that no
// end is set. Of a Timeline it is the phase that runs now. If the time has not
// begun, it is what the first attempt would meet.
func (s *Server) Current() (f Fault, left time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var elapsed time.Duration
	if s.begun {
		elapsed = s.cfg.Now().Sub(s.since)
	}
	if line, ok := s.fault.(Timeline); ok {
		phase, left := line.At(elapsed)
		return phase.Fault, left
	}
	if s.fault == nil {
		return Healthy{}, 0
	}
	return s.fault, 0
}

// Counts returns a snapshot of the books, consistent in itself.
func (s *Server) Counts() Counts { return s.tally.snapshot() }

// Log returns the latest requests, oldest first, at most Config.LogSize. Do not
// change the headers and bodies in it.
func (s *Server) Log() []Request { return s.log.all() }

// Idle waits until no attempt is in flight, or returns ctx's error.
func (s *Server) Idle(ctx context.Context) error {
	select {
	case <-s.tally.waiter():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close lets go of everything that hangs, stalls or waits: those attempts break
// off, as do later ones that would wait. It closes no listener, always returns
// nil, and may be called again.
func (s *Server) Close() error {
	s.close()
	return nil
}

// enter makes the call of r: its number, its label, its time.
func (s *Server) enter(r *http.Request) *call {
	c := &call{server: s, client: r.Context()}
	a := &c.attempt
	a.Endpoint, a.Seed = endpointOf(r.URL.Path), s.cfg.Seed
	a.N, a.Client = s.tally.begin(a.Endpoint, s.labelOf(r))
	s.mu.Lock()
	s.beginLocked()
	c.start = s.cfg.Now()
	s.mu.Unlock()
	s.log.add(Request{
		N: a.N, At: c.start, Method: r.Method, Path: r.URL.Path,
		Header: withoutSecrets(r.Header), KeyTail: tailOf(keyOf(r)),
		Endpoint: a.Endpoint, Client: a.Client,
	})
	return c
}

// decide settles the fault of a call whose body has arrived.
func (s *Server) decide(c *call) Fault {
	s.mu.Lock()
	f := s.fault
	s.turns++
	c.attempt.Turn = s.turns
	c.attempt.Elapsed = s.cfg.Now().Sub(s.since)
	s.mu.Unlock()
	return resolve(f, c.attempt)
}
