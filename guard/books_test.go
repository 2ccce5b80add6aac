package guard_test

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

// moody is a service that answers in any way, after any time.
func moody(r *http.Request) (*http.Response, error) {
	if !sleeps(r.Context(), 2*time.Millisecond) {
		return nil, r.Context().Err()
	}
	outcome := any1of(moods)
	switch outcome.status {
	case 0:
		return nil, errors.New("reset")
	case -1:
		panic("base")
	}
	return respond(r, outcome.status, &hesitant{r.Context(), strings.NewReader(outcome.body)}, outcome.header...), nil
}

type mood struct {
	status int // 0: none; -1: it panics
	body   string
	header []string
}

var (
	plainJSON = []string{"Content-Type", "application/json"}
	moods     = []mood{
		{0, "", nil},
		{-1, "", nil},
		{429, `{"error":{"message":"x"}}`, nil},
		{429, `{"error":{"message":"x","code":"insufficient_quota"}}`, nil},
		{500, long, nil},
		{503, "x", []string{"Retry-After-Ms", "3"}},
		{401, `{"error":{"message":"x"}}`, nil},
		{403, `{"error":{"message":"x"}}`, nil},
		{204, "", nil},
		{307, "", []string{"Location", "http://evil"}},
		{200, whole, []string{"Content-Type", "text/event-stream"}},
		{200, chunk + errorEvent, []string{"Content-Type", "text/event-stream"}},
		{200, "<html>", []string{"Content-Type", "text/html"}},
		{200, answered, plainJSON},
		{200, answered, plainJSON},
		{200, answered[:50], plainJSON},
	}
)

func any1of[T any](all []T) T { return all[rand.IntN(len(all))] }

// sleeps waits for up to d, and reports false if ctx ends first.
func sleeps(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Duration(rand.Int64N(int64(d)))):
		return true
	}
}

// hesitant is a body that comes bit by bit.
type hesitant struct {
	ctx  context.Context
	rest *strings.Reader
}

func (b *hesitant) Read(p []byte) (int, error) {
	if !sleeps(b.ctx, time.Millisecond) {
		return 0, b.ctx.Err()
	}
	return b.rest.Read(p[:min(len(p), 16<<10)])
}

func (*hesitant) Close() error { return nil }

// ledger is what callers and the observer have counted.
type ledger struct {
	limits *guard.Limits // of all configurations; nil: any

	mu                                          sync.Mutex
	calls, attempts, retries, fallbacks         int // by reports
	ended, attemptsEnded, retriesIn, fallbackIn int // by events
}

func (l *ledger) observe(_ context.Context, e guard.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e.Type {
	case guard.CallEnded:
		l.ended++
	case guard.AttemptEnded:
		l.attemptsEnded, l.retriesIn, l.fallbackIn = l.attemptsEnded+1, l.retriesIn+e.Retries, l.fallbackIn+e.Fallbacks
	default: // of what is between
	}
}

func (l *ledger) report(r *guard.Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	l.attempts, l.retries, l.fallbacks = l.attempts+r.Attempts, l.retries+r.Retries, l.fallbacks+r.Fallbacks
}

const (
	savedUp = 1_000_000 // retries, so that each that is spent can be seen
	earned  = 1e-6      // by each call: next to nothing
)

// atMost are limits with a short line.
func atMost(n int) guard.Limits {
	return guard.Limits{MaxInFlight: n, MaxQueued: 5, MaxQueueWait: 5 * time.Millisecond}
}

// anyConfig is a configuration of a random kind. Its budget is always the same, so
// that it goes on.
func (l *ledger) anyConfig(t *testing.T) guard.Config {
	own := http.Header{"Authorization": {"Bearer own"}}
	cfg := guard.Config{
		Retry:   retry.Config{BaseDelay: time.Millisecond, MaxWait: 10 * time.Millisecond, MaxRetries: any1of([]int{-1, 2, 3})},
		Budget:  retry.BudgetConfig{Share: earned, Most: savedUp},
		Breaker: breaker.Config{StallAfter: 5 * time.Second, BaseTimeout: 5 * time.Millisecond, ResetTimeout: 20 * time.Millisecond, FailureThreshold: any1of([]int{3, 10})},
		Gate: gate.Config{
			FirstGuess: time.Millisecond, MaxClosed: 3 * time.Millisecond, MaxWait: 5 * time.Millisecond,
			Retest: 2 * time.Millisecond, MaxRetest: 4 * time.Millisecond, TestLease: time.Hour,
		},
		Gates: any1of([]guard.Switch{guard.On, guard.On, guard.Off}), GateWait: any1of([]guard.Switch{guard.On, guard.Off}),
		WhenRefused: any1of([]guard.WhenRefused{guard.Refuse, guard.Await}), Count: any1of([]guard.Count{guard.PerAttempt, guard.PerCall}),
		Limits: any1of([]guard.Limits{{}, atMost(1), atMost(4)}), CommitAfter: time.Millisecond, Observe: l.observe,
		Overrides: []guard.Override{{Models: []string{"m2"}, Timeouts: guard.Timeouts{Idle: 5 * time.Millisecond}}},
	}
	if l.limits != nil {
		cfg.Limits = *l.limits
	}
	if rand.IntN(4) > 0 {
		cfg.Targets = []guard.Target{
			{Name: "a", Header: own, Pool: "p"}, {Name: "b", Model: "m2", Header: own, Pool: "p", Weight: 3},
			{Name: "c", URL: base(t, "http://backup/v1")},
		}
	}
	return cfg
}

// call makes a call whose caller may leave at any time, and may read the answer or
// not.
func (l *ledger) call(t *testing.T, g *guard.Guard) {
	var report guard.Report
	ctx, cancel := context.WithCancel(guard.WithReport(t.Context(), &report))
	defer func() {
		_ = recover() // of the base
		cancel()
		l.report(&report)
	}()
	if rand.IntN(3) == 0 {
		time.AfterFunc(time.Duration(rand.IntN(5000))*time.Microsecond, cancel)
	}
	body := any1of([]string{chat, chat, chat, `{"model":"m2"}`})
	resp, err := g.RoundTrip(newPost(t, "http://api", body).WithContext(ctx))
	if err != nil {
		return
	}
	defer resp.Body.Close()
	if rand.IntN(3) > 0 {
		_, _ = io.Copy(io.Discard, resp.Body)
	}
}

// After traffic of any kind, and with configurations and modes replaced meanwhile,
// nothing is kept: no place in flight or in line, no permit, no probe, no test of a
// key; and each attempt and each retry is in the books once.
func TestEverythingAddsUp(t *testing.T) {
	one, four := atMost(1), atMost(4)
	for _, limits := range []*guard.Limits{&one, &four, nil} {
		synctest.Test(t, func(t *testing.T) {
			l := &ledger{limits: limits}
			g, err := guard.New(answer(moody), l.anyConfig(t))
			if err != nil {
				t.Fatal(err)
			}
			var callers sync.WaitGroup
			for range 24 {
				callers.Go(func() {
					for range 80 {
						l.call(t, g)
						_ = sleeps(t.Context(), 10*time.Millisecond)
					}
				})
			}
			stop := make(chan struct{})
			var operator sync.WaitGroup
			operator.Go(func() { l.meddle(t, g, stop) })
			callers.Wait()
			close(stop)
			operator.Wait()
			synctest.Wait()
			l.audit(t, g)
		})
	}
}

// meddle replaces the configuration and the modes of circuits all the time.
func (l *ledger) meddle(t *testing.T, g *guard.Guard, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(3 * time.Millisecond):
		}
		if err := g.SetConfig(l.anyConfig(t)); err != nil {
			t.Error(err)
		}
		for _, b := range g.Circuits().All() {
			if rand.IntN(3) == 0 {
				b.SetMode(any1of([]breaker.Mode{breaker.Normal, breaker.Normal, breaker.Observe, breaker.ForcedOpen}))
			}
		}
	}
}

// audit looks for what is not given back and for what does not add up.
func (l *ledger) audit(t *testing.T, g *guard.Guard) {
	spent := 0.
	for _, b := range g.Circuits().All() {
		m := b.Metrics()
		u, _ := g.Usage(b)
		if u.InFlight != 0 || u.Queued != 0 || m.Probes != 0 {
			t.Errorf("%s: %+v, %d probes out", m.Name, u, m.Probes)
		}
		if u.RetriesLeft != 0 { // a model's
			spent += savedUp - u.RetriesLeft
		}
	}
	// Each retry costs one, and each first attempt at a circuit gains next to nothing.
	if gained := float64(l.attempts-l.retries) * earned; math.Abs(spent-float64(l.retries)) > gained+1e-5 {
		t.Errorf("%.6f retries are paid for, %d were made", spent, l.retries)
	}
	if l.calls != l.ended || l.attempts != l.attemptsEnded || l.retries != l.retriesIn || l.fallbacks != l.fallbackIn {
		t.Errorf("reports and events differ: %+v", l)
	}
	if l.retries == 0 || l.fallbacks == 0 || l.attempts < l.calls/10 {
		t.Errorf("too little has happened: %+v", l)
	}
	time.Sleep(time.Minute)
	for _, b := range g.Circuits().All() {
		if m := b.Metrics(); m.StalledCalls != 0 {
			t.Errorf("%s: %d permits are not given back", m.Name, m.StalledCalls)
		}
	}
	for _, k := range g.Gates().All() {
		if m := k.Metrics(); m.Waiting != 0 || m.State == gate.Parked && k.Allow() != nil {
			t.Errorf("gate %s %s: %d wait, until %v, it is %v", m.Label, m.Model, m.Waiting, m.Until, time.Now())
		}
	}
}
