package guard_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
)

// slowBody yields each event after its wait, and heeds its request's context.
type slowBody struct {
	ctx   context.Context
	waits []time.Duration
	event string
}

func (b *slowBody) Read(p []byte) (int, error) {
	if len(b.waits) == 0 {
		return 0, io.EOF
	}
	timer := time.NewTimer(b.waits[0])
	defer timer.Stop()
	select {
	case <-timer.C:
		b.waits = b.waits[1:]
		return copy(p, b.event), nil
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
}

func (b *slowBody) Close() error { return nil }

// slowService answers after headers, and then event by event.
func slowService(headers time.Duration, event string, waits ...time.Duration) answer {
	return func(r *http.Request) (*http.Response, error) {
		timer := time.NewTimer(headers)
		defer timer.Stop()
		select {
		case <-timer.C:
			return respond(r, 200, &slowBody{r.Context(), waits, event}, "Content-Type", "text/event-stream"), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

func TestDeadlines(t *testing.T) {
	const never = time.Hour
	s, m := time.Second, time.Minute
	rows := []struct {
		name     string
		service  answer
		timeouts guard.Timeouts
		code     string // of the failure; none: it is no failure
		after    time.Duration
	}{
		{"headers: 10 min", slowService(never, ""), guard.Timeouts{}, fault.CodeHeadersTimeout, 10 * m},
		{"headers just in time", slowService(10*m-s, finish+done, s), guard.Timeouts{FirstContent: -1}, "", 10 * m},
		{"headers switched off", slowService(never, finish+done, s), guard.Timeouts{Headers: -1, FirstContent: -1}, "", never + s},
		{"idle: 2 min", slowService(s, chunk, s, s, never), guard.Timeouts{}, fault.CodeIdleTimeout, 3*s + 2*m},
		{"each event starts it anew", slowService(s, chunk+finish+done, 119*s, 119*s, 119*s), guard.Timeouts{}, "", 358 * s},
		{"comments are not silence, but no content either", slowService(s, ": keep-alive\n\n", m, m, m, m, m, m, m, m, m, m, m, m), guard.Timeouts{}, fault.CodeContentTimeout, 10 * m},
		{"first content set shorter", slowService(s, role, s, s, s, s, s, s, s, s), guard.Timeouts{FirstContent: 5 * s}, fault.CodeContentTimeout, 5 * s},
		{"after content only silence counts", slowService(s, chunk+finish+done, s, m, m, m, m, m, m, m, m, m, m, m), guard.Timeouts{}, "", 11*m + 2*s},
		{"total is off", slowService(s, chunk+finish+done, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m), guard.Timeouts{}, "", 15*m + s},
		{"total: 30 s", slowService(s, chunk, s, never), guard.Timeouts{Total: 30 * s}, fault.CodeTotalTimeout, 30 * s},
		{"total before headers", slowService(never, ""), guard.Timeouts{Total: 30 * s}, fault.CodeTotalTimeout, 30 * s},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, row.service, guard.Config{Retry: once.Retry, Timeouts: row.timeouts})
				start := time.Now()
				_, _, err := r.chat("http://api")
				if took := time.Since(start); took != row.after {
					t.Errorf("took %v, want %v", took, row.after)
				}
				if row.code == "" {
					if err != nil {
						t.Errorf("failed: %v", err)
					}
					return
				}
				f, ok := errors.AsType[*fault.Error](err)
				if !ok || f.Code != row.code || f.Kind != fault.Timeout {
					t.Errorf("got %v, want %s", err, row.code)
				}
				if m := r.metrics("api/gpt-5"); m.FailedCalls != 1 {
					t.Errorf("metrics %+v", m)
				}
			})
		})
	}
}

// The caller's own deadline speaks against the service only if that was silent
// for long.
func TestCallersDeadlineCountsOnlyAfterAStall(t *testing.T) {
	for deadline, want := range map[time.Duration]int64{time.Minute: 0, 2 * time.Minute: 1, time.Hour: 1} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, slowService(2*time.Hour, ""), guard.Config{Retry: once.Retry, Timeouts: guard.Timeouts{Headers: -1}})
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			_, _, err := r.post(ctx, "http://api", chat)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if m := r.metrics("api/gpt-5"); m.FailedCalls != want {
				t.Errorf("deadline %v: %d failures, want %d", deadline, m.FailedCalls, want)
			}
		})
	}
}

func TestCallsThatHangOpenTheCircuitWhileTheyHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, slowService(time.Hour, ""), guard.Config{Policy: guard.Classic})
		ctx, cancel := context.WithCancel(t.Context())
		for range 5 {
			go func() { _, _, _ = r.post(ctx, "http://api", chat) }()
		}
		time.Sleep(2*time.Minute + 8*time.Second)
		start := time.Now()
		_, _, err := r.chat("http://api")
		if fault.UserMessage(err) == "" || time.Since(start) != 0 {
			t.Errorf("got %v after %v, want a refusal at once", err, time.Since(start))
		}
		cancel()
		synctest.Wait()
	})
}

// A model that is known to think for long hangs without counting, by itself.
func TestPatienceWithOneModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, slowService(time.Hour, ""), guard.Config{Policy: guard.Classic, Timeouts: guard.Timeouts{Headers: -1}, Overrides: []guard.Override{
			{Models: []string{"gpt-5*"}, StallAfter: 10 * time.Minute},
			{Models: []string{"gpt-5*"}, Endpoint: "/responses", StallAfter: 20 * time.Minute},
			{Models: []string{"o3"}, StallAfter: -1},
			{Models: []string{"tiny"}, StallAfter: 20 * time.Second},
		}})
		ctx, cancel := context.WithCancel(t.Context())
		models := []string{"gpt-4", "gpt-5", "o3", "tiny"}
		body := func(model string) string { return `{"model":"` + model + `"}` }
		for _, model := range models {
			for range 6 {
				go func() { _, _, _ = r.post(ctx, "http://api", body(model)) }()
			}
		}
		for _, after := range []time.Duration{10 * time.Second, 50 * time.Second, 4 * time.Minute, 8 * time.Minute} {
			time.Sleep(after)
			for _, model := range models {
				ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
				_, _, _ = r.post(ctx, "http://api", body(model)) // at which the circuit looks for calls that hang
				cancel()
				opened := r.metrics("api/"+model).Openings > 0
				limit := map[string]time.Duration{"gpt-4": 2 * time.Minute, "gpt-5": 10 * time.Minute, "o3": time.Hour, "tiny": 20 * time.Second}[model]
				if out := time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); opened != (out > limit) {
					t.Errorf("%s after %v: opened is %v", model, out, opened)
				}
			}
		}
		cancel()
		synctest.Wait()
	})
}

func TestCallerLeavesDuringTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		r := newRig(t, answer(func(r *http.Request) (*http.Response, error) {
			attempts++
			return respond(r, 503, text(""), "Retry-After", "8"), nil
		}), guard.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		start := time.Now()
		_, _, err := r.post(ctx, "http://api", chat)
		if !errors.Is(err, context.Canceled) || time.Since(start) != 3*time.Second || attempts != 1 {
			t.Errorf("got %v after %v and %d attempts", err, time.Since(start), attempts)
		}
		if n := r.count(guard.CallEnded); n != 1 {
			t.Errorf("%d calls ended", n)
		}
	})
}

// The service's own delay is waited for; one that the caller's deadline does
// not allow is not, and its answer comes at once.
func TestWaitsAsTheServiceAsks(t *testing.T) {
	for name, row := range map[string]struct {
		deadline  time.Duration
		low, high time.Duration
		attempts  int
	}{
		"no deadline": {0, 8 * time.Second, 10 * time.Second, 2},
		"deadline":    {5 * time.Second, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				r := newRig(t, answer(func(r *http.Request) (*http.Response, error) {
					if attempts++; attempts > 1 {
						return respond(r, 200, text("{}")), nil
					}
					return respond(r, 429, text(""), "Retry-After", "8"), nil
				}), guard.Config{})
				ctx := t.Context()
				if row.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, row.deadline)
					defer cancel()
				}
				start := time.Now()
				_, _, err := r.post(ctx, "http://api", chat)
				if took := time.Since(start); err != nil || took < row.low || took > row.high || attempts != row.attempts {
					t.Errorf("got %v after %v and %d attempts", err, took, attempts)
				}
			})
		})
	}
}
