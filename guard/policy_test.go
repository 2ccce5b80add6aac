package guard_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recloser/recloser/breaker"
	"github.com/recloser/recloser/guard"
)

// own is a policy that is neither of the guard's.
func own() breaker.Policy { return breaker.Consecutive{Failures: 2} }

func TestPolicyInForce(t *testing.T) {
	at := func(p guard.Policy, b breaker.Config) []guard.Override {
		return []guard.Override{{Models: []string{"m"}, Policy: p, Breaker: b}}
	}
	five, nothing := breaker.Config{FailureThreshold: 5}, breaker.Config{}
	rows := map[string]struct {
		cfg             guard.Config
		upstream, model guard.Policy
	}{
		"nothing is given":               {guard.Config{}, guard.Adaptive, guard.Adaptive},
		"what both have":                 {guard.Config{Breaker: breaker.Config{ResetTimeout: time.Minute, StallAfter: time.Minute, Probes: 2}}, guard.Adaptive, guard.Adaptive},
		"a threshold":                    {guard.Config{Breaker: five}, guard.Classic, guard.Classic},
		"a rate":                         {guard.Config{Breaker: breaker.Config{FailureRate: 0.5}}, guard.Classic, guard.Classic},
		"a base timeout":                 {guard.Config{Breaker: breaker.Config{BaseTimeout: time.Second}}, guard.Classic, guard.Classic},
		"a ramp":                         {guard.Config{Breaker: breaker.Config{Ramp: true}}, guard.Classic, guard.Classic},
		"classic by name":                {guard.Config{Policy: guard.Classic}, guard.Classic, guard.Classic},
		"adaptive by name":               {guard.Config{Policy: guard.Adaptive, Adaptive: breaker.AdaptiveConfig{Odds: 1e5}}, guard.Adaptive, guard.Adaptive},
		"one's own":                      {guard.Config{Breaker: breaker.Config{NewPolicy: own}}, 0, 0},
		"an override's threshold":        {guard.Config{Overrides: at(0, five)}, guard.Adaptive, guard.Classic},
		"an override's name":             {guard.Config{Overrides: at(guard.Classic, nothing)}, guard.Adaptive, guard.Classic},
		"adaptive over thresholds":       {guard.Config{Breaker: five, Overrides: at(guard.Adaptive, nothing)}, guard.Classic, guard.Adaptive},
		"classic over adaptive":          {guard.Config{Policy: guard.Adaptive, Overrides: at(guard.Classic, five)}, guard.Adaptive, guard.Classic},
		"adaptive over one's own":        {guard.Config{Breaker: breaker.Config{NewPolicy: own}, Overrides: at(guard.Adaptive, nothing)}, 0, guard.Adaptive},
		"one's own over adaptive's name": {guard.Config{Policy: guard.Adaptive, Overrides: at(0, breaker.Config{NewPolicy: own})}, guard.Adaptive, 0},
	}
	for name, row := range rows {
		g, err := guard.New(nil, row.cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		up, model := g.Circuits().Get("api"), g.Circuits().Child("api", "m")
		if g.Policy(up) != row.upstream || g.Policy(model) != row.model {
			t.Errorf("%s: %s, beneath it %s; want %s, %s", name, g.Policy(up), g.Policy(model), row.upstream, row.model)
		}
		for b, p := range map[*breaker.Breaker]guard.Policy{up: row.upstream, model: row.model} {
			needs := b.Config().NewPolicy().Needs() // by which they can be told apart
			if needs.OwnStalls != (p == guard.Adaptive) {
				t.Errorf("%s: %s is said to be %s, and needs %+v", name, b.Name(), p, needs)
			}
		}
	}
}

// TestPoliciesThatContradict: what belongs to another policy than the one that is
// named is never left aside.
func TestPoliciesThatContradict(t *testing.T) {
	five := breaker.Config{FailureThreshold: 5}
	rows := []struct {
		cfg  guard.Config
		want string
	}{
		{guard.Config{Policy: guard.Adaptive, Breaker: five}, "guard: Breaker.FailureThreshold is 5: it belongs to the policy classic, and Policy is adaptive: leave one of them out"},
		{guard.Config{Policy: guard.Adaptive, Breaker: breaker.Config{BaseTimeout: time.Second}}, "guard: Breaker.BaseTimeout is 1s: it belongs"},
		{guard.Config{Policy: guard.Adaptive, Breaker: breaker.Config{NewPolicy: own}}, "guard: Policy is adaptive, and Breaker.NewPolicy is set"},
		{guard.Config{Policy: 9}, "guard: Policy is 9: use Classic, Adaptive, or 0"},
		{guard.Config{Adaptive: breaker.AdaptiveConfig{Odds: 1e6}, Breaker: five}, "guard: Adaptive is set, but no circuit has that policy"},
		{guard.Config{Adaptive: breaker.AdaptiveConfig{Odds: 2}}, "breaker: AdaptiveConfig.Odds is 2: use 10 to"},
		{guard.Config{Overrides: []guard.Override{{Policy: guard.Adaptive, Breaker: five}}}, "guard: Overrides[0]: guard: Breaker.FailureThreshold is 5"},
		{guard.Config{Policy: guard.Adaptive, Overrides: []guard.Override{{Breaker: five}}}, "guard: Overrides[0]: guard: Breaker.FailureThreshold is 5"},
		{guard.Config{Overrides: []guard.Override{{Models: []string{"a*"}, Policy: guard.Adaptive}, {Models: []string{"*b"}, Breaker: five}}}, "guard: Overrides[0] with Overrides[1]: guard: Breaker.FailureThreshold is 5"},
		{guard.Config{Overrides: []guard.Override{{Endpoint: "/files", Policy: guard.Classic}}}, "guard: Overrides[0].Policy is classic, but there is an Endpoint"},
		{guard.Config{Adaptive: breaker.AdaptiveConfig{Odds: 1e6}, Breaker: five, Overrides: []guard.Override{{Models: []string{"a"}, Policy: guard.Adaptive}}}, ""},
		{guard.Config{Overrides: []guard.Override{{Models: []string{"a"}, Policy: guard.Adaptive}, {Models: []string{"b"}, Breaker: five}}}, ""},
		{guard.Config{Overrides: []guard.Override{{Breaker: five}, {Models: []string{"b"}, Policy: guard.Adaptive}}}, ""}, // the later wins
	}
	for i, row := range rows {
		err := row.cfg.Validate()
		switch {
		case row.want == "" && err != nil:
			t.Errorf("row %d: %v", i, err)
		case row.want != "" && (err == nil || !strings.HasPrefix(err.Error(), row.want)):
			t.Errorf("row %d: %v\nwant %s", i, err, row.want)
		}
	}
	var wrong *guard.PolicyError
	if err := rows[0].cfg.Validate(); !errors.As(err, &wrong) || wrong.Field != "FailureThreshold" || wrong.Value != 5 || wrong.Policy != guard.Adaptive {
		t.Errorf("%#v", wrong)
	}
}

// failable is a service that is up or down, and counts.
type failable struct {
	down     atomic.Bool
	attempts atomic.Int64
}

func (m *failable) RoundTrip(r *http.Request) (*http.Response, error) {
	m.attempts.Add(1)
	time.Sleep(time.Second)
	if m.down.Load() && r.URL.Host == "api" {
		return respond(r, 503, text("")), nil
	}
	return respond(r, 200, text(`{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}`)), nil
}

// TestDefaultLearns: who sets nothing has a circuit that takes four failures in a
// row for an outage of a service that never failed, says so in words, and
// lets calls back in after one good probe.
func TestDefaultLearns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &failable{}
		r := newRig(t, service, once)
		for range 200 {
			_, _, _ = r.chat("http://api")
		}
		service.down.Store(true)
		service.attempts.Store(0)
		for range 10 {
			_, _, _ = r.chat("http://api")
		}
		_, _, err := r.chat("http://api")
		open, ok := errors.AsType[*breaker.OpenError](err)
		if !ok || open.RetryIn() <= 0 || service.attempts.Load() != 4 {
			t.Fatalf("%v after %d attempts, want a refusal after 4", err, service.attempts.Load())
		}
		why := r.Circuits().Get("api").Why()
		for _, part := range []string{"4 failures in a row (4 × 503)", "usual failure rate", "rarer than 1 in 10 000 000", "next probe in", "first probe next, 7 calls refused since the last"} {
			if !strings.Contains(why, part) {
				t.Errorf("why: %s\nwithout %q", why, part)
			}
		}
		service.down.Store(false)
		time.Sleep(2 * time.Minute)
		for range 5 {
			if resp, _, err := r.chat("http://api"); err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("after the outage: %v", err)
			}
		}
	})
}

// TestOneModelsOutageIsItsOwn: where other models are used too, the upstream is
// not taken for down because one of them is.
func TestOneModelsOutageIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := answer(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return respond(r, 500, text("")), nil
			}
			return respond(r, 200, text("{}")), nil
		})
		r := newRig(t, base, once)
		_, _, _ = r.chat("http://api")
		time.Sleep(time.Second)
		for range 8 {
			q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://api/files/f", nil)
			if err != nil {
				t.Fatal(err)
			}
			if resp, err := r.RoundTrip(q); err == nil {
				resp.Body.Close()
			}
		}
		if m := r.metrics("api/" + guard.NoModel); m.State != breaker.Open || m.RefusedCalls != 4 {
			t.Errorf("calls without a model: %+v", m)
		}
		if resp, _, err := r.chat("http://api"); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("a model's call: %v", err)
		}
	})
}

// TestAnotherPolicyTakesOver: a circuit that is open stays so under the next one.
func TestAnotherPolicyTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &failable{}
		service.down.Store(true)
		r := newRig(t, service, once)
		for range 4 {
			_, _, _ = r.chat("http://api")
		}
		circuit := r.Circuits().Get("api")
		if circuit.State() != breaker.Open {
			t.Fatal(circuit.Why())
		}
		classic := guard.Config{Retry: once.Retry, Breaker: breaker.Config{FailureThreshold: 2}}
		if err := r.SetConfig(classic); err != nil || circuit.State() != breaker.Open || r.Policy(circuit) != guard.Classic {
			t.Fatal(err, circuit.Why())
		}
		service.down.Store(false)
		time.Sleep(time.Minute)
		if _, _, err := r.chat("http://api"); err != nil || circuit.State() != breaker.Closed {
			t.Error(err, circuit.Why())
		}
		service.down.Store(true)
		for range 2 {
			_, _, _ = r.chat("http://api")
		}
		if model := r.Circuits().Child("api", "gpt-5"); model.State() != breaker.Open || !strings.Contains(model.Why(), "2 consecutive failures") {
			t.Error(model.Why())
		}
		if err := r.SetConfig(once); err != nil || r.Policy(circuit) != guard.Adaptive {
			t.Error(err)
		}
		service.down.Store(false)
		time.Sleep(2 * time.Minute)
		if resp, _, err := r.chat("http://api"); err != nil || resp.StatusCode != http.StatusOK {
			t.Error(err)
		}
	})
}

// TestCallsThatHangAreFoundWithoutALimit: once it is known how long answers take,
// calls that have been out for much longer open the circuit.
func TestCallsThatHangAreFoundWithoutALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &failable{}
		hang := make(chan struct{})
		r := newRig(t, answer(func(q *http.Request) (*http.Response, error) {
			if service.down.Load() {
				<-hang
			}
			return service.RoundTrip(q)
		}), once)
		for range 50 {
			_, _, _ = r.chat("http://api")
		}
		service.down.Store(true)
		for range 10 {
			go func() { _, _, _ = r.chat("http://api") }()
		}
		time.Sleep(20 * time.Second)
		start := time.Now()
		if _, _, err := r.chat("http://api"); !errors.Is(err, breaker.ErrOpen) || time.Since(start) != 0 {
			t.Errorf("got %v after %v, want a refusal at once", err, time.Since(start))
		}
		if why := r.Circuits().Get("api").Why(); !strings.Contains(why, "10 calls without an answer") {
			t.Error(why)
		}
		close(hang)
		synctest.Wait()
		time.Sleep(time.Minute)
	})
}
