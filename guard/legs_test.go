package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

// long is the body of an error that is not held as a whole, so that its exchange
// stays open until somebody closes it.
var long = strings.Repeat("x", 70<<10)

// good answers every request.
func good(r *http.Request) (*http.Response, error) {
	return respond(r, 200, text(answered), "Content-Type", "application/json"), nil
}

// slowly answers after so long.
func slowly(d time.Duration, then answer) answer {
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(d)
		return then(r)
	}
}

// inTurn answers each request by the next of all, and by the last for ever.
func inTurn(all ...answer) answer {
	var n atomic.Int32
	return func(r *http.Request) (*http.Response, error) { return all[min(int(n.Add(1)), len(all))-1](r) }
}

// counted counts the requests.
func counted(n *atomic.Int32, then answer) answer {
	return func(r *http.Request) (*http.Response, error) {
		n.Add(1)
		return then(r)
	}
}

// gate finds the gate of a model, or "" of the key, of which there is one.
func (r *rig) gate(model string) *gate.Gate {
	r.Helper()
	for _, g := range r.Gates().All() {
		if g.Model() == model {
			return g
		}
	}
	r.Fatalf("no gate of %q", model)
	return nil
}

// close closes the gate of a model for so long.
func (r *rig) close(model string, d time.Duration) {
	r.Helper()
	r.gate(model).Report(gate.Report{Kind: gate.RateLimit, RetryAfter: d})
}

// usage finds what is in use at a circuit.
func (r *rig) usage(circuit string) guard.Usage {
	r.Helper()
	for _, b := range r.Circuits().All() {
		if u, ok := r.Usage(b); ok && b.Name() == circuit {
			return u
		}
	}
	r.Fatalf("no circuit %q", circuit)
	return guard.Usage{}
}

// force opens a circuit of the host api.
func (r *rig) force(model string) { r.Circuits().Child("api", model).SetMode(breaker.ForcedOpen) }

// two are a chain of the call as it comes and of another model.
func two() []guard.Target { return []guard.Target{{Name: "a"}, {Name: "b", Model: "m2"}} }

// An attempt whose error is still to be read does not keep its retry out.
func TestRetryTakesTheBerthOfTheAttemptBefore(t *testing.T) {
	for name, row := range map[string]struct {
		first answer
		wait  guard.Switch
	}{
		"at once": {fixed(500, long), guard.Off},
		"in line": {fixed(429, long, "Retry-After", "1"), guard.On},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, inTurn(row.first, good), guard.Config{GateWait: row.wait, Limits: guard.Limits{MaxInFlight: 1}})
			start := time.Now()
			var report guard.Report
			if got := r.ask("http://api", chat, &report); got != "200" || report.Retries != 1 || time.Since(start) > 3*time.Second {
				t.Errorf("%s: %s after %v, %+v", name, got, time.Since(start), report)
			}
		})
	}
}

// Two calls that each go on to where the other is do not wait for each other.
func TestCallsDoNotHoldABerthWhileTheyWaitForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, y := guard.Target{Name: "x", Model: "x"}, guard.Target{Name: "y", Model: "y"}
		r := newRig(t, slowly(100*time.Millisecond, fixed(503, long)), guard.Config{
			Retry: once.Retry, Limits: guard.Limits{MaxInFlight: 1}, Overrides: []guard.Override{
				{Models: []string{"x"}, Targets: []guard.Target{x, y}}, {Models: []string{"y"}, Targets: []guard.Target{y, x}},
			},
		})
		start := time.Now()
		var calls sync.WaitGroup
		for _, model := range []string{"x", "y"} {
			calls.Go(func() {
				var report guard.Report
				if got := r.ask("http://api", `{"model":"`+model+`"}`, &report); got != "503" || report.Fallbacks != 1 {
					t.Errorf("%s: got %s, %+v", model, got, report)
				}
			})
		}
		if calls.Wait(); time.Since(start) != 200*time.Millisecond {
			t.Errorf("took %v", time.Since(start))
		}
	})
}

// Who waited for a berth while the gate closed does not go through it, but to its
// line, if there is one.
func TestGateThatClosedMeanwhileIsAskedAgain(t *testing.T) {
	for _, wait := range []guard.Switch{guard.Off, guard.On} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var early, later atomic.Int32
			service := answer(func(r *http.Request) (*http.Response, error) {
				if time.Since(start) < 5*time.Second {
					early.Add(1)
				} else {
					later.Add(1)
				}
				time.Sleep(100 * time.Millisecond)
				return respond(r, 429, text(""), "Retry-After", "5"), nil
			})
			r := newRig(t, service, guard.Config{GateWait: wait, Retry: once.Retry, Limits: guard.Limits{MaxInFlight: 1}})
			var calls sync.WaitGroup
			for range 20 {
				calls.Go(func() { _ = r.ask("http://api", chat, &guard.Report{}) })
			}
			if calls.Wait(); early.Load() != 1 || (later.Load() > 0) != (wait == guard.On) {
				t.Errorf("GateWait %v: %d attempts before the service wanted one, %d later", wait, early.Load(), later.Load())
			}
			if u := r.usage("api/gpt-5"); u.InFlight != 0 || u.Queued != 0 {
				t.Errorf("%+v", u)
			}
		})
	}
}

// What a refused caller is told is the time of the target that is the first now,
// whatever was known when the call began.
func TestRefusalIsOfTheTargetThatIsFirstNow(t *testing.T) {
	for _, row := range []struct {
		name         string
		cfg          guard.Config
		second       time.Duration // for which b's gate is closed
		target       string
		least, after time.Duration
	}{
		{"at once", guard.Config{}, 40 * time.Second, "a", 2 * time.Second, 0},
		{"b is sooner", guard.Config{}, time.Second, "b", time.Second, 0},
		{"after the line", guard.Config{GateWait: guard.On}, 40 * time.Second, "b", 39 * time.Second, time.Second},
		{"after patience", guard.Config{WhenRefused: guard.Await}, 40 * time.Second, "b", 37 * time.Second, 2 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				row.cfg.Targets, row.cfg.Retry = two(), once.Retry
				r := newRig(t, inTurn(fixed(503, "{}"), good), row.cfg) // both are known after a call
				_ = r.ask("http://api", chat, &guard.Report{})
				r.close("gpt-5", 2*time.Second)
				r.close("m2", row.second)
				time.AfterFunc(time.Second, func() { r.close("gpt-5", 59*time.Second) })
				start := time.Now()
				var report guard.Report
				got := r.ask("http://api", chat, &report)
				if !report.Refused || report.Fault == nil {
					t.Fatalf("%s, %+v", got, report)
				}
				told, took := report.Fault.RetryAfter, time.Since(start)
				if report.Target != row.target || told < row.least || told > row.least*5/4+time.Second || took < row.after || took > row.after*3/2 {
					t.Errorf("after %v %s, to come back in %v; want %s in %v", took, report.Target, told, row.target, row.least)
				}
			})
		})
	}
}

// A time that was told a while ago is over sooner than the same time told now.
func TestRefusalIsByTheMomentAndNotByTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := two()
		chain[1].URL = base(t, "http://backup")
		r := newRig(t, inTurn(fixed(503, "{}"), good), guard.Config{
			GateWait: guard.On, Targets: chain, Retry: once.Retry, Breaker: breaker.Config{FailureThreshold: 1, BaseTimeout: 70 * time.Second, ResetTimeout: 70 * time.Second},
		})
		_ = r.ask("http://api", chat, &guard.Report{}) // opens a, where at most 84 s are told
		r.close("m2", 29*time.Second)
		time.AfterFunc(28*time.Second, func() { r.close("m2", 57*time.Second) }) // at most 68 s, but 28 s later
		var report guard.Report
		if got := r.ask("http://api", chat, &report); !report.Refused || report.Target != "a" {
			t.Errorf("%s, %+v", got, report)
		}
	})
}

// Also in the line of a chain, a caller who leaves was not refused.
func TestCallerLeavesTheLineOfAChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, answer(good), guard.Config{GateWait: guard.On, Targets: two(), Retry: once.Retry})
		_ = r.ask("http://api", chat, &guard.Report{})
		r.close("gpt-5", 10*time.Second)
		r.force("m2")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		var report guard.Report
		_, _, err := r.post(guard.WithReport(ctx, &report), "http://api", chat)
		if !errors.Is(err, fault.ErrCancelled) || report.Refused || report.Kind != fault.Cancelled {
			t.Errorf("got %v, %+v", err, report)
		}
	})
}

// A retry does not come before the gate opens, if the call can wait for that.
func TestRetryWaitsForTheGate(t *testing.T) {
	used := []string{"X-Ratelimit-Limit-Requests", "10", "X-Ratelimit-Remaining-Requests", "0", "X-Ratelimit-Reset-Requests", "40s"}
	for _, count := range []guard.Count{guard.PerAttempt, guard.PerCall} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, inTurn(fixed(429, "{}", used...), good), guard.Config{Count: count})
			start := time.Now()
			var report guard.Report
			got := r.ask("http://api", chat, &report)
			if waited := time.Since(start); got != "200" || report.Attempts != 2 || waited < 4*time.Second || waited > 5*time.Second {
				t.Errorf("per %v: %s after %v, %+v", count, got, waited, report)
			}
		})
	}
}

// A gate that another call has closed meanwhile does not lose the retry.
func TestRetryWaitsInTheLineItFinds(t *testing.T) {
	for _, wait := range []guard.Switch{guard.Off, guard.On} {
		synctest.Test(t, func(t *testing.T) {
			var r *rig
			r = newRig(t, inTurn(func(req *http.Request) (*http.Response, error) {
				r.close("gpt-5", 3*time.Second)
				return respond(req, 500, text("{}")), nil
			}, good), guard.Config{GateWait: wait})
			start := time.Now()
			got := r.ask("http://api", chat, &guard.Report{})
			if waited := time.Since(start); got != "200" || waited < 3*time.Second || waited > 4*time.Second {
				t.Errorf("GateWait %v: %s after %v", wait, got, waited)
			}
		})
	}
}

// A retry that finds no berth waits for one, as first attempts do.
func TestRetryWaitsInTheLineForABerth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, inTurn(fixed(500, "{}"), slowly(2*time.Second, good)), guard.Config{
			Limits: guard.Limits{MaxInFlight: 1}, Retry: retry.Config{Strategy: retry.Fixed},
		})
		var first guard.Report
		done := make(chan string)
		go func() { done <- r.ask("http://api", chat, &first) }()
		time.Sleep(100 * time.Millisecond)
		if got := r.ask("http://api", chat, &guard.Report{}); got != "200" {
			t.Errorf("who came in between: %s", got)
		}
		if got := <-done; got != "200" || first.Retries != 1 {
			t.Errorf("got %s, %+v", got, first)
		}
	})
}

// Where no gate holds the retry back, the call itself waits as long as the service
// has asked.
func TestRetryAfterIsHeededWithoutAGate(t *testing.T) {
	for name, row := range map[string]struct {
		cfg  guard.Config
		mode breaker.Mode
	}{
		"only watched":     {guard.Config{}, breaker.Observe},
		"no gate was left": {guard.Config{MaxGates: 2}, breaker.Normal},
		"without gates":    {guard.Config{Gates: guard.Off}, breaker.Normal},
	} {
		synctest.Test(t, func(t *testing.T) {
			row.cfg.GateWait = guard.On
			var n atomic.Int32
			limited := counted(&n, fixed(429, "{}", "Retry-After", "5"))
			r := newRig(t, inTurn(good, limited), row.cfg)
			_ = r.ask("http://other", chat, &guard.Report{})
			r.Circuits().Child("api", "gpt-5").SetMode(row.mode)
			start := time.Now()
			got := r.ask("http://api", chat, &guard.Report{})
			if waited := time.Since(start); got != "429" || n.Load() < 2 || waited < time.Duration(n.Load()-1)*5*time.Second {
				t.Errorf("%s: %s after %d attempts in %v", name, got, n.Load(), waited)
			}
		})
	}
}

// Who ends a call that waits for its retry hears why it has ended.
func TestCauseOfTheEndIsKeptBetweenAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, fixed(500, "{}", "Retry-After", "5"), guard.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(fault.Named(fault.CodeTotalTimeout, nil)) })
		_, _, err := r.post(ctx, "http://api", chat)
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != fault.CodeTotalTimeout {
			t.Errorf("got %v", err)
		}
	})
}

// Calls that found their berth in the end were not turned away, wherever they asked
// before.
func TestWhoGotInWasNotTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, slowly(time.Second, good), guard.Config{Retry: once.Retry, Limits: guard.Limits{MaxInFlight: 1}, Targets: two()})
		r.force("m2")
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() {
				if got := r.ask("http://api", chat, &guard.Report{}); got != "200" {
					t.Error(got)
				}
			})
		}
		calls.Wait()
		if u := r.usage("api/gpt-5"); u.TurnedAway != 0 {
			t.Errorf("%+v", u)
		}
		for _, e := range r.events { // m2 is closed to all, and two who ask it at a time find its one berth taken
			if e.Type == guard.Gated && e.Circuit != "api/m2" {
				t.Errorf("%+v", e)
			}
		}
	})
}

// The bounds of a circuit are those of its name, also where the context gave it.
func TestLimitsAreOfTheCircuitsName(t *testing.T) {
	r := newRig(t, answer(good), guard.Config{Overrides: []guard.Override{{Models: []string{"batch"}, Limits: guard.Limits{MaxInFlight: 3}}}})
	_, _, _ = r.post(guard.WithCircuit(t.Context(), "batch"), "http://api", chat)
	if u := r.usage("api/batch"); u.MaxInFlight != 3 {
		t.Errorf("%+v", u)
	}
}

// No model's name is that of the gate of a whole key.
func TestNoModelHasTheGateOfTheKey(t *testing.T) {
	for _, model := range []string{"*", "", guard.NoModel} {
		r := newRig(t, inTurn(fixed(429, "{}", "Retry-After", "60"), good), once)
		_ = r.ask("http://api", `{"model":"`+model+`"}`, &guard.Report{})
		if got := r.ask("http://api", chat, &guard.Report{}); got != "200" {
			t.Errorf("the limit of model %q is everybody's: %s", model, got)
		}
	}
}

// A body that was read to its end needs no Close to give its berth back.
func TestEndOfTheBodyGivesTheBerthBack(t *testing.T) {
	for name, service := range map[string]answer{
		"an answer":    good,
		"a long error": fixed(400, long),
		"a stream":     fixed(200, chunk+finish+done, "Content-Type", "text/event-stream"),
		"no content":   fixed(204, ""),
	} {
		r := newRig(t, service, guard.Config{Retry: once.Retry, Limits: guard.Limits{MaxInFlight: 2}})
		resp, err := r.RoundTrip(newPost(t, "http://api", chat))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		if u := r.usage("api/gpt-5"); u.InFlight != 0 {
			t.Errorf("%s: %+v", name, u)
		}
		resp.Body.Close()
		if u := r.usage("api/gpt-5"); u.InFlight != 0 {
			t.Errorf("%s, closed: %+v", name, u)
		}
	}
}

// Before a circuit that would refuse the call, nobody waits for a gate or a berth.
func TestOpenCircuitIsNotWaitedForInLine(t *testing.T) {
	hang := slowly(20*time.Second, good)
	for name, cfg := range map[string]guard.Config{
		"one target":   {},
		"two targets":  {Targets: two()},
		"with a berth": {Limits: guard.Limits{MaxInFlight: 1}},
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg.GateWait, cfg.Retry = guard.On, once.Retry
			r := newRig(t, inTurn(good, hang), cfg)
			_ = r.ask("http://api", chat, &guard.Report{})
			go func() { _ = r.ask("http://api", chat, &guard.Report{}) }()
			synctest.Wait()
			if cfg.Limits.MaxInFlight == 0 {
				r.close("gpt-5", 20*time.Second)
			}
			r.force("gpt-5")
			r.force("m2")
			start := time.Now()
			if got := r.ask("http://api", chat, &guard.Report{}); time.Since(start) != 0 {
				t.Errorf("%s: %s after %v", name, got, time.Since(start))
			}
			time.Sleep(time.Minute)
		})
	}
}

// With PerCall a call that comes back to a target needs a permit there again.
func TestPerCallComesBackToATarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := chainRig(t, guard.Config{Count: guard.PerCall, Targets: to(t, "500"), Retry: retry.Config{MaxRetries: 3, Strategy: retry.Fixed}})
		var report guard.Report
		if got := r.ask("http://503", chat, &report); got != "503" || report.Attempts != 5 {
			t.Fatalf("%s, %+v", got, report)
		}
		for circuit, permits := range map[string]int64{"503/gpt-5": 2, "500/gpt-5": 1} {
			if m := r.metrics(circuit); m.TotalCalls != permits || m.FailedCalls != permits {
				t.Errorf("%s: %d calls, %d failed, want %d", circuit, m.TotalCalls, m.FailedCalls, permits)
			}
		}
	})
}

// Reports and events count retries and fallbacks alike: what comes back to a target
// is a retry, what is new there a fallback, also if the first was only refused.
func TestEventsAndReportsAgree(t *testing.T) {
	for _, row := range []struct {
		forced             []string
		service            answer
		want               string
		retries, fallbacks int
	}{
		{nil, fixed(500, "{}"), "500", 1, 1},
		{[]string{"gpt-5"}, good, "200", 0, 1},
		{[]string{"gpt-5", "m2"}, good, `breaker: circuit "api/gpt-5" is forced open`, 0, 0},
	} {
		t.Run(strings.Join(row.forced, "+"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var retries, fallbacks int
				r := newRig(t, row.service, guard.Config{Targets: two(), Retry: retry.Config{MaxRetries: 1}})
				for _, model := range row.forced {
					r.force(model)
				}
				var report guard.Report
				got := r.ask("http://api", chat, &report)
				for _, e := range r.events {
					if e.Type == guard.AttemptEnded {
						retries, fallbacks = retries+e.Retries, fallbacks+e.Fallbacks
					}
				}
				told := []int{report.Retries, retries, r.count(guard.Retrying), report.Fallbacks, fallbacks, r.count(guard.FallingBack)}
				want := []int{row.retries, row.retries, row.retries, row.fallbacks, row.fallbacks, row.fallbacks}
				if fmt.Sprint(told) != fmt.Sprint(want) || report.Refused != (len(row.forced) == 2) || !strings.HasPrefix(got, row.want[:3]) {
					t.Errorf("%s: %v, want %v; %+v", got, told, want, report)
				}
			})
		})
	}
}

// A model's name that can name no circuit is passed over where another target has a
// model of its own, and what that says stands.
func TestNameThatIsNoModelsAtALaterTarget(t *testing.T) {
	r, h := chainRig(t, guard.Config{Targets: []guard.Target{{Name: "a", Model: "m2"}, {Name: "b"}}})
	for _, want := range []string{"503", "forced open"} {
		h.set["api"] = "503"
		if got := r.ask("http://api", `{"model":"bad\u0000"}`, &guard.Report{}); !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
		r.force("m2")
	}
}

// However the test of a parked key ends, the place of the next one is free.
func TestPlaceOfATestIsFreeAfterIt(t *testing.T) {
	for name, end := range map[string]answer{
		"500":          fixed(500, "{}"),
		"long error":   fixed(500, long),
		"reset":        func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		"panic":        func(*http.Request) (*http.Response, error) { panic("base") },
		"page":         fixed(200, "<html>", "Content-Type", "text/html"),
		"nothing":      fixed(200, "", "Content-Type", "application/json"),
		"redirect":     fixed(302, "", "Location", "/x"),
		"no content":   fixed(204, ""),
		"stream cut":   fixed(200, ": hi\n\n", "Content-Type", "text/event-stream"),
		"silence":      func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() },
		"silent event": slowService(0, ": hi\n\n", 0, 10*time.Hour),
		"text":         fixed(200, "hello", "Content-Type", "text/plain"),
	} {
		for _, model := range []string{"gpt-5", ""} {
			t.Run(fmt.Sprintf("%s, gate %q", name, model), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, inTurn(good, end), guard.Config{
						Retry: once.Retry, CommitAfter: time.Second, Gate: gate.Config{TestLease: 10 * time.Hour},
					})
					_ = r.ask("http://api", chat, &guard.Report{})
					g := r.gate(model)
					g.Report(gate.Report{Kind: gate.Quota})
					time.Sleep(6 * time.Minute)
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					func() {
						defer func() { _ = recover() }()
						if resp, err := r.RoundTrip(newPost(t, "http://api", chat).WithContext(ctx)); err == nil {
							resp.Body.Close()
						}
					}()
					if err := g.Allow(); err != nil {
						t.Errorf("%v, %+v", err, g.Metrics())
					}
				})
			})
		}
	}
}

// An attempt that has passed no gate is no test of the key, and does not free the
// place of one that is out.
func TestAttemptThatPassedNoGateIsNoTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, inTurn(good, slowly(time.Minute, good), fixed(500, "{}")), once)
		_ = r.ask("http://api", chat, &guard.Report{})
		key := r.gate("")
		key.Report(gate.Report{Kind: gate.Quota})
		time.Sleep(6 * time.Minute)
		test := make(chan string)
		go func() { test <- r.ask("http://api", chat, &guard.Report{}) }()
		synctest.Wait()
		r.Circuits().Child("api", "m2").SetMode(breaker.Observe)
		time.Sleep(time.Second)
		_ = r.ask("http://api", `{"model":"m2"}`, &guard.Report{})
		if key.Allow() == nil {
			t.Error("two tests at once")
		}
		if got := <-test; got != "200" {
			t.Errorf("the test: %s", got)
		}
	})
}

// A limit that an answer speaks of late, after a good beginning, is one.
func TestLimitWithinAnAnswerMovesTheGate(t *testing.T) {
	const quota = `{"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"pay"}}`
	for name, service := range map[string]answer{
		"behind content":    fixed(200, chunk+"data: "+quota+"\n\n", "Content-Type", "text/event-stream"),
		"in a short answer": fixed(200, quota, "Content-Type", "application/json"),
		"in a long one":     fixed(200, strings.Replace(quota, "pay", long, 1), "Content-Type", "application/json"),
	} {
		r := newRig(t, service, once)
		_, _, _ = r.chat("http://api")
		if m := r.gate("").Metrics(); m.Quotas != 1 || m.State != gate.Parked {
			t.Errorf("%s: %+v", name, m)
		}
	}
}
