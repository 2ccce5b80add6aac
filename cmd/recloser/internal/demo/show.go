package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/openaitest"
)

// show is one run of the demo.
type show struct {
	opts          Options
	service       *openaitest.Local
	proxyURL      string
	adminURL      string
	stopProxy     func()
	with, without *lane
	circuits      circuits
	diary         diary
	history       history
	began         time.Time
	told          int             // phases told of
	toldOf        map[result]bool // kinds of users told of
}

// newShow starts stand-in and proxy. Close it in the end.
func newShow(ctx context.Context, opts Options) (*show, error) {
	s := &show{opts: opts, toldOf: make(map[result]bool)}
	var err error
	s.service, err = openaitest.Listen("127.0.0.1:0", openaitest.Config{
		Fault: opts.script.fault(), Seed: opts.Seed, Latency: opts.script.answer, ClientHeader: labelHeader,
	})
	if err != nil {
		return nil, fmt.Errorf("the demo's stand-in for the API does not start: %w", err)
	}
	s.proxyURL, s.adminURL, s.stopProxy, err = opts.StartProxy(ctx, s.service.BaseURL, s.transition)
	if err != nil {
		_ = s.service.Close()
		return nil, fmt.Errorf("the demo's proxy does not start: %w", err)
	}
	s.with = &lane{client: newClient(s.proxyURL+"/v1", "through Recloser", opts.policy)}
	s.without = &lane{client: newClient(s.service.BaseURL, "bare", opts.policy)}
	return s, nil
}

func (s *show) close() {
	s.with.client.close()
	s.without.client.close()
	s.stopProxy()
	_ = s.service.Close()
}

// transition is told of every change of state. One that callers do not feel, as
// another circuit is stricter, makes no line.
func (s *show) transition(tr breaker.Transition) {
	if s.circuits.note(tr) {
		s.diary.add(tr.At.Sub(s.began), tr.To.String(), tell(tr))
	}
}

// play lets the traffic run, and shows it, until both are over.
func (s *show) play(ctx context.Context, v view) {
	s.began = time.Now()
	s.service.Begin()
	if s.opts.script.about != "" {
		s.diary.add(0, aboutTrace, s.opts.script.about)
	}
	t := traffic{
		seed: s.opts.Seed, users: s.opts.script.users(s.opts.Seed), lanes: []*lane{s.with, s.without},
		began: s.began, recovery: s.began.Add(s.opts.script.recovery()), more: s.more,
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		t.run(ctx)
	}()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		v.update(s.snapshot(), s.news(settle))
		select {
		case <-tick.C:
		case <-over:
			s.settleBooks(ctx)
			v.update(s.snapshot(), s.news(0))
			return
		}
	}
}

// settle is how long an event is held back, so that one which happened before
// it, but is told of later, comes first.
const settle = 50 * time.Millisecond

// more tells whether users still come: until the script is over, and a little
// longer if the circuit is late.
func (s *show) more(elapsed time.Duration) bool {
	script := s.opts.script
	late := s.circuits.now().state != breaker.Closed
	return elapsed < script.lasting() || late && elapsed < script.lasting()+script.grace
}

// settlement is how long the stand-in may take to close its books.
const settlement = time.Second

// settleBooks waits until the stand-in has closed its books on the last answers.
func (s *show) settleBooks(ctx context.Context) {
	brief, cancel := context.WithTimeout(ctx, settlement)
	defer cancel()
	_ = s.service.Idle(brief)
}

// news returns what has happened since it was last asked.
func (s *show) news(hold time.Duration) []event {
	elapsed := time.Since(s.began)
	script := s.opts.script
	for ; s.told <= script.at(elapsed); s.told++ {
		s.diary.add(script.begin(s.told), aboutService, script.phases[s.told].words)
	}
	s.noteFirst(s.with, refused, func(o outcome) string { return "told at once: " + quoted(o.message) })
	s.noteFirst(s.without, failed, func(o outcome) string {
		return fmt.Sprintf("without Recloser, the first error comes after %s and %s", seconds(o.took), tries(o.attempts))
	})
	return s.diary.take(elapsed - hold)
}

// noteFirst tells, once, of the first user with such a result.
func (s *show) noteFirst(l *lane, r result, words func(outcome) string) {
	first, ok := l.now().firsts[r]
	if !ok || s.toldOf[r] {
		return
	}
	s.toldOf[r] = true
	s.diary.add(first.ended.Sub(s.began), aboutUsers, words(first))
}
