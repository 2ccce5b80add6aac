package guard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

// failing serves failures first and then answers.
func failing(t *testing.T, failures int64, status int, header ...string) (url string, attempts *atomic.Int64) {
	attempts = new(atomic.Int64)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if attempts.Add(1) <= failures {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			return
		}
		fmt.Fprint(w, `{"ok":true}`)
	})
	return s.URL, attempts
}

func TestRetriesUntilAnswered(t *testing.T) {
	url, attempts := failing(t, 2, 503)
	r := newRig(t, nil, quick)
	resp, body, err := r.chat(url)
	if err != nil || resp.StatusCode != http.StatusOK || body != `{"ok":true}` {
		t.Fatalf("got %v %q, %v", resp, body, err)
	}
	m := r.metrics(host(url) + "/gpt-5")
	if attempts.Load() != 3 || m.TotalCalls != 3 || m.FailedCalls != 2 || r.count(guard.Retrying) != 2 || r.count(guard.CallEnded) != 1 {
		t.Errorf("%d attempts, metrics %+v", attempts.Load(), m)
	}
}

func TestLastAnswerIsPassedOnUnchanged(t *testing.T) {
	const body = `{"error":{"message":"down","type":"server_error","param":null,"code":null}}`
	long := strings.Repeat("x", 200<<10)
	for _, text := range []string{body, "", long} {
		var attempts atomic.Int64
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			attempts.Add(1)
			w.Header().Set("X-Request-Id", "req_1")
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, text)
		})
		r := newRig(t, nil, quick)
		resp, got, err := r.chat(s.URL)
		if err != nil || resp.StatusCode != http.StatusInternalServerError || got != text || resp.Header.Get("X-Request-Id") != "req_1" || attempts.Load() != 3 {
			t.Errorf("got %v, %d bytes, error %v after %d attempts", resp, len(got), err, attempts.Load())
		}
	}
}

func TestWhatIsNotRetried(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		header []string
		ctx    func(context.Context) context.Context
		path   string
		want   int64
	}{
		"the caller's mistake":             {status: 400, want: 1},
		"a wait over ten seconds":          {status: 503, header: []string{"Retry-After", "11"}, want: 1},
		"advice to stop":                   {status: 503, header: []string{"X-Should-Retry", "false"}, want: 1},
		"a call that wants none":           {status: 503, ctx: guard.WithoutRetries, want: 1},
		"an upload":                        {status: 500, path: "/files", want: 1},
		"a response":                       {status: 500, path: "/responses", want: 1},
		"a batch":                          {status: 502, path: "/batches", want: 1},
		"but a response that was not done": {status: 429, header: []string{"Retry-After-Ms", "1"}, path: "/responses", want: 2},
		"but advice to retry":              {status: 400, header: []string{"X-Should-Retry", "true"}, want: 2},
		"but a rate limit with its delay":  {status: 429, header: []string{"Retry-After-Ms", "1"}, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			url, attempts := failing(t, 1, row.status, row.header...)
			r := newRig(t, nil, quick)
			req := newPost(t, url, chat)
			if row.path != "" {
				req.URL.Path = "/v1" + row.path
			}
			if row.ctx != nil {
				req = req.WithContext(row.ctx(req.Context()))
			}
			resp, err := r.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if attempts.Load() != row.want {
				t.Errorf("%d attempts, want %d", attempts.Load(), row.want)
			}
		})
	}
}

func TestCircuitOpensRefusesAndRecloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		var attempts atomic.Int64
		base := answer(func(r *http.Request) (*http.Response, error) {
			attempts.Add(1)
			if down.Load() {
				return respond(r, 503, text("")), nil
			}
			return respond(r, 200, text("{}")), nil
		})
		r := newRig(t, base, guard.Config{Policy: guard.Classic})
		down.Store(true)
		for range 3 {
			_, _, _ = r.chat("http://api")
		}
		if n := attempts.Load(); n != 5 {
			t.Errorf("%d attempts reached a dead service, want the threshold", n)
		}
		_, _, err := r.chat("http://api")
		open, ok := errors.AsType[*breaker.OpenError](err)
		if !ok || !errors.Is(err, breaker.ErrOpen) || open.Name != "api/gpt-5" || open.RetryIn() <= 0 {
			t.Fatalf("got %v, want a refusal", err)
		}
		seconds := int((open.RetryIn() + time.Second - 1) / time.Second)
		unit := "seconds"
		if seconds == 1 {
			unit = "second"
		}
		if got, want := fault.UserMessage(err), fmt.Sprintf("AI service is temporarily unavailable. Please try again in %d %s.", seconds, unit); got != want {
			t.Errorf("user is told %q, want %q", got, want)
		}
		other := strings.Replace(chat, "gpt-5", "o3", 1)
		down.Store(false)
		if _, _, err := r.post(t.Context(), "http://api", other); err != nil {
			t.Errorf("another model of the host: %v", err)
		}
		time.Sleep(2 * time.Second)
		if resp, _, err := r.chat("http://api"); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("probe: %v", err)
		}
		if m := r.metrics("api/gpt-5"); m.State != breaker.Closed || m.RefusedCalls != 2 {
			t.Errorf("metrics %+v", m)
		}
	})
}

func TestRetryStopsWhenTheCircuitOpensAndPassesTheLastAnswerOn(t *testing.T) {
	url, attempts := failing(t, 100, 503)
	r := newRig(t, nil, guard.Config{Breaker: breaker.Config{FailureThreshold: 2}, Retry: quick.Retry})
	resp, _, err := r.chat(url)
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable || attempts.Load() != 2 {
		t.Errorf("got %v, %v after %d attempts, want the service's own 503 after 2", resp, err, attempts.Load())
	}
}

func TestProbeIsNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts int
		r := newRig(t, answer(func(r *http.Request) (*http.Response, error) {
			attempts++
			return respond(r, 503, text("")), nil
		}), guard.Config{})
		for range 2 {
			_, _, _ = r.chat("http://api")
		}
		attempts = 0
		time.Sleep(3 * time.Second)
		_, _, _ = r.chat("http://api")
		if attempts != 1 {
			t.Errorf("%d attempts, want the probe alone", attempts)
		}
	})
}

func TestRateLimitNeverOpensTheCircuit(t *testing.T) {
	url, _ := failing(t, 1000, 429)
	r := newRig(t, nil, guard.Config{Retry: once.Retry, Gates: guard.Off})
	for range 20 {
		if resp, _, err := r.chat(url); err != nil || resp.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("got %v, %v", resp, err)
		}
	}
	if m := r.metrics(host(url) + "/gpt-5"); m.FailedCalls != 0 || m.TotalCalls != 20 {
		t.Errorf("metrics %+v", m)
	}
}

func TestUnreachableHostOpensTheUpstreamForAllModels(t *testing.T) {
	r := newRig(t, answer(func(*http.Request) (*http.Response, error) {
		return nil, fault.Named(fault.CodeRefused, errors.New("refused"))
	}), once)
	for i := range 5 {
		_, _, _ = r.post(t.Context(), "http://api", fmt.Sprintf(`{"model":"m%d"}`, i))
	}
	_, _, err := r.post(t.Context(), "http://api", `{"model":"m9"}`)
	if open, ok := errors.AsType[*breaker.OpenError](err); !ok || open.Name != "api" {
		t.Errorf("got %v, want a refusal by the host's circuit", err)
	}
}

func TestPerCallCountsTheCallByItsLastAttempt(t *testing.T) {
	url, attempts := failing(t, 2, 503)
	r := newRig(t, nil, guard.Config{Count: guard.PerCall, Retry: quick.Retry, Breaker: breaker.Config{FailureThreshold: 1}})
	if resp, _, err := r.chat(url); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("got %v, %v", resp, err)
	}
	if m := r.metrics(host(url) + "/gpt-5"); m.TotalCalls != 1 || m.FailedCalls != 0 || attempts.Load() != 3 {
		t.Errorf("%d attempts, metrics %+v", attempts.Load(), m)
	}
	dead, attempts := failing(t, 100, 503)
	_, _, _ = r.chat(dead)
	if m := r.metrics(host(dead) + "/gpt-5"); m.TotalCalls != 1 || m.FailedCalls != 1 || m.State != breaker.Open || attempts.Load() != 3 {
		t.Errorf("%d attempts, metrics %+v", attempts.Load(), m)
	}
}

func TestObserveRefusesNothing(t *testing.T) {
	url, attempts := failing(t, 100, 503)
	r := newRig(t, nil, guard.Config{Policy: guard.Classic, Breaker: breaker.Config{Mode: breaker.Observe}, Retry: once.Retry})
	for range 8 {
		if resp, _, err := r.chat(url); err != nil || resp.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("got %v, %v", resp, err)
		}
	}
	if m := r.metrics(host(url) + "/gpt-5"); attempts.Load() != 8 || m.WouldRefuse != 3 || m.RefusedCalls != 0 || m.State != breaker.Open {
		t.Errorf("%d attempts, metrics %+v", attempts.Load(), m)
	}
}

// A path that fails for everybody, such as a file that cannot be had, says
// nothing about the host's models.
func TestFailuresWithoutAModelDoNotCloseTheHost(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodGet {
			w.WriteHeader(http.StatusInternalServerError)
		} else {
			fmt.Fprint(w, `{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}`)
		}
	})
	r := newRig(t, nil, guard.Config{Policy: guard.Classic, Retry: once.Retry})
	for range 6 {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/files/f", nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := r.RoundTrip(q); err == nil {
			resp.Body.Close()
		}
	}
	if m := r.metrics(host(s.URL) + "/" + guard.NoModel); m.State != breaker.Open || m.RefusedCalls != 1 {
		t.Errorf("calls without a model: %+v", m)
	}
	if m := r.metrics(host(s.URL)); m.State != breaker.Closed {
		t.Errorf("the host: %+v", m)
	}
	if resp, _, err := r.chat(s.URL); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("a model's call: %v, %v", resp, err)
	}
	if why := r.Circuits().Child(host(s.URL), guard.NoModel).Why(); !strings.Contains(why, "5 consecutive failures (5 × 500)") {
		t.Errorf("why: %s", why)
	}
}

func TestCircuitNames(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") })
	up := host(s.URL)
	for body, want := range map[string]string{
		chat:                     up + "/gpt-5",
		`{"model":"a\u002fb"}`:   up + "/a/b",
		`{"x":{"model":"no"}}`:   up + "/no-model",
		`{"model":7}`:            up + "/no-model",
		``:                       up + "/no-model",
		`not JSON`:               up + "/no-model",
		`["model","gpt-5"]`:      up + "/no-model",
		`{"model":"gpt-5"`:       up + "/gpt-5",
		`{"stream":true,"a":[1]`: up + "/no-model",
	} {
		r := newRig(t, nil, once)
		var report guard.Report
		if _, _, err := r.post(guard.WithReport(t.Context(), &report), s.URL, body); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if report.Circuit != want || report.Attempts != 1 || report.Kind != fault.Success {
			t.Errorf("%s: report %+v, want circuit %s", body, report, want)
		}
	}
	r := newRig(t, nil, once)
	if _, _, err := r.post(guard.WithCircuit(t.Context(), "nightly"), s.URL, chat); err != nil {
		t.Error(err)
	}
	r.metrics(up + "/nightly")
}

func TestModelThatCannotNameACircuitIsTurnedAway(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it reached the service") })
	for name, model := range map[string]string{
		"a megabyte":         strings.Repeat("m", 1<<20),
		"control characters": "gpt\n5\x00",
		"broken UTF-8":       "gpt\xff5",
	} {
		r := newRig(t, nil, once)
		quoted, _ := json.Marshal(model)
		_, _, err := r.post(t.Context(), s.URL, `{"model":`+string(quoted)+`}`)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.Caller || f.Code != guard.CodeInvalidModel || len(err.Error()) > 200 {
			t.Errorf("%s: got %.200v", name, err)
		}
		if n := r.Circuits().Len(); n != 0 {
			t.Errorf("%s: %d circuits were made", name, n)
		}
	}
}

func TestBadConfig(t *testing.T) {
	for field, cfg := range map[string]guard.Config{
		"MaxHeldBody":      {MaxHeldBody: -1},
		"Count":            {Count: 7},
		"MaxCircuits":      {MaxCircuits: -1},
		"FailureThreshold": {Breaker: breaker.Config{FailureThreshold: -1}},
		"MaxRetries":       {Retry: retry.Config{MaxRetries: 1000}},
	} {
		if _, err := guard.New(nil, cfg); err == nil || !strings.Contains(err.Error(), field+" is ") {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

func TestPanickingObserverDoesNoHarm(t *testing.T) {
	url, _ := failing(t, 0, 0)
	g, err := guard.New(nil, guard.Config{Observe: func(context.Context, guard.Event) { panic("observer") }})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := g.Client().Post(url+"/v1/chat/completions", "application/json", strings.NewReader(chat))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}
