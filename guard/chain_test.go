package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/fault"
	"github.com/recloser/recloser/gate"
	"github.com/recloser/recloser/guard"
	"github.com/recloser/recloser/retry"
)

// hosts answer by their names: "200", "503", "429 5s", "401", "dead" and so on, or
// what was set since.
type hosts struct {
	t    *testing.T
	mu   sync.Mutex
	set  map[string]string
	seen []string // of each attempt: host, path, model and key
}

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, model, _ := strings.Cut(string(body), `"model":`)
	model, _, _ = strings.Cut(model, ",")
	h.seen = append(h.seen, fmt.Sprintf("%s%s %s %s", r.URL.Host, r.URL.RequestURI(), strings.Trim(model, `"`), r.Header.Get("Authorization")))
	does := r.URL.Host
	if set, ok := h.set[does]; ok {
		does = set
	}
	status, after, _ := strings.Cut(does, " ")
	header := []string{"Content-Type", "application/json"}
	if after != "" {
		header = append(header, "Retry-After", strings.TrimSuffix(after, "s"))
	}
	switch status {
	case "200":
		return respond(r, 200, text(`{"choices":[{"message":{"content":"from `+r.URL.Host+`"},"finish_reason":"stop"}]}`), header...), nil
	case "429", "500", "503", "401", "403", "400":
		var code int
		_, _ = fmt.Sscan(status, &code)
		return respond(r, code, text(`{"error":{"message":"no"}}`), header...), nil
	case "404":
		return respond(r, 404, text(`{"error":{"message":"no such model","code":"model_not_found"}}`), header...), nil
	case "quota":
		return respond(r, 429, text(`{"error":{"message":"pay","code":"insufficient_quota","type":"insufficient_quota"}}`), header...), nil
	}
	return nil, fault.Named(fault.CodeReset, errors.New("reset"))
}

func base(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// to makes a chain of the call as it comes and of other hosts.
func to(t *testing.T, names ...string) []guard.Target {
	t.Helper()
	chain := []guard.Target{{Name: "first"}}
	for i, name := range names {
		chain = append(chain, guard.Target{Name: fmt.Sprint("backup", i), URL: base(t, "http://"+name+"/v1"), PassKey: true})
	}
	return chain
}

func chainRig(t *testing.T, cfg guard.Config) (*rig, *hosts) {
	t.Helper()
	h := &hosts{t: t, set: map[string]string{}}
	if cfg.Retry.MaxRetries == 0 && cfg.Retry.Strategy == nil {
		cfg.Retry.MaxRetries = -1
	}
	return newRig(t, h, cfg), h
}

// ask makes a call and tells its status, or what came of it.
func (r *rig) ask(at, body string, report *guard.Report) string {
	r.Helper()
	resp, _, err := r.post(guard.WithReport(r.Context(), report), at, body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(resp.StatusCode)
}

func TestFallback(t *testing.T) {
	for _, row := range []struct {
		first  string
		chain  []string
		want   string
		target string
		tried  int
	}{
		{"200", []string{"200"}, "200", "first", 1},
		{"503", []string{"200"}, "200", "backup0", 2},
		{"500", []string{"503", "200"}, "200", "backup1", 3},
		{"dead", []string{"200"}, "200", "backup0", 2},
		{"429", []string{"200"}, "200", "backup0", 2},
		{"quota", []string{"200"}, "200", "backup0", 2},
		{"400", []string{"200"}, "400", "first", 1},
		{"401", []string{"200"}, "401", "first", 1}, // the caller's own key
		{"404", []string{"200"}, "404", "first", 1}, // the caller's own model
		{"503", []string{"400"}, "400", "backup0", 2},
		{"503", []string{"500"}, "500", "backup0", 2},
	} {
		t.Run(row.first+" then "+strings.Join(row.chain, ","), func(t *testing.T) {
			r, h := chainRig(t, guard.Config{Targets: to(t, row.chain...)})
			var report guard.Report
			got := r.ask("http://"+row.first, chat, &report)
			if got != row.want || report.Target != row.target || report.Attempts != row.tried || len(h.seen) != row.tried {
				t.Errorf("got %s by %s after %d attempts; want %s by %s after %d\n%v", got, report.Target, report.Attempts, row.want, row.target, row.tried, h.seen)
			}
			if report.Fallbacks != row.tried-1 || report.Retries != 0 || r.count(guard.FallingBack) != row.tried-1 {
				t.Errorf("report %+v, %d events", report, r.count(guard.FallingBack))
			}
		})
	}
}

func TestFallsBackOnWhatIsConfigured(t *testing.T) {
	r, _ := chainRig(t, guard.Config{Targets: to(t, "200"), FallBackOn: []fault.Kind{fault.RateLimit, fault.Caller}})
	for first, want := range map[string]string{"503": "503", "400": "200", "429": "200"} {
		if got := r.ask("http://"+first, chat, &guard.Report{}); got != want {
			t.Errorf("%s: got %s, want %s", first, got, want)
		}
	}
}

func TestOpenCircuitIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := chainRig(t, guard.Config{Targets: to(t, "200")})
		for range 20 {
			if got := r.ask("http://503", chat, &guard.Report{}); got != "200" {
				t.Fatal(got)
			}
		}
		primary := 0
		for _, s := range h.seen {
			if strings.HasPrefix(s, "503") {
				primary++
			}
		}
		if primary != 4 {
			t.Errorf("the dead primary was called %d times, want 4: as many failures as convince a circuit that knows nothing yet", primary)
		}
		time.Sleep(3 * time.Second)
		h.set["503"] = "200"
		var report guard.Report
		if got := r.ask("http://503", chat, &report); got != "200" || report.Target != "first" {
			t.Errorf("got %s by %s: want the probe to be answered by the first", got, report.Target)
		}
	})
}

// The probe of the primary fails, and its caller is answered all the same.
func TestProbeFallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := chainRig(t, guard.Config{Targets: to(t, "200"), Breaker: breaker.Config{FailureThreshold: 1}})
		_ = r.ask("http://503", chat, &guard.Report{})
		time.Sleep(3 * time.Second)
		var report guard.Report
		if got := r.ask("http://503", chat, &report); got != "200" || report.Attempts != 2 || report.Target != "backup0" {
			t.Errorf("got %s, %+v", got, report)
		}
	})
}

func TestWhenAllAreOpen(t *testing.T) {
	open := func(r *rig) {
		for range 2 {
			_ = r.ask("http://503", chat, &guard.Report{})
		}
	}
	t.Run("refuse", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _ := chainRig(t, guard.Config{Targets: to(t, "500"), Breaker: breaker.Config{FailureThreshold: 2}})
			open(r)
			var report guard.Report
			_, _, err := r.post(guard.WithReport(t.Context(), &report), "http://503", chat)
			refused, ok := errors.AsType[*breaker.OpenError](err)
			if !ok || !report.Refused || report.Attempts != 0 {
				t.Fatalf("got %v, %+v", err, report)
			}
			for _, b := range r.Circuits().All() {
				// What is told is up to 20 % longer, for each a little different.
				if m := b.Metrics(); !m.Until.IsZero() && time.Until(refused.Until) > time.Until(m.Until)*6/5 {
					t.Errorf("told %v, but %s returns at %v", refused.Until, m.Name, m.Until)
				}
			}
		})
	})
	t.Run("wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, h := chainRig(t, guard.Config{
				Targets: to(t, "500"), Breaker: breaker.Config{FailureThreshold: 2}, WhenRefused: guard.Await,
			})
			open(r)
			h.set["503"], h.set["500"] = "200", "200"
			start := time.Now()
			var report guard.Report
			got := r.ask("http://503", chat, &report)
			if waited := time.Since(start); got != "200" || waited < time.Second || waited > 3*time.Second {
				t.Errorf("got %s after %v", got, waited)
			}
		})
	})
}

func TestBackOffOnlyWhenNoTargetIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := chainRig(t, guard.Config{Targets: to(t, "500"), Retry: retry.Config{Strategy: retry.Fixed}})
		start := time.Now()
		var report guard.Report
		go func() {
			time.Sleep(100 * time.Millisecond)
			h.mu.Lock()
			defer h.mu.Unlock()
			h.set["503"] = "200"
		}()
		if got := r.ask("http://503", chat, &report); got != "200" || report.Target != "first" {
			t.Errorf("got %s by %s", got, report.Target)
		}
		if waited := time.Since(start); waited != 500*time.Millisecond || report.Retries != 1 || report.Fallbacks != 1 || len(h.seen) != 3 {
			t.Errorf("waited %v, %+v, %v", waited, report, h.seen)
		}
	})
}

func TestTargetChangesTheRequest(t *testing.T) {
	const body = `{ "model" : "gpt-5", "messages":[],"n":1}`
	for _, row := range []struct {
		target guard.Target
		want   string
	}{
		{guard.Target{}, "503/v1/chat/completions?a=1 Bearer caller"},
		{guard.Target{Model: `mini "x"`}, `503/v1/chat/completions?a=1 Bearer caller {"model":"mini \"x\""`},
		{guard.Target{URL: base(t, "http://200/openai/v1")}, "200/openai/v1/chat/completions?a=1 "},
		{guard.Target{URL: base(t, "http://200/openai/v1"), PassKey: true}, "200/openai/v1/chat/completions?a=1 Bearer caller"},
		{guard.Target{URL: base(t, "http://503/other")}, "503/other/chat/completions?a=1 Bearer caller"},
		{guard.Target{URL: base(t, "http://200/v1?api-version=2&a=3")}, "200/v1/chat/completions?api-version=2&a=3 "},
		{guard.Target{Header: http.Header{"Authorization": {"Bearer own"}}}, "503/v1/chat/completions?a=1 Bearer own"},
		{guard.Target{Header: http.Header{"Api-Key": {"own"}}}, "503/v1/chat/completions?a=1 "},
	} {
		row.target.Name = "x"
		var got string
		g, err := guard.New(answer(func(r *http.Request) (*http.Response, error) {
			sent, _ := io.ReadAll(r.Body)
			got = r.URL.Host + r.URL.RequestURI() + " " + r.Header.Get("Authorization")
			if row.target.Model != "" {
				got += " " + strings.ReplaceAll(string(sent[:strings.IndexByte(string(sent), ',')]), " ", "")
				got = strings.ReplaceAll(got, `mini\"x\"`, `mini \"x\"`)
			} else if string(sent) != body {
				t.Errorf("the body is %s", sent)
			}
			if own := row.target.Header != nil; own != (r.Header.Get("Openai-Organization") == "") && r.URL.Host == "503" {
				t.Errorf("%+v: the caller's organization is %q", row.target, r.Header.Get("Openai-Organization"))
			}
			if r.ContentLength != int64(len(sent)) || r.Host != r.URL.Host && r.Host != "" {
				t.Errorf("length %d, host %s", r.ContentLength, r.Host)
			}
			return respond(r, 200, http.NoBody), nil
		}), guard.Config{Targets: []guard.Target{row.target}})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://503/v1/chat/completions?a=1", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer caller")
		req.Header.Set("Openai-Organization", "org")
		resp, err := g.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		if got != row.want {
			t.Errorf("%+v:\ngot  %s\nwant %s", row.target, got, row.want)
		}
		if req.URL.Host != "503" || req.Header.Get("Authorization") != "Bearer caller" {
			t.Errorf("the caller's request was changed: %v", req)
		}
	}
}

// A circuit is its target's, by upstream and model.
func TestCircuitIsTheTargets(t *testing.T) {
	chain := append(to(t, "200"), guard.Target{Name: "last"})
	chain[1].Model = "mini"
	r, _ := chainRig(t, guard.Config{Targets: chain})
	var report guard.Report
	if got := r.ask("http://503", chat, &report); got != "200" || report.Circuit != "200/mini" {
		t.Errorf("got %s on %s", got, report.Circuit)
	}
	if m := r.metrics("503/gpt-5"); m.FailedCalls != 1 {
		t.Errorf("%+v", m)
	}
}

// A key of the target's own that is not taken is no mistake of the caller.
func TestOwnKeyThatIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := []guard.Target{
			{Name: "a", Header: http.Header{"Authorization": {"Bearer a"}}},
			{Name: "b", URL: base(t, "http://200"), Header: http.Header{"Authorization": {"Bearer b"}}},
		}
		r, h := chainRig(t, guard.Config{Targets: chain})
		for range 3 {
			var report guard.Report
			if got := r.ask("http://401", chat, &report); got != "200" || report.Target != "b" {
				t.Fatalf("got %s by %s", got, report.Target)
			}
		}
		if len(h.seen) != 4 {
			t.Errorf("attempts %v: want the parked key to be skipped", h.seen)
		}
		time.Sleep(6 * time.Minute)
		h.set["401"] = "200"
		var report guard.Report
		if got := r.ask("http://401", chat, &report); got != "200" || report.Target != "a" {
			t.Errorf("after the re-test: %s by %s", got, report.Target)
		}
	})
}

// A model of the target's own that does not exist is no mistake of the caller.
func TestOwnModelThatDoesNotExist(t *testing.T) {
	chain := []guard.Target{{Name: "typo", Model: "gtp-5"}, {Name: "ok", URL: base(t, "http://200")}}
	r, _ := chainRig(t, guard.Config{Targets: chain})
	var report guard.Report
	if got := r.ask("http://404", chat, &report); got != "200" || report.Target != "ok" {
		t.Errorf("got %s by %s", got, report.Target)
	}
}

func TestPool(t *testing.T) {
	key := func(name string, weight int) guard.Target {
		return guard.Target{Name: name, Pool: "keys", Weight: weight, Header: http.Header{"Authorization": {"Bearer " + name}}}
	}
	chain := []guard.Target{key("a", 3), key("b", 1), {Name: "last", URL: base(t, "http://200")}}
	r, h := chainRig(t, guard.Config{Targets: chain})
	h.set["api"] = "200"
	first := map[string]int{}
	for range 400 {
		var report guard.Report
		_ = r.ask("http://api", chat, &report)
		first[report.Target]++
	}
	if first["a"] < 260 || first["a"] > 340 || first["last"] != 0 {
		t.Errorf("of 400 calls %v, want three of four by a, and none by what is behind", first)
	}
}

// A gated key is skipped, and all good ones are tried before a call fails.
func TestPoolSkipsWhatIsGated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var chain []guard.Target
		for i := range 4 {
			chain = append(chain, guard.Target{Name: fmt.Sprint("k", i), Pool: "keys", Header: http.Header{"Authorization": {fmt.Sprint("Bearer k", i)}}})
		}
		limited := map[string]bool{"Bearer k0": true, "Bearer k1": true, "Bearer k3": true}
		attempts := 0
		r := newRig(t, answer(func(r *http.Request) (*http.Response, error) {
			attempts++
			if limited[r.Header.Get("Authorization")] {
				return respond(r, 429, text(""), "Retry-After", "20"), nil
			}
			return respond(r, 200, text("{}"), "Content-Type", "application/json"), nil
		}), guard.Config{Targets: chain, Retry: once.Retry})
		for range 50 {
			var report guard.Report
			if got := r.ask("http://api", chat, &report); got != "200" || report.Target != "k2" {
				t.Fatalf("got %s by %s", got, report.Target)
			}
		}
		if attempts > 53 {
			t.Errorf("%d attempts for 50 calls: three keys wait", attempts)
		}
		limited["Bearer k2"] = true
		if got := r.ask("http://api", chat, &guard.Report{}); got != "429" {
			t.Errorf("got %s", got)
		}
		var report guard.Report
		_, _, err := r.post(guard.WithReport(t.Context(), &report), "http://api", chat)
		closed, ok := errors.AsType[*gate.ClosedError](err)
		if !errors.Is(err, fault.ErrRateLimit) || !ok || !report.Refused || fault.UserMessage(err) != fault.MessageHighDemand {
			t.Errorf("got %v, %v, %q", err, closed, fault.UserMessage(err))
		}
		time.Sleep(25 * time.Second)
		clear(limited)
		if got := r.ask("http://api", chat, &guard.Report{}); got != "200" {
			t.Errorf("after the wait: %s", got)
		}
	})
}

func TestGateHoldsCallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := chainRig(t, guard.Config{})
		h.set["api"] = "429 3s"
		if got := r.ask("http://api", chat, &guard.Report{}); got != "429" {
			t.Fatal(got)
		}
		var report guard.Report
		_, _, err := r.post(guard.WithReport(t.Context(), &report), "http://api", chat)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Code != fault.CodeGateClosed || f.RetryAfter < 3*time.Second || f.RetryAfter > 3600*time.Millisecond || len(h.seen) != 1 {
			t.Errorf("got %v after %d attempts", err, len(h.seen))
		}
		if !report.Refused || report.Fault != f || r.count(guard.Gated) != 1 {
			t.Errorf("report %+v", report)
		}
		if got := r.ask("http://api", `{"model":"other"}`, &guard.Report{}); got != "429" {
			t.Errorf("another model: %s", got)
		}
		time.Sleep(3 * time.Second)
		h.set["api"] = "200"
		if got := r.ask("http://api", chat, &guard.Report{}); got != "200" {
			t.Errorf("after the wait: %s", got)
		}
	})
}

// Calls wait in line, first come, first served, and all are answered.
func TestGateWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := chainRig(t, guard.Config{GateWait: guard.On})
		h.set["api"] = "429 3s"
		_ = r.ask("http://api", chat, &guard.Report{})
		h.set["api"] = "200"
		start := time.Now()
		done := make(chan string)
		go func() { done <- r.ask("http://api", chat, &guard.Report{}) }()
		if got := <-done; got != "200" || time.Since(start) != 3*time.Second {
			t.Errorf("got %s after %v", got, time.Since(start))
		}
		h.set["api"] = "429 40s"
		_ = r.ask("http://api", chat, &guard.Report{})
		start = time.Now()
		if got := r.ask("http://api", chat, &guard.Report{}); !strings.Contains(got, "gate_closed") || time.Since(start) != 0 {
			t.Errorf("longer than the line lasts: %s after %v", got, time.Since(start))
		}
	})
}

// A caller who leaves the line has not called.
func TestCallerLeavesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := chainRig(t, guard.Config{GateWait: guard.On})
		h.set["api"] = "429 3s"
		_ = r.ask("http://api", chat, &guard.Report{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		var report guard.Report
		_, _, err := r.post(guard.WithReport(ctx, &report), "http://api", chat)
		if !errors.Is(err, fault.ErrCancelled) || report.Refused || report.Kind != fault.Cancelled || len(h.seen) != 1 {
			t.Errorf("got %v, %+v", err, report)
		}
	})
}

func TestQuotaParksTheKeyForAllModels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parked := 0
		r, h := chainRig(t, guard.Config{Gate: gate.Config{OnTransition: func(tr gate.Transition) {
			if tr.To == gate.Parked {
				parked++
			}
		}}, Retry: retry.Config{MaxRetries: 2}})
		h.set["api"] = "quota"
		if got := r.ask("http://api", chat, &guard.Report{}); got != "429" || len(h.seen) != 1 {
			t.Fatalf("got %s after %d attempts, want no retry", got, len(h.seen))
		}
		for _, body := range []string{chat, `{"model":"other"}`} {
			_, _, err := r.post(t.Context(), "http://api", body)
			if !errors.Is(err, fault.ErrQuota) || !errors.Is(err, gate.ErrParked) || fault.UserMessage(err) != fault.MessageUnavailable {
				t.Errorf("got %v, %q", err, fault.UserMessage(err))
			}
		}
		if len(h.seen) != 1 || parked != 1 {
			t.Errorf("%d attempts, %d events", len(h.seen), parked)
		}
		req := newPost(t, "http://api", chat)
		req.Header.Set("Authorization", "Bearer other")
		h.set["api"] = "200"
		resp, err := r.RoundTrip(req)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("another key: %v, %v", resp, err)
		}
		resp.Body.Close()
		time.Sleep(6 * time.Minute)
		for range 2 {
			if got := r.ask("http://api", chat, &guard.Report{}); got != "200" {
				t.Errorf("somebody has paid: %s", got)
			}
		}
	})
}

// Who only watches, or lets everything through, is held back by no gate either.
func TestObserveHasNoGates(t *testing.T) {
	r, h := chainRig(t, guard.Config{Breaker: breaker.Config{Mode: breaker.Observe}})
	h.set["api"] = "quota"
	for range 3 {
		if got := r.ask("http://api", chat, &guard.Report{}); got != "429" {
			t.Errorf("got %s", got)
		}
	}
	r, h = chainRig(t, guard.Config{})
	h.set["api"] = "429 20s"
	_ = r.ask("http://api", chat, &guard.Report{})
	r.Circuits().Bypass(true)
	if got := r.ask("http://api", chat, &guard.Report{}); got != "429" {
		t.Errorf("bypassed: %s", got)
	}
}

func TestRetryBudgetIsTheCircuits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := chainRig(t, guard.Config{
			Retry: retry.Config{MaxRetries: 3}, Breaker: breaker.Config{FailureThreshold: 1000},
		})
		h.set["api"] = "500"
		retries := 0
		for range 40 {
			var report guard.Report
			_ = r.ask("http://api", chat, &report)
			retries += report.Retries
		}
		if retries != 13 && retries != 14 {
			t.Errorf("%d retries for 40 calls, want the 10 to begin with and a tenth", retries)
		}
		for _, b := range r.Circuits().All() {
			u, ok := r.Usage(b)
			if b.Name() == "api/gpt-5" && (!ok || u.RetriesLeft >= 1) {
				t.Errorf("%+v", u)
			}
		}
	})
}

// A retry that its caller does not wait for costs nothing.
func TestRetryThatIsNotMadeIsNotPaidFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := chainRig(t, guard.Config{Retry: retry.Config{MaxRetries: 3, Strategy: retry.Fixed}})
		h.set["api"] = "500"
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		_, _, err := r.post(ctx, "http://api", chat)
		if !errors.Is(err, fault.ErrCancelled) || len(h.seen) != 1 {
			t.Errorf("got %v after %d attempts", err, len(h.seen))
		}
		for _, b := range r.Circuits().All() {
			if u, ok := r.Usage(b); ok && u.RetriesLeft != 10 {
				t.Errorf("%v retries left", u.RetriesLeft)
			}
		}
	})
}

func TestMostInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		out, most := 0, 0
		add := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			out += n
			most = max(most, out)
		}
		r := newRig(t, answer(func(r *http.Request) (*http.Response, error) {
			add(1)
			time.Sleep(time.Second)
			add(-1)
			return respond(r, 200, text("{}"), "Content-Type", "application/json"), nil
		}), guard.Config{Limits: guard.Limits{MaxInFlight: 2, MaxQueued: 3, MaxQueueWait: 1500 * time.Millisecond}, Retry: once.Retry})
		got := make(chan string, 8)
		for range 8 {
			go func() { got <- r.ask("http://api", chat, &guard.Report{}) }()
		}
		count := map[string]int{}
		for range 8 {
			s := <-got
			if strings.Contains(s, fault.CodeTooManyCalls) {
				s = "turned away"
			}
			count[s]++
		}
		if count["200"] != 4 || count["turned away"] != 4 || most != 2 {
			t.Errorf("%v, at most %d at once: want 2 at once, 2 after them, one that waits too long, three without a place in line", count, most)
		}
		for _, b := range r.Circuits().All() {
			if u, ok := r.Usage(b); ok && (u.InFlight != 0 || u.Queued != 0 || u.TurnedAway != 4 || u.MaxInFlight != 2) {
				t.Errorf("%+v", u)
			}
		}
	})
}

// A berth is taken until the body has ended.
func TestBerthLastsAsLongAsTheBody(t *testing.T) {
	r, h := chainRig(t, guard.Config{Limits: guard.Limits{MaxInFlight: 1, MaxQueued: -1}, Targets: to(t, "200")})
	h.set["api"] = "200"
	first, err := r.RoundTrip(newPost(t, "http://api", chat))
	if err != nil {
		t.Fatal(err)
	}
	var report guard.Report
	if got := r.ask("http://api", chat, &report); got != "200" || report.Target != "backup0" {
		t.Errorf("got %s by %s: want the other target", got, report.Target)
	}
	_, _ = io.Copy(io.Discard, first.Body)
	if got := r.ask("http://api", chat, &report); got != "200" || report.Target != "first" {
		t.Errorf("got %s by %s", got, report.Target)
	}
}

func TestPerCallHasAPermitForEachTarget(t *testing.T) {
	r, _ := chainRig(t, guard.Config{Count: guard.PerCall, Targets: to(t, "200")})
	if got := r.ask("http://503", chat, &guard.Report{}); got != "200" {
		t.Fatal(got)
	}
	for circuit, failed := range map[string]int64{"503/gpt-5": 1, "200/gpt-5": 0} {
		if m := r.metrics(circuit); m.TotalCalls != 1 || m.FailedCalls != failed {
			t.Errorf("%s: %+v", circuit, m)
		}
	}
}

func TestBadChainNamesItsFields(t *testing.T) {
	_, err := guard.New(nil, guard.Config{Targets: []guard.Target{
		{}, {Name: "a", Weight: -1}, {Name: "a", URL: base(t, "ftp://x"), Pool: "p"}, {Name: "b c", Header: http.Header{"x-a": nil}},
		{Name: "d", Pool: "p", Model: "\x00"},
	}, FallBackOn: []fault.Kind{fault.Success}, WhenRefused: 9, BasePath: "v1", Limits: guard.Limits{MaxInFlight: -1}})
	for _, field := range []string{
		"Targets[0].Name", "Targets[1].Weight", "Targets[2].Name", "Targets[2].URL", "Targets[3].Name", "Targets[3].Header",
		"Targets[4].Pool", "Targets[4].Model", "FallBackOn[0]", "WhenRefused", "BasePath", "Limits.MaxInFlight",
	} {
		if err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("%s is not named in\n%v", field, err)
		}
	}
}
